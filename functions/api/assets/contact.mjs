// The page of a contact: whom to bar is found while their name is typed. Without this, a button finds them.
const find = document.getElementById("bar-find");
const found = document.getElementById("bar-found");

let turn = 0;
let timer;
async function look() {
  const mine = ++turn;
  try {
    const answer = await fetch(`${find.dataset.find}?q=${encodeURIComponent(find.value)}`);
    if (mine === turn && answer.ok) found.innerHTML = await answer.text();
  } catch {
    // The button finds them.
  }
}
find.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(look, 150);
});

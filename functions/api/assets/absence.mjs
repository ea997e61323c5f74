// The absence page: a button says how many families its ticked pupils have.
for (const form of document.querySelectorAll("form[data-families]")) {
  const button = form.querySelector("[data-words]");
  const ticked = () =>
    new Set([...form.querySelectorAll("[data-family]:checked")].map((box) => box.dataset.family).filter((n) => n !== "0"));
  const say = () => {
    const count = ticked().size;
    button.textContent = button.textContent.replace(/[\d,]+ (family|families)/, `${count} ${count === 1 ? "family" : "families"}`);
  };
  form.addEventListener("change", say);
  say();
}

// Brings the page up to date without disturbing whoever is reading or writing on it.
let known = "";

const busy = () =>
  document.hidden ||
  document.activeElement?.matches("#board input") ||
  [...document.querySelectorAll("#board input:not([type=hidden])")].some((input) => input.value);

async function refresh() {
  if (busy()) return;
  const answer = await fetch(location.href, { headers: known ? { "If-None-Match": known } : {}, cache: "no-store" });
  if (answer.status !== 200) return;
  known = answer.headers.get("ETag") ?? "";
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (busy()) return;

  const totals = document.getElementById("totals");
  const freshTotals = fresh.getElementById("totals").textContent;
  if (totals.textContent !== freshTotals) {
    totals.textContent = freshTotals;
    document.getElementById("news").textContent = `Now ${freshTotals}`;
  }
  const board = document.getElementById("board");
  const freshBoard = fresh.getElementById("board");
  if (board.innerHTML === freshBoard.innerHTML) return;
  const focused = document.activeElement?.id;
  const scrolled = [...board.querySelectorAll(".screen")].map((screen) => [screen.id, screen.scrollTop]);
  board.replaceChildren(...freshBoard.childNodes);
  for (const [id, top] of scrolled) document.getElementById(id)?.scrollTo({ top, behavior: "instant" });
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

// A notice is said once: a reload or a refresh does not repeat it.
const here = new URL(location.href);
if (here.searchParams.has("reply")) {
  document.getElementById("news").textContent = document.querySelector(".notice")?.textContent ?? "";
  here.searchParams.delete("reply");
  setTimeout(() => history.replaceState(null, "", here), 6000);
}

setInterval(() => refresh().catch(() => {}), 1500);

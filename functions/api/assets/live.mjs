// A part of a page that keeps itself up to date. It asks only while somebody looks, and says the outcome once.

const MOST_QUIET = 40;

/** Asks `part.dataset.live` as often as the part says (milliseconds), until nothing new has come for long. */
export function keepLive(part, announce) {
  let timer;
  let quiet = 0;
  let failures = 0;
  let moving = part.querySelector("[data-say]")?.dataset.still === undefined;

  const wait = (ms) => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") timer = setTimeout(ask, ms);
  };

  const ask = async () => {
    // A question that stands open is not taken away.
    if (part.querySelector("dialog[open]")) return wait(1000);
    try {
      const answer = await fetch(part.dataset.live, { headers: { accept: "text/html" } });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      failures = 0;
      if (swap(part, await answer.text())) quiet = 0;
    } catch {
      failures += 1;
      return wait(Math.min(30000, 2000 * 2 ** failures));
    }
    const head = part.querySelector("[data-say]");
    const still = !head || head.dataset.still !== undefined;
    if (moving && still) announce(head?.dataset.say);
    moving = !still;
    quiet = still ? quiet + 1 : 0;
    if (part.querySelector("[data-go]")) return location.reload();
    if (quiet < MOST_QUIET) wait(Number(head?.dataset.every) || 2000);
  };

  document.addEventListener("visibilitychange", () => {
    quiet = 0;
    wait(200);
  });
  wait(Number(part.dataset.every) || 2000);
}

/** Puts new content in place without moving the page, the focus or what was opened; says whether it was new. */
export function swap(part, html) {
  const fresh = document.createElement("div");
  fresh.innerHTML = html;
  if (fresh.innerHTML === part.innerHTML) return false;
  for (const open of part.querySelectorAll("details[open][id]")) {
    const again = fresh.querySelector(`#${CSS.escape(open.id)}`);
    if (again) again.open = true;
  }
  const focused = part.contains(document.activeElement) ? pathTo(part, document.activeElement) : null;
  part.replaceChildren(...fresh.childNodes);
  if (focused) part.querySelector(focused)?.focus({ preventScroll: true });
  return true;
}

function pathTo(part, element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const href = element.getAttribute("href");
  if (href) return `${element.localName}[href="${CSS.escape(href)}"]`;
  return element.dataset.ask ? `${element.localName}[data-ask="${element.dataset.ask}"]` : null;
}

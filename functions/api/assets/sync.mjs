// Refresh Now in the footer: a pop-up with how far the run is; without it the line leads to a page of its own.

/** Makes the footer's line open its pop-up, and keeps the line true while somebody looks. */
export function refreshNow(line, pop, announce) {
  const part = pop.querySelector("[data-sync-part]");
  const form = pop.querySelector("form");
  let timer;
  let working = line.classList.contains("working");

  const wait = (ms) => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") timer = setTimeout(look, ms);
  };

  const look = async () => {
    let every = working ? 3000 : 60000;
    try {
      const answer = await fetch("/sync/live", { headers: { accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      part.innerHTML = await answer.text();
      const head = part.querySelector("[data-words]");
      const now = head.dataset.working !== undefined;
      line.classList.toggle("working", now);
      line.querySelector("[data-sync-words]").textContent = head.dataset.words;
      if (working && !now) announce(head.dataset.words);
      working = now;
      every = 60000;
      if (now || pop.matches(":popover-open")) every = Number(head.dataset.every);
    } catch {
      // The next look tells.
    }
    wait(every);
  };

  pop.addEventListener("toggle", (event) => {
    const open = event.newState === "open";
    line.setAttribute("aria-expanded", String(open));
    if (!open) return;
    pop.focus();
    look();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    announce("Refresh asked for");
    try {
      await fetch(form.action, { method: "post", body: new URLSearchParams(new FormData(form)) });
    } finally {
      look();
    }
  });
  document.addEventListener("visibilitychange", () => wait(500));
  wait(working ? 1500 : 60000);
}

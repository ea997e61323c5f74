// What every page needs: menus that close, questions before deleting, parts that keep themselves up to date.

const say = document.getElementById("say");

/** Says something once to those who do not see it. */
export function announce(words) {
  if (say && words && say.textContent !== words) say.textContent = words;
}

// Menus close when one goes elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A button that asks opens its dialog; without scripts its form leads to a page that asks.
document.addEventListener("click", (event) => {
  const asking = event.target.closest("[data-ask]");
  const dialog = asking && document.getElementById(asking.dataset.ask);
  if (dialog?.showModal) {
    event.preventDefault();
    dialog.showModal();
    return;
  }
  const closing = event.target.closest("[data-close]");
  if (closing) closing.closest("dialog").close();
});

// The dialog's own form takes the ticked boxes of the form it asks about along.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.from) {
    for (const old of form.querySelectorAll("[data-taken]")) old.remove();
    for (const box of document.querySelectorAll(`#${form.dataset.from} input[name="id"]:checked`)) {
      const taken = Object.assign(document.createElement("input"), { type: "hidden", name: "id", value: box.value });
      taken.dataset.taken = "";
      form.append(taken);
    }
  }
  // One press is enough; the server does not mind a second one either.
  const button = event.submitter;
  if (button?.dataset.once === undefined) return;
  if (form.dataset.gone) {
    event.preventDefault();
    return;
  }
  form.dataset.gone = "yes";
  button.setAttribute("aria-disabled", "true");
  if (button.dataset.once) button.textContent = button.dataset.once;
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// Ticking people in a table. What the buttons say of so many stands in the page, with # for the number;
// `data-selection` names the dialog that asks before something is done to them.
for (const form of document.querySelectorAll("[data-selection]")) {
  const boxes = [...form.querySelectorAll('input[name="id"]')];
  const all = form.querySelector("[data-all]");
  const words = form.querySelector("[data-selected]");
  const buttons = form.querySelectorAll("[data-needs-selection]");
  const dialog = document.getElementById(form.dataset.selection);
  const show = () => {
    const n = boxes.filter((box) => box.checked).length;
    all.checked = n === boxes.length;
    all.indeterminate = n > 0 && n < boxes.length;
    words.textContent = n ? `${n} selected` : words.dataset.none;
    for (const button of buttons) {
      button.hidden = n === 0;
      button.textContent = button.dataset.needsSelection.replace("#", n);
    }
    const said = n === 1 ? form.dataset.one : form.dataset.many.replace("#", n);
    const title = dialog?.querySelector("h2");
    if (title) title.textContent = `${said}?`;
    const yes = dialog?.querySelector(".button.danger");
    if (yes) yes.textContent = said;
  };
  form.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes) box.checked = all.checked;
    show();
  });
  show();
}

// What is wrong is read first.
document.querySelector("[data-focus]")?.focus();

// What not every page needs is fetched where it is needed.
for (const part of document.querySelectorAll("[data-live]")) {
  import("./live.mjs").then(({ keepLive }) => keepLive(part, announce));
}

const line = document.getElementById("sync-line");
const pop = document.getElementById("sync-pop");
if (line && pop) {
  let fetched;
  const refresh = () => (fetched ??= import("./sync.mjs").then(({ refreshNow }) => refreshNow(line, pop, announce)));
  if (line.classList.contains("working")) refresh();
  else setTimeout(refresh, 60000);
  line.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !pop.togglePopover) return;
    event.preventDefault();
    await refresh();
    pop.togglePopover();
  });
}

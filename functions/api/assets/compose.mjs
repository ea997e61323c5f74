// The compose page while one writes. The server counts, prices and draws; this asks it and puts the answer in place.
import { announce } from "./app.mjs";
import { swap } from "./live.mjs";

const form = document.getElementById("compose");
const find = document.getElementById("find");
const found = document.getElementById("found");
const chips = document.getElementById("chips");

// --- The answer to what is written so far.
let asked = 0;
let timer;
let person = 0;

async function refresh() {
  const turn = ++asked;
  const fields = new URLSearchParams(new FormData(form));
  fields.set("person", person);
  try {
    const answer = await fetch(form.dataset.liveForm, { method: "POST", body: fields });
    if (turn !== asked) return;
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (turn !== asked) return;
    for (const part of page.querySelectorAll("[data-part]")) {
      const place = form.querySelector(`[data-part="${part.dataset.part}"]`);
      if (place) swap(place, part.innerHTML);
    }
    tellSoon();
  } catch {
    if (turn === asked) timer = setTimeout(refresh, 3000);
  }
}

function soon(ms) {
  clearTimeout(timer);
  // What the button says is no longer sure.
  document.getElementById("send-now")?.setAttribute("data-stale", "");
  timer = setTimeout(refresh, ms);
}

let telling;
function tellSoon() {
  clearTimeout(telling);
  telling = setTimeout(() => {
    const size = form.querySelector('[data-part="sms-size"] .size')?.textContent ?? "";
    const sum = form.querySelector('[data-part="sum"] strong')?.textContent ?? "";
    announce([sum, size].filter(Boolean).join(". "));
  }, 1500);
}

form.addEventListener("input", (event) => {
  if (event.target === find) return;
  person = 0;
  soon(250);
});
form.addEventListener("change", (event) => {
  if (event.target !== find) soon(0);
});

// --- Buttons that need no new page.
form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || !form.contains(button)) return;
  const { name, value } = button;
  if (name === "remove") {
    event.preventDefault();
    const chip = button.closest("li");
    const next = chip.nextElementSibling ?? chip.previousElementSibling;
    chip.remove();
    (next?.querySelector("button") ?? find).focus();
    soon(0);
  } else if (button.dataset.add) {
    event.preventDefault();
    add(button.dataset);
  } else if (name === "person") {
    event.preventDefault();
    person = Number(value);
    refresh();
  } else if (button.dataset.mend !== undefined) {
    event.preventDefault();
    write(document.getElementById(button.dataset.into), button.dataset.mend);
  } else if (button.dataset.token) {
    insert(document.getElementById(button.dataset.into), button.dataset.token);
  } else if (button.dataset.copy) {
    write(document.getElementById(button.dataset.into), document.getElementById(button.dataset.copy).value);
  } else if (value === "send" && button.getAttribute("aria-disabled") === "true") {
    // Nothing to send yet: the reasons stand above the button.
    if (form.dataset.gone) event.preventDefault();
  }
});

function write(field, text) {
  field.focus();
  field.select();
  // Keeps the browser's own undo.
  if (!document.execCommand("insertText", false, text)) field.value = text;
  soon(0);
}

function insert(field, text) {
  field.focus();
  if (!document.execCommand("insertText", false, text)) field.setRangeText(text);
  soon(0);
}

// --- People and groups.
function add({ add: value, words, sub }) {
  const there = [...chips.querySelectorAll("input")].some((input) => input.value === value);
  if (!there) {
    const chip = document.createElement("li");
    chip.className = "chip";
    const input = Object.assign(document.createElement("input"), { type: "hidden", name: "to", value });
    const label = document.createElement("span");
    label.append(words);
    if (sub) {
      const small = Object.assign(document.createElement("span"), { className: "quiet", textContent: ` ${sub}` });
      label.append(small);
    }
    const remove = Object.assign(document.createElement("button"), { name: "remove", value, textContent: "×" });
    remove.setAttribute("aria-label", `Remove ${words}`);
    chip.append(input, label, remove);
    chips.append(chip);
    announce(`${words} added`);
  }
  soon(0);
}

let looking = 0;
let lookTimer;
async function look() {
  const text = find.value.trim();
  const turn = ++looking;
  if (!text) return close();
  try {
    const answer = await fetch(`${find.dataset.find}?q=${encodeURIComponent(text)}`);
    if (turn !== looking || !answer.ok) return;
    found.innerHTML = await answer.text();
    open();
    choose(options()[0]);
  } catch {
    close();
  }
}

const options = () => [...found.querySelectorAll("[data-add]")];
const chosen = () => found.querySelector('[aria-selected="true"]');

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  if (!option) return find.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  find.setAttribute("aria-activedescendant", option.id);
}

function open() {
  found.hidden = false;
  find.setAttribute("aria-expanded", "true");
}

function close() {
  looking += 1;
  found.hidden = true;
  find.setAttribute("aria-expanded", "false");
  find.removeAttribute("aria-activedescendant");
}

function take(option) {
  add(option.dataset);
  find.value = "";
  close();
  find.focus();
}

find.addEventListener("input", () => {
  clearTimeout(lookTimer);
  lookTimer = setTimeout(look, 120);
});
find.addEventListener("keydown", (event) => {
  const all = options();
  const at = all.indexOf(chosen());
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (found.hidden) return look();
    const step = event.key === "ArrowDown" ? 1 : -1;
    choose(all[(at + step + all.length) % all.length]);
  } else if (event.key === "Enter") {
    // Enter here chooses; it never sends.
    event.preventDefault();
    if (!found.hidden && all[at]) take(all[at]);
  } else if (event.key === "Escape" && !found.hidden) {
    event.preventDefault();
    close();
  } else if (event.key === "Backspace" && !find.value) {
    chips.lastElementChild?.querySelector("button")?.click();
    find.focus();
  }
});
found.addEventListener("mousedown", (event) => {
  event.preventDefault();
  const option = event.target.closest("[data-add]");
  if (option) take(option);
});
document.getElementById("why").addEventListener("keydown", (event) => {
  // What is asked here is answered while it is typed; Enter sends nothing.
  if (event.key === "Enter") event.preventDefault();
});
find.addEventListener("blur", () => setTimeout(close, 150));

// On a phone the line with the sum makes room for the part that says the same.
const check = document.getElementById("check-part");
const seen = ([part]) => check.toggleAttribute("data-seen", part.isIntersecting);
new IntersectionObserver(seen, { threshold: 0.1 }).observe(check);

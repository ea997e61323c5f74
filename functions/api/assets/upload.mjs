// Sends the chosen file straight to the store of files, with its progress, then goes to the upload's own page.
const form = document.getElementById("upload");
const file = document.getElementById("file");
const button = form.querySelector("button");
const drop = form.querySelector(".drop");
const sending = form.querySelector("[data-sending]");
const bar = sending.querySelector("progress");
const words = sending.querySelector("[data-words]");
const error = form.querySelector("[data-error]");

const inMb = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

function chosen() {
  const [one] = file.files;
  button.disabled = !one;
  error.textContent = "";
  form.querySelector("[data-chosen]").textContent = one ? one.name : "Choose a file";
  if (one) form.querySelector("[data-size]").textContent = inMb(one.size);
}

file.addEventListener("change", chosen);
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.dataset.over = "";
  });
}
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => delete drop.dataset.over);
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) file.files = event.dataTransfer.files;
  chosen();
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [one] = file.files;
  if (!one || button.disabled) return;
  button.disabled = true;
  error.textContent = "";
  sending.hidden = false;
  const csrf = form.elements.csrf.value;
  try {
    const begun = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams({ csrf, name: one.name, bytes: one.size }),
    });
    if (begun.status === 401) return location.reload();
    const ticket = await begun.json().catch(() => ({}));
    if (!begun.ok) throw new Error(ticket.error ?? "");
    await put(ticket.url, one);
    words.textContent = "Arrived";
    const body = new URLSearchParams({ csrf });
    const told = await fetch(`${form.action}/${ticket.id}/uploaded`, { method: "POST", body });
    if (!told.ok) throw new Error("");
    location.assign(`${form.action}/${ticket.id}`);
  } catch (problem) {
    sending.hidden = true;
    button.disabled = false;
    error.textContent =
      problem.message || "The file did not arrive. Nothing was changed. Check the connection and try again.";
  }
});

// `fetch` tells no progress of what it sends.
function put(url, one) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      bar.value = (100 * loaded) / total;
      words.textContent = `${inMb(loaded)} of ${inMb(total)} sent`;
    });
    request.addEventListener("load", () => (request.status < 300 ? resolve() : reject(new Error(""))));
    request.addEventListener("error", () => reject(new Error("")));
    request.send(one);
  });
}

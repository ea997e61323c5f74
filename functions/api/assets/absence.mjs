// The absence page: a button says how many families its ticked pupils have.
for (const form of document.querySelectorAll("form[data-families]")) {
  const button = form.querySelector("[data-words]");
  const ticked = () => {
    const families = [...form.querySelectorAll("[data-family]:checked")].map((box) => box.dataset.family);
    return new Set(families.filter((n) => n !== "0"));
  };
  const say = () => {
    const count = ticked().size;
    const words = `${count} ${count === 1 ? "family" : "families"}`;
    button.textContent = button.textContent.replace(/[\d,]+ (family|families)/, words);
  };
  form.addEventListener("change", say);
  say();
}

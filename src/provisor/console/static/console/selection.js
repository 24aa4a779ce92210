// Rows that are selected together: data-selects="NAME" on the checkbox of the head, name="NAME" on those of the rows.
// An element with data-selected shows how many; one with data-needs-selection is disabled while there are none.
function table(element) { return element.closest("[data-selection]"); }

function count(area) {
  const boxes = [...area.querySelectorAll('tbody input[type="checkbox"]')];
  const chosen = boxes.filter((box) => box.checked).length;
  const head = area.querySelector("[data-selects]");
  if (head) {
    head.checked = boxes.length > 0 && chosen === boxes.length;
    head.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  for (const place of area.querySelectorAll("[data-selected]")) place.textContent = String(chosen);
  for (const control of area.querySelectorAll("[data-needs-selection]")) control.disabled = chosen === 0;
}

let last = null;
document.addEventListener("click", (event) => {
  const box = event.target;
  if (!box.matches?.('[data-selection] tbody input[type="checkbox"]')) return;
  // Shift selects everything between this row and the one before.
  if (event.shiftKey && last && table(last) === table(box)) {
    const boxes = [...table(box).querySelectorAll('tbody input[type="checkbox"]')];
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((one, other) => one - other);
    for (const each of boxes.slice(from, to + 1)) each.checked = box.checked;
  }
  last = box;
});
document.addEventListener("change", (event) => {
  const area = table(event.target);
  if (!area) return;
  if (event.target.matches("[data-selects]")) {
    for (const box of area.querySelectorAll('tbody input[type="checkbox"]')) box.checked = event.target.checked;
  }
  count(area);
});
function countAll() { document.querySelectorAll("[data-selection]").forEach(count); }
document.addEventListener("htmx:load", countAll);
addEventListener("pageshow", countAll);
countAll();

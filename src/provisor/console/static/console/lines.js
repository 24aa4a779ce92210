// data-adds-lines="ID": a field that finds a name, and puts it as a line into the text area with that id.
// The text area is the form's own field and works alone; this only spares typing.
function put(area, field) {
  const name = field.value.trim();
  if (!name) return;
  const lines = area.value.split("\n").filter((line) => line.trim());
  if (!lines.includes(name)) lines.push(name);
  area.value = `${lines.join("\n")}\n`;
  area.dispatchEvent(new Event("input", { bubbles: true }));
  field.value = "";
  field.focus();
}

for (const box of document.querySelectorAll("[data-adds-lines]")) {
  const area = document.getElementById(box.dataset.addsLines);
  const field = box.querySelector("input");
  box.hidden = false;
  box.querySelector("button").addEventListener("click", () => put(area, field));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); put(area, field); }
  });
  // An option that was chosen from the list has the list's own name to the letter.
  field.addEventListener("input", (event) => {
    if (event.inputType === "insertReplacementText" || !(event instanceof InputEvent)) put(area, field);
  });
}

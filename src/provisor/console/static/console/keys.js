// The keyboard: Ctrl-K, "/", "g" and a letter, "n" and "b", "?", and the arrows in the palette.
// Keys without Ctrl can be switched off, for who speaks to the machine or types with one hand (WCAG 2.2, 2.1.4).
const OFF = "provisor-keys-off";
const PLACES = { h: "/", a: "/apps", u: "/users", g: "/groups", p: "/policies", t: "/activity" };
let going = 0;

function typing(target) { return target.closest?.("input, textarea, select, [contenteditable], dialog[open]"); }

function opens(name) {
  const dialog = document.getElementById(name);
  if (!dialog || dialog.open) return;
  dialog.showModal();
  const field = dialog.querySelector("input");
  if (field) { field.select(); htmx.trigger(field, "palette-opened"); }
}

function off() { try { return localStorage.getItem(OFF) !== null; } catch { return false; } }

for (const box of document.querySelectorAll("[data-single-keys]")) {
  box.checked = !off();
  box.addEventListener("change", () => {
    try { if (box.checked) localStorage.removeItem(OFF); else localStorage.setItem(OFF, "yes"); } catch { /* forbidden: they stay on */ }
  });
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    opens("palette");
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || off()) return;
  if (Date.now() - going < 1500 && PLACES[event.key]) { going = 0; location.assign(PLACES[event.key]); return; }
  if (event.key === "g") { going = Date.now(); return; }
  if (event.key === "?") opens("keys");
  if (event.key === "/") {
    const filter = document.querySelector("[data-filter]");
    if (filter) { event.preventDefault(); filter.focus(); }
  }
  const beside = { n: "next", b: "prev" }[event.key];
  if (beside) document.querySelector(`a[rel="${beside}"]`)?.click();
});

const palette = document.getElementById("palette");
// Rows of what was typed before are gone at once: Enter never opens what no longer fits.
palette?.querySelector("input").addEventListener("input", () => palette.querySelector('[role="listbox"]').replaceChildren());
palette?.addEventListener("keydown", (event) => {
  const rows = [...palette.querySelectorAll('[role="option"]')];
  if (rows.length === 0) return;
  const now = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    const next = rows[(now + step + rows.length) % rows.length];
    rows[now]?.setAttribute("aria-selected", "false");
    next.setAttribute("aria-selected", "true");
    next.scrollIntoView({ block: "nearest" });
    palette.querySelector("input").setAttribute("aria-activedescendant", next.id);
  }
  if (event.key === "Enter") { event.preventDefault(); rows[Math.max(now, 0)].click(); }
});

// Suggests the display name from the two names, as long as nobody typed another.
const area = document.querySelector("[data-names]");
const field = (name) => area.querySelector(`[name="${name}"]`);
const joined = () => `${field("given_name").value.trim()} ${field("family_name").value.trim()}`.trim();
const shown = field("display_name");
let suggested = shown.value === joined() ? shown.value : null;

area.addEventListener("input", (event) => {
  if (!["given_name", "family_name"].includes(event.target.name) || shown.value !== suggested) return;
  suggested = joined();
  shown.value = suggested;
});

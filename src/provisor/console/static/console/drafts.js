// Nothing typed is lost when the sign-in has ended meanwhile: what was sent is kept in this tab until a page answers
// that is not the sign-in, and put back into the same form after it. Secrets and files are never kept. A dialog that the
// form was in is opened again: data-from is the address that filled it.
const KEY = "provisor-draft";
const AGE = 60 * 60 * 1000;

function fieldsOf(form) {
  const kept = [];
  for (const field of form.elements) {
    if (!field.name || field.type === "password" || field.type === "file" || field.type === "hidden") continue;
    if ("secret" in field.dataset) continue;
    if (field.type === "checkbox" || field.type === "radio") kept.push([field.name, field.value, field.checked]);
    else if (field.tagName === "SELECT") kept.push([field.name, [...field.selectedOptions].map((one) => one.value), null]);
    else if (field.tagName !== "BUTTON") kept.push([field.name, field.value, null]);
  }
  return kept;
}

function formKey(form) {
  return `${form.id}|${form.getAttribute("action") || ""}|${[...new Set([...form.elements].map((one) => one.name))].join(",")}`;
}

export function keep(form) {
  if (form.getAttribute("method") !== "post" || form.closest(".bar, .notice") || document.body.hasAttribute("data-sign-in")) return;
  const dialog = form.closest("dialog[data-from]");
  const draft = { path: location.pathname + location.search, form: formKey(form), fields: fieldsOf(form), at: Date.now() };
  if (dialog) { draft.dialog = dialog.dataset.from; draft.into = dialog.querySelector("[id$=-body]").id; }
  try { sessionStorage.setItem(KEY, JSON.stringify(draft)); } catch { /* storage is full or forbidden: nothing to keep it in */ }
}

function put(form, fields) {
  for (const [name, value, checked] of fields) {
    const same = [...form.elements].filter((one) => one.name === name);
    if (checked !== null) { for (const one of same) if (one.value === value) one.checked = checked; }
    else if (Array.isArray(value)) { for (const option of same[0]?.options ?? []) option.selected = value.includes(option.value); }
    else if (same.length === 1) same[0].value = value;
  }
}

function restore() {
  if (document.body.hasAttribute("data-sign-in")) return;
  let draft = null;
  try { draft = JSON.parse(sessionStorage.getItem(KEY)); sessionStorage.removeItem(KEY); } catch { return; }
  if (!draft || !sessionStorage.getItem("provisor-signed-out") || Date.now() - draft.at > AGE) return;
  sessionStorage.removeItem("provisor-signed-out");
  if (draft.path !== location.pathname + location.search) return;
  if (draft.dialog) reopen(draft);
  else putInto(document.getElementById("notices"), draft);
}

function putInto(notices, draft) {
  const form = [...document.forms].find((one) => formKey(one) === draft.form);
  if (!form) return;
  put(form, draft.fields);
  const note = document.getElementById("draft-note");
  if (note && notices) notices.prepend(note.content.cloneNode(true));
}

function reopen(draft) {
  const body = document.getElementById(draft.into);
  if (!body || !draft.dialog.startsWith("/")) return;
  const filled = (event) => {
    if (event.detail.target !== body) return;
    document.removeEventListener("htmx:afterSettle", filled);
    putInto(body, draft);
  };
  document.addEventListener("htmx:afterSettle", filled);
  htmx.ajax("GET", draft.dialog, { target: body, swap: "innerHTML" });
}

// The sign-in page leaves a mark: only then was the draft interrupted, and not simply sent.
if (document.body.hasAttribute("data-sign-in")) {
  try { sessionStorage.setItem("provisor-signed-out", "yes"); } catch { /* as above */ }
} else {
  restore();
  try { sessionStorage.removeItem("provisor-signed-out"); } catch { /* as above */ }
}
document.addEventListener("submit", (event) => keep(event.target));
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt.closest("form");
  if (form && event.detail.requestConfig.verb !== "get") keep(form);
});

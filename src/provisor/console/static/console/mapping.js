// The mapping editor: tabs without a page load, new rows, choosing the person of the preview, marks of bad fields.
const form = document.getElementById("mapping-form");

// The address keeps which tab is open and how many rows were added: after a sign-in in between the form is the same.
function remember(name, value) {
  const address = new URL(location.href);
  address.searchParams.set(name, value);
  history.replaceState(history.state, "", address);
}

function show(kind) {
  for (const tab of form.querySelectorAll('[role="tab"]')) {
    const mine = tab.dataset.kind === kind;
    tab.setAttribute("aria-selected", String(mine));
    tab.tabIndex = mine ? 0 : -1;
    document.getElementById(`part-${tab.dataset.kind}`).hidden = !mine;
  }
  form.elements.kind.value = kind;
}

function add(kind) {
  const list = form.querySelector(`[data-rules="${kind}"]`);
  const keys = [...form.querySelectorAll(`input[name="${kind}-row"]`)].map((one) => one.value).filter((key) => key.startsWith("n"));
  const next = keys.length === 0 ? 0 : Math.max(...keys.map((key) => Number(key.slice(1)))) + 1;
  const template = document.querySelector(`template[data-row="${kind}"]`);
  const row = template.content.firstElementChild.cloneNode(true);
  for (const element of [row, ...row.querySelectorAll("*")]) {
    for (const name of ["id", "name", "value", "list", "aria-describedby"]) {
      const value = element.getAttribute(name);
      if (value?.includes("n0")) element.setAttribute(name, value.replace("n0", `n${next}`));
    }
  }
  list.append(row);
  remember(kind, next + 1);
  row.querySelector("input:not([type=hidden])").focus();
}

function mark() {
  const wrong = new Set([...form.querySelectorAll(".rule-errors [data-field]")].map((one) => one.dataset.field));
  for (const field of form.querySelectorAll(".rule [aria-describedby]")) {
    if (wrong.has(field.id)) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

// A long path shows its beginning, which tells most; whole it is in the tooltip.
function showWhole(field) {
  field.title = field.scrollWidth > field.clientWidth ? field.value : "";
}

if (form) {
  show(form.elements.kind.value);
  form.addEventListener("pointerover", (event) => {
    if (event.target.matches(".rule .code-field")) showWhole(event.target);
  });
  form.addEventListener("focusout", (event) => {
    if (event.target.matches(".rule .code-field")) event.target.scrollLeft = 0;
  });
  form.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) { show(tab.dataset.kind); remember("kind", tab.dataset.kind); }
    const adder = event.target.closest("[data-adds]");
    if (adder) add(adder.dataset.adds);
    const offer = event.target.closest("[data-subject]");
    if (offer) {
      const field = form.elements[`${offer.dataset.subject}-subject`];
      field.value = offer.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    }
  });
  form.addEventListener("keydown", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (!tab || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = [...form.querySelectorAll('[role="tab"]')].find((one) => one !== tab);
    other.click();
    other.focus();
  });
  document.addEventListener("htmx:oobAfterSwap", mark);
}

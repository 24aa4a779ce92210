// The pages' own behaviour. Each part finds its elements by data attributes, so that parts that htmx brings work too.
import "./drafts.js";
import "./keys.js";
import "./live.js";
import "./selection.js";
import { showTimes } from "./times.js";

document.addEventListener("htmx:load", (event) => showTimes(event.detail.elt));
// At once, and not when htmx has settled: nobody should see the server's times flash by.
document.addEventListener("htmx:afterSwap", () => showTimes(document));
showTimes(document);

// On a narrow screen the tab of this page may be out of sight.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const list = tab.closest(".tabs");
  list.scrollLeft = tab.offsetLeft - list.offsetLeft - (list.clientWidth - tab.offsetWidth) / 2;
}

// data-opens="palette": opens that dialog. data-closes: closes the dialog around it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.opens);
    dialog?.showModal();
    if (dialog?.id === "palette") htmx.trigger(dialog.querySelector("input"), "palette-opened");
  }
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
  // A click beside a dialog closes it.
  if (event.target.matches?.("dialog")) event.target.close();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const toggler = event.target.closest("[data-toggles]");
  if (toggler) {
    const open = document.getElementById(toggler.dataset.toggles).toggleAttribute("data-open");
    toggler.setAttribute("aria-expanded", String(open));
  }
  const copier = event.target.closest("[data-copies]");
  if (copier) {
    navigator.clipboard.writeText(document.getElementById(copier.dataset.copies).textContent.trim())
      .then(() => { copier.textContent = copier.dataset.copied; });
  }
  // data-saves="id" data-file="name": the text of that element as a file, without asking the server again.
  const saver = event.target.closest("[data-saves]");
  if (saver) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([document.getElementById(saver.dataset.saves).textContent.trim() + "\n"]));
    link.download = saver.dataset.file;
    link.click();
    URL.revokeObjectURL(link.href);
  }
});

// What htmx puts into #dialog-body or #side-body opens that dialog; an empty answer closes it.
document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = { "dialog-body": "dialog", "side-body": "side" }[event.detail.target.id];
  if (!dialog) return;
  const element = document.getElementById(dialog);
  // Where drafts.js finds it again.
  if (event.detail.requestConfig.verb === "get") element.dataset.from = event.detail.pathInfo.finalRequestPath;
  if (event.detail.target.children.length === 0) element.close();
  else if (!element.open) element.showModal();
});

// An answer that is no success is shown too: forms come back with 422, refusals with a sentence.
document.addEventListener("htmx:beforeSwap", (event) => {
  const status = event.detail.xhr.status;
  if (status === 422 || status === 409) { event.detail.shouldSwap = true; event.detail.isError = false; }
});
for (const name of ["htmx:sendError", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    const place = document.getElementById("notices");
    if (!place || event.detail.requestConfig?.verb === "get" && event.detail.elt.closest("[data-quiet]")) return;
    const note = document.createElement("div");
    note.className = "notice notice-error";
    note.setAttribute("role", "alert");
    note.textContent = document.body.dataset.lost;
    place.replaceChildren(note);
  });
}

// A form that takes a while says so, and is not sent twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") === "dialog" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, 5000);
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

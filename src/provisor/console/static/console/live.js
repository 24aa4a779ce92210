// One stream of events for the page, closed while nobody sees it: a browser allows few connections to one server.
// A part says what it shows with data-live-topics="applications work" and listens with hx-trigger="live". The last
// event always leads to a request: a part that is being fetched, or was a moment ago, is fetched once more after it.
const TOPICS = ["directory", "applications", "work"];
const PACE_MS = 1000;
const due = new Set();
const fetched = new Map();
let stream = null;
let timer = null;

function partsOf(topic) { return document.querySelectorAll(`[data-live-topics~="${topic}"]`); }

function announce(topic) {
  for (const part of partsOf(topic)) due.add(part.id);
  fetchDue();
}

function fetchDue() {
  clearTimeout(timer);
  const now = Date.now();
  for (const id of due) {
    const part = document.getElementById(id);
    if (!part) { due.delete(id); continue; }
    if (part.classList.contains("htmx-request") || now < (fetched.get(id) ?? 0) + PACE_MS) continue;
    due.delete(id);
    fetched.set(id, now);
    htmx.trigger(part, "live");
  }
  if (due.size) timer = setTimeout(fetchDue, PACE_MS / 4);
}

function open() {
  const address = document.body.dataset.live;
  if (stream || !address || document.hidden) return;
  stream = new EventSource(address);
  for (const topic of TOPICS) stream.addEventListener(topic, () => announce(topic));
}

function close() {
  stream?.close();
  stream = null;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) { close(); return; }
  open();
  TOPICS.forEach(announce);
});
addEventListener("pagehide", close);
addEventListener("pageshow", open);
open();

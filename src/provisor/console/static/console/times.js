// Times in the viewer's zone: the exact one on hover, relative in the text.
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "narrow" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

function ago(seconds) {
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(-Math.trunc(seconds / size), unit);
  }
  return relative.format(0, "second");
}

export function showTimes(root) {
  const found = root.matches?.("time[datetime]") ? [root] : root.querySelectorAll("time[datetime]");
  for (const element of found) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const full = exact.format(moment);
    if ("exact" in element.dataset) { element.textContent = full; element.title = element.dateTime; }
    else { element.title = full; element.textContent = ago((Date.now() - moment) / 1000); }
  }
}
setInterval(() => showTimes(document), 30_000);

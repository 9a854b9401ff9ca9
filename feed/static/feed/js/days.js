// Parts the days of a feed whose newest row is on top, in the reader's time zone: the first row of each day says which
// day it is, as data-day, and the styles show it. Rows are shared between all readers, so the server can't do it.

import { find, on } from "./page.js";

const lang = document.documentElement.lang || undefined;
const formats = new Map();
function format(date, options) {
  const key = Object.values(options).join();
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(lang, options));
  return formats.get(key).format(date);
}
const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });

function labelOf(date, now) {
  const [day, today] = [date, now].map((each) => Date.UTC(each.getFullYear(), each.getMonth(), each.getDate()));
  const away = Math.round((day - today) / 86_400_000);
  if (away === 0 || away === -1) {
    const word = relative.format(away, "day");
    return word[0].toLocaleUpperCase(lang) + word.slice(1);
  }
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  return `${format(date, { weekday: "long" })}, ${format(date, { day: "numeric", month: "long", ...year })}`;
}

function part() {
  const feed = find("feed");
  if (feed?.dataset.order !== "descending") return;
  const now = new Date();
  let above;
  for (const row of feed.children) {
    const at = new Date(row.querySelector(".when [datetime]")?.getAttribute("datetime") ?? row.dataset.at ?? NaN);
    const day = Number.isNaN(at.getTime()) ? above : at.toDateString(); // a row that failed has no time
    const label = day === above ? undefined : labelOf(at, now);
    if (row.dataset.day !== label) label ? (row.dataset.day = label) : delete row.dataset.day;
    above = day;
  }
}

// Rows come, move and go in several ways, and a feed that is loaded anew is another element.
const live = find("live");
if (live) {
  part();
  new MutationObserver(part).observe(live, { childList: true, subtree: true });
  on("visibilitychange", part); // a computer that slept
  const nextDay = () => setTimeout(() => (part(), nextDay()), new Date().setHours(24, 0, 1, 0) - Date.now());
  nextDay();
}

// How this browser shows the rows that are there.

import { find, on, rowsOf } from "./page.js";
import { keepPlace } from "./reading.js";

// Rows far from view are emptied, and filled again when the reader comes near. So a page with hundreds of rows stays
// light, and its links, its keys and its height stay as they are.

const FEW = 80; // rows that a page keeps whole
const NEAR = 1000; // pixels from the edges of the window
const emptied = new Map(); // the HTML of these rows
const touched = new Set(); // rows that were filled because of a frame

const observer = new IntersectionObserver((entries) => {
  const newest = [...new Map(entries.map((entry) => [entry.target, entry])).values()]; // a row may have come and gone
  const [near, far] = [true, false].map((there) => newest.filter(({ isIntersecting }) => isIntersecting === there));
  for (const { target, boundingClientRect } of far) empty(target, boundingClientRect.height);
  const returning = near.map(({ target }) => target).filter((row) => emptied.has(row));
  if (returning.length) keepPlace(() => returning.forEach(fill)); // they may have another height after the window was resized
}, { rootMargin: `${NEAR}px 0px` });

function empty(row, height) {
  if (emptied.has(row) || !row.isConnected || isInUse(row)) return;
  emptied.set(row, row.innerHTML);
  row.style.height = `${height}px`;
  row.dataset.at = row.querySelector(".when [datetime]")?.getAttribute("datetime") ?? ""; // for the days
  row.replaceChildren();
}

// Whether the row holds the focus or something that was typed, which HTML doesn't say.
function isInUse(row) {
  if (row.matches(":focus-within")) return true;
  return [...row.querySelectorAll("textarea, input:not([type=hidden])")].some((field) => field.value !== field.defaultValue);
}

function fill(row) {
  const html = emptied.get(row);
  emptied.delete(row);
  if (!html) return;
  row.style.height = "";
  row.innerHTML = html;
  htmx.process(row);
}

on("rill:rows", () => {
  for (const row of emptied.keys()) if (!row.isConnected) emptied.delete(row);
  for (const row of touched) observer.unobserve(row); // or it wouldn't be reported again
  touched.clear();
  const rows = rowsOf(find("feed"));
  if (rows.length > FEW) rows.forEach((row) => observer.observe(row));
});
on("focusin", ({ target }) => fill(target.closest?.("#feed > article")));
addEventListener("beforeprint", () => [...emptied.keys()].forEach(fill));

// A frame may change a part of a row, which must be there for that.
on("htmx:ws:before:message:incoming", ({ detail: { message } }) => {
  if (!emptied.size) return;
  const text = String(message.data);
  const ids = new Set(text.match(/(?<=[a-z]-)\d+\b/g));
  const isForMany = text.includes('hx-target="article[data-user='); // a new name
  for (const row of [...emptied.keys()].filter((row) => isForMany || ids.has(row.dataset.id))) {
    fill(row);
    touched.add(row);
  }
});

// Parts the days of a feed whose newest row is on top, in the reader's time zone: the first row of each day says which
// day it is, as data-day, and the styles show it. Rows are shared between all readers, so the server can't do it.

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
    if (row.hidden) continue; // it was deleted
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
  new MutationObserver(part).observe(live, { childList: true, subtree: true, attributeFilter: ["hidden"] });
  on("visibilitychange", part); // a computer that slept
  const nextDay = () => setTimeout(() => (part(), nextDay()), new Date().setHours(24, 0, 1, 0) - Date.now());
  nextDay();
}

// The full time behind a short one, in the reader's time zone, when somebody wants to know. Until then it is in UTC.
function nameTime({ target }) {
  const time = target.closest?.(".event :is(.when, .edited)");
  const at = new Date((time?.querySelector("[datetime]") ?? time)?.getAttribute("datetime") ?? NaN);
  if (!Number.isNaN(at.getTime())) time.title = format(at, { dateStyle: "full", timeStyle: "short" });
}
on("pointerover", nameTime);
on("focusin", nameTime);

// Mark the words that were searched for. The rows themselves don't change: they are the same on all pages.
function markFound() {
  const words = find("results")?.dataset.words.split("\n").flatMap((term) => term.match(/[\p{L}\p{N}]+/gu) ?? []);
  if (!words?.length || !CSS.highlights) return;
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.map(plain).join("|")})`, "gu");
  const marked = new Highlight();
  for (const text of document.querySelectorAll("#feed .text")) for (const range of ranges(text, pattern)) marked.add(range);
  CSS.highlights.set("found", marked);
}

// Without case and accents, letter by letter, so that the places stay the same.
const plain = (text) => [...text].map((letter) => {
  const base = letter.normalize("NFD")[0].toLowerCase();
  return base.length === letter.length ? base : letter;
}).join("");

function* ranges(element, pattern) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    for (const { 0: found, index } of plain(walker.currentNode.data).matchAll(pattern)) {
      const range = new Range();
      range.setStart(walker.currentNode, index);
      range.setEnd(walker.currentNode, index + found.length);
      yield range;
    }
  }
}
markFound();
on("htmx:after:swap", markFound);

// The mark and the connection's dot ripple when a row arrives, in the hue of its author, and the water moves.

const ripples = () => [...document.querySelectorAll("#connection, .rill :is(.mark, .water)")];

// Later than rows.js, which takes out the rows that the page already has.
on("htmx:before:swap", ({ detail: { tasks } }) => {
  const arrived = tasks.find((task) => task.target && task.target === find("incoming"))?.fragment.firstElementChild;
  if (arrived) ripple([...arrived.classList].find((name) => name.startsWith("hue-")));
});

function ripple(hue) {
  ripples().forEach(still);
  document.body.getBoundingClientRect(); // or the animations would not start anew
  for (const element of ripples()) element.classList.add("rippling", ...(hue ? [hue] : []));
}

const still = (element) => element.classList.remove(...[...element.classList].filter((name) => /^(rippling|hue-)/.test(name)));
on("animationend", ({ animationName, target }) => {
  // The last strand of the mark, which not all sites have; and the ring around the dot, with which the water rests.
  if (animationName === "feed-ripple" && !target.nextElementSibling) still(target.closest(".mark"));
  if (animationName === "feed-ring") ripples().filter((element) => !element.matches(".mark")).forEach(still);
});

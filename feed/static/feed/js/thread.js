// A thread whose root changes or is deleted.

import { find, isAscending, on, rowsOf } from "./page.js";

const LENGTH = 60; // of the post in the title, as in thread.html
const feed = find("feed");
const root = feed && isAscending(feed) && rowsOf(feed)[0]?.id;
const words = () => find(root)?.querySelector(".text")?.textContent.trim().replace(/\s+/g, " ");
let text = root && words();

// The title with the new text in place of the old one, whatever stands before and after it.
function retitled(title, old, text) {
  const start = title.indexOf(old.slice(0, 20));
  if (start < 0) return title;
  const name = title.lastIndexOf(" · ");
  const end = name > start ? name : title.length;
  const before = title.slice(0, start).replace(/^\(\d+\) /, "");
  const room = LENGTH - [...before].length;
  const shown = [...text].length > room ? `${[...text].slice(0, room - 1).join("")}…` : text;
  return title.slice(0, start) + shown + title.slice(end);
}

function follow() {
  const now = words();
  if (now && text && now !== text) {
    document.title = retitled(document.title, text, now);
    const heading = find("title");
    if (heading) heading.textContent = retitled(heading.textContent, text, now);
  }
  text = now || text;
  setGone(!find(root));
}

// Nobody can comment on what was deleted. A text that was begun can still be copied.
let gone = false;
function setGone(isGone) {
  const form = find("compose");
  if (form) {
    form.querySelectorAll("textarea").forEach((area) => (area.readOnly = isGone || area.readOnly));
    if (isGone || gone) form.querySelectorAll("button, select").forEach((control) => (control.disabled = isGone));
    if (gone && !isGone) form.querySelectorAll("textarea").forEach((area) => (area.readOnly = false));
  }
  if (isGone && !gone) find("status").textContent = "This post was deleted.";
  gone = isGone;
}

if (root) on("rill:rows", follow);

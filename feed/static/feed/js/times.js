// The full time behind each short one, in the reader's time zone. Without scripts it is in UTC.

import { on } from "./page.js";

const full = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: "full", timeStyle: "short" });

function show() {
  for (const time of document.querySelectorAll(".event :is(.when, .edited)")) {
    const at = new Date((time.querySelector("[datetime]") ?? time).getAttribute("datetime") ?? NaN);
    if (Number.isNaN(at.getTime())) continue;
    const title = full.format(at);
    if (time.title !== title) time.title = title;
  }
}
show();
on("htmx:after:swap", show);

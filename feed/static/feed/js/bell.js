// The bell: its number in the title and in the icon of the page. The socket brings it to every tab.

import { find, on } from "./page.js";

const title = document.title;
const icon = document.querySelector("link[rel=icon]");
const plain = icon?.href;
let count = 0;

function ring() {
  const bell = find("bell");
  const now = Number(bell?.dataset.count ?? 0);
  if (!bell || now === count) return;
  const more = now > count;
  count = now;
  document.title = now ? `(${now}) ${unmarked()}` : unmarked();
  mark(now);
  // On the page "For you" what is new is shown, and so it is read.
  if (more && find("read")) show();
}

// The title may have changed since, such as after an edit of the post that a page is about.
const unmarked = () => (document.title || title).replace(/^\(\d+\) /, "");

function mark(number) {
  if (!icon) return;
  if (!number) {
    icon.href = plain;
    return;
  }
  const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
  const image = new Image(64, 64);
  image.onload = () => {
    const pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0, 64, 64);
    pen.fillStyle = "#d33a2c";
    pen.arc(46, 18, 18, 0, 2 * Math.PI);
    pen.fill();
    if (Number(find("bell")?.dataset.count)) icon.href = canvas.toDataURL();
  };
  image.src = plain;
}

// Reactions are no rows of other pages, and so the socket doesn't bring them as rows. Load what is shown anew, then
// say that it is read.
function show() {
  if (document.visibilityState !== "visible") return;
  htmx.ajax("GET", location.href, { target: "#events", select: "#events", swap: "outerHTML" })
    .then(() => htmx.trigger("#read", "rill:seen"));
}
on("visibilitychange", () => count && find("read") && show());
on("htmx:after:swap", ring);
ring();

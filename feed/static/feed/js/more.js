// The menu behind the "…" of a row. One for all rows: its content is what the page of the link shows without scripts.

import { find, number, on, rowsOf } from "./page.js";

let opener;
let row;
on("click", (event) => {
  const link = event.target.closest("a.more-link");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  opener = link;
  row = number(link.closest("article"));
  htmx.ajax("GET", link.getAttribute("href"), { source: link, target: "#more", swap: "innerHTML" });
});
on("htmx:after:swap", ({ detail: { ctx } }) => {
  const menu = find("more");
  if (ctx.target !== menu) return;
  if (!menu.matches(":popover-open")) {
    opener.focus({ preventScroll: true }); // to which the browser returns
    menu.showPopover();
    place(menu);
  }
  choices(menu)[0]?.focus({ preventScroll: true });
});

// In the page, not in the window: it stays at its row when one scrolls.
function place(menu) {
  const { right, top, bottom } = opener.getBoundingClientRect();
  const left = Math.max(8, Math.min(right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8));
  const below = bottom + menu.offsetHeight + 8 < innerHeight || top < menu.offsetHeight;
  menu.style.left = `${left + scrollX}px`;
  menu.style.top = `${(below ? bottom + 4 : top - menu.offsetHeight - 4) + scrollY}px`;
}

const choices = (menu) => [...menu.querySelectorAll(".choice:not([hidden])")];
on("keydown", (event) => {
  const choice = event.target.closest?.("#more .choice");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!choice || !step) return;
  event.preventDefault();
  const all = choices(find("more"));
  all[(all.indexOf(choice) + step + all.length) % all.length].focus();
});

// What leads to the dialog or to another page closes the menu.
on("click", ({ target }) => target.closest("#more a.choice") && find("more").hidePopover());

// The rows may have been loaded anew meanwhile, without this one if it is muted now. Then its neighbour gets the focus.
find("more")?.addEventListener("toggle", ({ newState, target }) => {
  const isLost = document.activeElement === document.body || target.contains(document.activeElement);
  if (newState !== "closed" || opener?.isConnected || !isLost) return;
  const rows = rowsOf(find("feed"));
  const next = rows.find((each) => number(each) <= row) ?? rows.at(-1);
  next?.focus({ preventScroll: true });
});

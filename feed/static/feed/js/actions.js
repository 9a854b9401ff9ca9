// What a reader does with a row: react to it, open its menu, copy it.

import { currentToken } from "./delivery.js";
import { find, me, number, on, rowsOf } from "./page.js";

// Reactions: one tap on an emoji puts it there or takes it away.

const reacted = () => new Set(find("feed")?.dataset.reacted?.split(" ").filter(Boolean));

// Rows are the same for everybody. So mark here which emoji the user has put to them.
function markOwn() {
  const own = reacted();
  for (const link of document.querySelectorAll("#feed a.reaction")) {
    const mine = own.has(`${link.dataset.event}:${link.dataset.emoji}`);
    link.classList.toggle("mine", mine);
  }
}
on("htmx:after:swap", markOwn);
markOwn();

// Who it was is asked for when somebody wants to know.
async function nameThem({ target }) {
  const link = target.closest?.("#feed a.reaction");
  if (!link || link.title) return;
  link.title = "…";
  const response = await fetch(`${link.pathname}who/${link.search}`).catch(() => null);
  link.title = response?.ok ? await response.text() : "";
}
on("pointerover", nameThem);
on("focusin", nameThem);

function note(event, emoji) {
  const own = reacted();
  const name = `${event}:${emoji}`;
  if (!own.delete(name)) own.add(name);
  find("feed").dataset.reacted = [...own].join(" ");
}

// The answer is the new count, for a page that isn't live.
async function react(url, event, emoji) {
  note(event, emoji);
  markOwn();
  const form = new FormData(find("own"));
  form.set("emoji", emoji);
  const token = currentToken();
  if (token) form.set("csrfmiddlewaretoken", token);
  const response = await fetch(url, { method: "POST", body: form, headers: { "HX-Request": "true" } }).catch(() => null);
  if (response?.headers.has("HX-Redirect")) location.href = response.headers.get("HX-Redirect");
  else if (response?.ok) show(event, await response.text());
  else note(event, emoji);
  markOwn();
}

function show(event, html) {
  const tally = new DOMParser().parseFromString(html, "text/html").getElementById(`tally-${event}`);
  const there = find(`tally-${event}`);
  if (!tally || !there) return;
  const focused = there.contains(document.activeElement) && document.activeElement.dataset.emoji;
  there.replaceChildren(...tally.childNodes);
  if (focused !== false) (there.querySelector(`[data-emoji="${focused}"]`) ?? there.querySelector(".react")).focus();
}

// The palette, for an emoji that nobody has put there yet. One for all rows, which keeps them small.
let opener;
on("click", (event) => {
  const link = event.target.closest("a.reaction, a.react");
  if (!link || !me || event.ctrlKey || event.metaKey || event.shiftKey) return; // without a log-in the link leads there
  event.preventDefault();
  if (link.classList.contains("reaction")) {
    react(link.pathname, link.dataset.event, link.dataset.emoji);
    return;
  }
  opener = link;
  const palette = find("palette");
  palette.showPopover();
  const place = link.getBoundingClientRect();
  palette.style.left = `${Math.max(8, Math.min(place.left, innerWidth - palette.offsetWidth - 8))}px`;
  palette.style.top = `${Math.max(8, place.top - palette.offsetHeight - 4)}px`;
  palette.querySelector("button").focus();
});
on("click", ({ target }) => {
  const button = target.closest("#palette button");
  if (!button) return;
  find("palette").hidePopover();
  opener.focus();
  react(opener.pathname, opener.dataset.event, button.value);
});
on("keydown", (event) => {
  const button = event.target.closest?.("#palette button");
  const step = { ArrowRight: "nextElementSibling", ArrowLeft: "previousElementSibling" }[event.key];
  if (!button || !step) return;
  event.preventDefault();
  button[step]?.focus();
});

// The menu behind the "…" of a row. One for all rows: its content is what the page of the link shows without scripts.

let moreLink;
let row;
on("click", (event) => {
  const link = event.target.closest("a.more-link");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  moreLink = link;
  row = number(link.closest("article"));
  htmx.ajax("GET", link.getAttribute("href"), { source: link, target: "#more", swap: "innerHTML" });
});
on("htmx:after:swap", ({ detail: { ctx } }) => {
  const menu = find("more");
  if (ctx.target !== menu) return;
  if (!menu.matches(":popover-open")) {
    moreLink.focus({ preventScroll: true }); // to which the browser returns
    menu.showPopover();
    beside(moreLink, menu, "right");
  }
  choices(menu)[0]?.focus({ preventScroll: true });
});

// In the page, not in the window: it stays at its row when one scrolls.
export function beside(link, popover, edge = "left") {
  const place = link.getBoundingClientRect();
  const { top, bottom } = place;
  const wanted = edge === "right" ? place.right - popover.offsetWidth : place.left;
  const left = Math.max(8, Math.min(wanted, innerWidth - popover.offsetWidth - 8));
  const below = bottom + popover.offsetHeight + 8 < innerHeight || top < popover.offsetHeight;
  popover.style.left = `${left + scrollX}px`;
  popover.style.top = `${(below ? bottom + 4 : top - popover.offsetHeight - 4) + scrollY}px`;
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
  if (newState !== "closed" || moreLink?.isConnected || !isLost) return;
  const rows = rowsOf(find("feed"));
  const next = rows.find((each) => number(each) <= row) ?? rows.at(-1);
  next?.focus({ preventScroll: true });
});

// Buttons that copy the text of the element named in their data-copy. Browsers allow that over https and on localhost
// only, so the buttons are hidden until then.

const showCopy = () => document.querySelectorAll("[data-copy]").forEach((button) => (button.hidden = false));
if (navigator.clipboard) {
  showCopy();
  on("htmx:after:swap", showCopy);
}

on("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(find(button.dataset.copy).textContent.trim());
    find("status").textContent = "Copied";
    const { textContent } = button;
    if (textContent === "Copied") return;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = textContent), 2000);
  } catch {
    getSelection().selectAllChildren(find(button.dataset.copy)); // not allowed: ready for Ctrl+C
  }
});

// Reactions: one tap on an emoji puts it there or takes it away.

import { currentToken } from "./delivery.js";
import { find, me, on } from "./page.js";

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

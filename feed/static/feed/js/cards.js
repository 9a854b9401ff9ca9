// A person in short, beside the name in a row that somebody points at. All of it is on the person's page, too.

import { beside } from "./actions.js";
import { find, on } from "./page.js";

const WAIT = 400; // milliseconds until the card opens, and until it closes
let link; // whose card is open, or asked for
let timer;

on("pointerover", ({ target, pointerType }) => {
  const card = find("card");
  if (!card || pointerType !== "mouse") return;
  const over = target.closest?.("#card, #feed a:is(.avatar, .name)[href]");
  clearTimeout(timer);
  if (over === card || (over === link && isOpen(card))) return;
  timer = setTimeout(over && over.pathname !== location.pathname ? () => open(card, over) : () => close(card), WAIT);
});

async function open(card, over) {
  link = over;
  close(card);
  const response = await fetch(`${over.pathname}card/`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!response?.ok) return;
  const html = await response.text();
  if (link !== over || !over.matches(":hover")) return;
  card.innerHTML = html;
  htmx.process(card);
  card.showPopover();
  beside(over, card);
}

const isOpen = (card) => card.matches(":popover-open");
const close = (card) => isOpen(card) && card.hidePopover();
on("keydown", ({ key }) => key === "Escape" && find("card") && close(find("card")));

// Whether somebody aims at, types in or reads what an arriving row would move.

import { find, isAscending, on, tell } from "./page.js";
import { isPaused } from "./pause.js";

const AIMED = 3000; // milliseconds for which a mouse that has stopped over the feed still counts
let aims = 0; // the timer of these
let at = ""; // where the mouse was: browsers also report it when only the page under it has moved
let pressed = false;

export const isPressed = () => pressed;

export function isReading(feed) {
  const focused = document.activeElement;
  // Focus by a click doesn't count: a row keeps it for as long as nothing else is clicked.
  const holdsFocus = wouldMove(focused, feed) && focused.matches(":focus-visible") && !isUntouched(focused, feed);
  return Boolean(isPaused() || aims || holdsFocus || !isAtEnd(feed));
}

// A form below the feed that nothing is typed in: anchor.js keeps it where it is, and a conversation goes on.
const isUntouched = (field, feed) => field.matches("textarea") && !field.value && !feed.contains(field);

// Whether the place where rows arrive is in view.
export function isAtEnd(feed) {
  const { top, bottom } = feed.getBoundingClientRect();
  return isAscending(feed) ? bottom <= innerHeight : top > 0;
}

function wouldMove(element, feed) {
  if (!element.closest?.("#live") || element.id === "pill") return false;
  return feed.contains(element) || Boolean(feed.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING);
}

function stopAiming() {
  clearTimeout(aims);
  aims = 0;
  tell("rill:calm");
}
on("pointermove", ({ target, pointerType, screenX, screenY }) => {
  const feed = find("feed");
  if (!feed || pointerType !== "mouse" || at === `${screenX} ${screenY}`) return;
  at = `${screenX} ${screenY}`;
  clearTimeout(aims);
  if (wouldMove(target, feed)) aims = setTimeout(stopAiming, AIMED);
  else if (aims) stopAiming();
}, { passive: true });

// Nothing at all moves while a pointer is down: a click is lost if its target moves between press and release.
on("pointerdown", ({ button }) => (pressed = button === 0)); // other buttons may open a menu, which hides their release
for (const name of ["pointerup", "pointercancel"]) {
  on(name, () => {
    pressed = false;
    setTimeout(tell, 0, "rill:calm"); // after the click
  });
}
on("focusout", () => setTimeout(tell, 0, "rill:calm")); // when the focus has moved on
on("scroll", () => tell("rill:calm"), { passive: true });

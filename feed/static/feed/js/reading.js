// What the reader is doing, and what must not move meanwhile.

import { find, isAscending, isInView, on, rowsOf, tell } from "./page.js";

// Browsers keep the place, too, but not all of them do, and they don't know what the reader aims at.
if (find("live")) for (const { style } of [document.documentElement, document.body]) style.overflowAnchor = "none";

// Pause: new rows wait until they are asked for. Each tab has its own.

const KEY = "feed:paused";
let paused = false;
try {
  paused = sessionStorage.getItem(KEY) === "yes";
} catch {
  // Without storage, for example in a private window, it lasts as long as the page.
}
export const isPaused = () => paused;

function show() {
  const button = find("pause");
  if (!button) return;
  button.hidden = false;
  button.textContent = paused ? "Paused. Resume" : "Pause";
  button.classList.toggle("paused", paused);
}

export function togglePause() {
  if (!find("pause")) return;
  paused = !paused;
  try {
    sessionStorage.setItem(KEY, paused ? "yes" : "no");
  } catch {
    // See above.
  }
  show();
  find("status").textContent = paused ? "Paused. New posts wait." : "Resumed.";
  tell("rill:calm");
}

show();
on("click", ({ target }) => target.id === "pause" && togglePause());

// Whether somebody aims at, types in or reads what an arriving row would move.

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

// A form below the feed that nothing is typed in: it is kept where it is, and a conversation goes on.
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

// Keeps what is in view where it is on the screen while rows come, change and leave.

// Remember where everything is. Returns a function that scrolls the page so that it is there again: the focused element,
// or else the row under the pointer, or else the first one in view that is still there.
export function holdPlace() {
  const held = inView().map((element) => [element, element.getBoundingClientRect().top]);
  return () => {
    for (const [element, top] of held) {
      const there = element.isConnected ? element : find(element.id);
      if (there && !there.closest("[hidden]")) return scrollOn(there.getBoundingClientRect().top - top, there);
    }
  };
}

// For changes that go together, the place before the first of them counts.
let held;
export function keepPlace(change) {
  if (!held) {
    held = holdPlace();
    queueMicrotask(goBack); // when observers have marked the rows
  }
  change();
}
function goBack() {
  const back = held;
  held = undefined;
  back();
}

function inView() {
  const feed = find("feed");
  const focused = document.activeElement.closest("#live *");
  const form = isBelow(find("compose"), feed) && find("compose");
  return [focused, form, feed?.querySelector(":scope > article:hover"), ...rowsOf(feed)].filter(
    (element) => element && isInView(element),
  );
}

const isBelow = (form, feed) => form && feed && feed.compareDocumentPosition(form) & Node.DOCUMENT_POSITION_FOLLOWING;

function scrollOn(distance, anchor) {
  if (Math.abs(distance) < 1) return;
  const start = scrollY;
  scrollBy({ top: distance, behavior: "instant" });
  const missing = distance - (scrollY - start);
  if (missing < 1 || !anchor.closest("form")) return;
  // The page is too short to be scrolled that far. Make room, or the form would move away under its user.
  const live = find("live");
  live.style.minHeight = `${start + distance + innerHeight - (live.getBoundingClientRect().top + scrollY)}px`;
  scrollBy({ top: missing, behavior: "instant" });
}

// Keeps what is in view where it is on the screen while rows come, change and leave.

import { find, isInView, rowsOf } from "./page.js";

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

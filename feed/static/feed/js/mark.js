// The mark and the connection's dot ripple when a row arrives, in the hue of its author.

import { find, on } from "./page.js";

const ripples = () => document.querySelectorAll(".mark, #connection");

// Later than rows.js, which takes out the rows that the page already has.
on("htmx:before:swap", ({ detail: { tasks } }) => {
  const arrived = tasks.find((task) => task.target && task.target === find("incoming"))?.fragment.firstElementChild;
  if (arrived) ripple([...arrived.classList].find((name) => name.startsWith("hue-")));
});

function ripple(hue) {
  for (const element of ripples()) {
    still(element);
    element.getBoundingClientRect(); // or the animation would not start anew
    element.classList.add("rippling", ...(hue ? [hue] : []));
  }
}

const still = (element) => element.classList.remove(...[...element.classList].filter((name) => /^(rippling|hue-)/.test(name)));
on("animationend", ({ animationName, target }) => {
  // The last strand of the mark, and the ring around the dot.
  if (animationName === "feed-ring" || (animationName === "feed-ripple" && !target.nextElementSibling)) {
    still(target.closest(".mark, #connection"));
  }
});

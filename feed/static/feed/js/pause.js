// Pause: new rows wait until they are asked for. Each tab has its own.

import { find, on, tell } from "./page.js";

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

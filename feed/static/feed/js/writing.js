// While one types: the keys that post, the ring that fills, and the box that grows.

import { on } from "./page.js";

const FEW = 200; // characters left, from which on their number is shown
const isMac = /mac|iphone|ipad/i.test(navigator.platform);

on("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.closest("textarea")?.form.requestSubmit();
});

// Count characters as the server does. JavaScript's `length` counts an emoji twice.
function count(area) {
  const used = [...area.value.trim()].length;
  const left = area.dataset.limit - used;
  const [ring, words, hint] = [".count", ".left", ".hint"].map((name) => area.form.querySelector(name));
  if (!ring) return;
  ring.style.setProperty("--used", Math.min(1, used / area.dataset.limit).toFixed(3));
  ring.textContent = left < FEW ? left : "";
  ring.classList.toggle("over", left < 0);
  if (words) words.textContent = inWords(left);
  if (hint) hint.textContent = `${isMac ? "⌘" : "Ctrl+"}Enter to ${area.form.querySelector("footer .button").textContent.toLowerCase()}`;
}

// In steps, or a screen reader would speak at each key.
function inWords(left) {
  if (left < 0) return "The text is too long.";
  return left < FEW ? `At most ${Math.ceil((left + 1) / 50) * 50} characters are left.` : "";
}

// Opened for good, because what follows would move if it closed.
on("focusin", ({ target }) => target.closest("form[data-send]")?.classList.add("opened"));

// For browsers that don't know `field-sizing`.
function grow(area) {
  if (CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

function measure(area) {
  count(area);
  grow(area);
}
const measureAll = () => document.querySelectorAll("[data-limit]").forEach(measure);
on("input", ({ target }) => target.dataset.limit && measure(target));
on("htmx:after:swap", measureAll);
measureAll();

// Forms: their keys, their counters, and what a browser restores in them.

import { find, on } from "./page.js";

on("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.closest("textarea")?.form.requestSubmit();
});

// Count characters as the server does. JavaScript's `length` counts an emoji twice.
function count(area) {
  const left = area.dataset.limit - [...area.value.trim()].length;
  const shown = area.form.querySelector(".count");
  if (!shown) return;
  shown.textContent = left < 200 ? left : "";
  shown.classList.toggle("over", left < 0);
}
on("input", ({ target }) => target.dataset.limit && count(target));
on("htmx:after:swap", () => document.querySelectorAll("[data-limit]").forEach(count));

// Use the current CSRF token: a login in another tab invalidates the one in the page's forms.
on("submit", ({ target }) => {
  const field = target.elements.csrfmiddlewaretoken;
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  if (field && token) field.value = token;
}, { capture: true });

// "Back" may restore the page as it was first loaded, with a key that has already been used. Put in the newer key.
const [navigation] = performance.getEntriesByType("navigation");
if (navigation?.type === "back_forward" && history.state?.key && find("compose")) {
  find("compose").elements.key.value = history.state.key;
}
on("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.sourceElement?.id === "compose") history.replaceState({ key: find("compose").elements.key.value }, "");
});

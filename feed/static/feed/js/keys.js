// Keys that move from row to row, as ARIA defines them for role="feed".

import { on } from "./page.js";

on("keydown", (event) => {
  const step = { PageDown: "nextElementSibling", PageUp: "previousElementSibling" }[event.key];
  const next = step && event.target.closest("#feed > article")?.[step];
  if (!next) return;
  event.preventDefault();
  next.focus();
});

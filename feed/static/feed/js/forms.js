// Forms that the browser or htmx sends.

import { currentToken } from "./delivery.js";
import { on } from "./page.js";

on("submit", ({ target }) => {
  const field = target.elements.csrfmiddlewaretoken;
  const token = currentToken();
  if (field && token) field.value = token;
}, { capture: true });

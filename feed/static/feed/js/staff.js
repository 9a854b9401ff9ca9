// What staff may do with the rows of others. All readers get the same rows, so the page shows it.

import { me, on } from "./page.js";

const isStaff = document.querySelector("script[data-staff]") !== null;

function showMenus() {
  for (const menu of document.querySelectorAll("#feed menu.staff[hidden]")) {
    menu.hidden = false;
    // The author has the other menu.
    menu.querySelector(".delete").hidden = menu.closest("article").dataset.user === me;
  }
}
if (isStaff) {
  showMenus();
  on("htmx:after:swap", showMenus);
}

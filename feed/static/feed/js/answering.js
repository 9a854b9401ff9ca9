// An answer to a comment is written in the form of its thread. The form then says whose comment it answers.

import { find, isAscending, on } from "./page.js";

on("click", (event) => {
  const link = event.target.closest?.("#feed .tally > a.comments");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const row = link.closest("article");
  const form = row.closest(".replies")?.parentElement.querySelector("form.answer") ?? (isAscending(find("feed")) && find("compose"));
  if (!form) return;
  event.preventDefault();
  reset(form);
  if (row.dataset.fold) answer(form, row, new URL(link.href).pathname);
  form.elements.text.focus();
});

function answer(form, row, url) {
  form.setAttribute("action", `${url}comments/`);
  const line = document.createElement("p");
  line.className = "replying";
  const cancel = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "Cancel" });
  cancel.onclick = () => {
    reset(form);
    form.elements.text.focus();
  };
  line.append(`Replying to ${row.querySelector(".name").textContent} `, cancel);
  form.prepend(line);
}

function reset(form) {
  form.setAttribute("action", form.dataset.root);
  form.querySelector(".replying")?.remove();
}

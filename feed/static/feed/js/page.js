// What all modules use.

export let me = document.querySelector("script[data-user]")?.dataset.user;
export const become = (name) => (me = name);
export const find = (id) => document.getElementById(id);
export const on = (name, listener, options) => document.addEventListener(name, listener, options);
export const tell = (name) => document.dispatchEvent(new Event(name));

export const number = (row) => Number(row.dataset.id);
// A row that is being sent has no number yet.
export const newestOf = (rows) => Math.max(0, ...rows.map(number).filter(Number.isFinite));
export const rowsOf = (box) => [...(box?.querySelectorAll(":scope > article") ?? [])];
export const isAscending = (feed) => feed.dataset.order === "ascending";
export const isInView = (element) => {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
};

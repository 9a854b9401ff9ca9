// What all modules use.

export const me = document.querySelector("script[data-user]")?.dataset.user;
export const find = (id) => document.getElementById(id);
export const on = (name, listener, options) => document.addEventListener(name, listener, options);

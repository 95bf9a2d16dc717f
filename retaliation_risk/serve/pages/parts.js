// What both pages are made of. Text from the service enters the page as text only.

import { Offline, canAsk, dropKey, keepKey } from "./talk.js";

export const REFRESH_SECONDS = 5;

export const element = (id) => document.getElementById(id);

/** make("p.hint", "text", child, ...): an element with its classes and children; strings become text. */
export function make(kind, ...children) {
  const [tag, ...classes] = kind.split(".");
  const node = document.createElement(tag);
  node.classList.add(...classes);
  node.append(...children.filter((child) => child != null && child !== ""));
  return node;
}

/** Show words at `id`, or hide it where there are none. */
export function tell(id, ...lines) {
  const node = element(id);
  const told = lines.filter(Boolean);
  const parts = node.tagName === "P" ? told : told.map((line) => make("p", line));
  node.replaceChildren(...parts);
  node.hidden = told.length === 0;
}

/** Say something to those who listen to the page. */
export const say = (text) => { element("said").textContent = text; };

/** Words for what went wrong; the first line says what, the second what to do. */
export function explain(error) {
  if (error instanceof Offline) return ["No connection to the service.", "Trying again every few seconds."];
  const cures = {
    401: "Enter a key that is valid; the administrator makes one with: retaliation-risk keys create.",
    403: "This key may not do that: ask for one with a wider scope.",
    429: "Too many questions in a short time: it works again in a moment.",
    503: "The service is starting or its store cannot be reached: try again in a moment.",
  };
  return [`${error.code ? `${error.code}: ` : ""}${error.message}`, cures[error.status] ?? ""];
}

/** The form of the key: shown when there is none, and when `change-key` is pressed; `ready` is called with a new key. */
export function keyForm(ready) {
  const form = element("key");
  const field = element("key-field");
  const open = () => { form.hidden = false; field.focus(); };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keepKey(field.value.trim());
    field.value = "";
    form.hidden = true;
    ready();
  });
  element("change-key").addEventListener("click", () => { dropKey(); open(); });
  if (!canAsk()) open();
  return { open, close: () => { form.hidden = true; } };
}

/** Call `look` every few seconds while somebody can see the page, and at once when it is seen again. */
export function keepLooking(look) {
  const seen = () => document.visibilityState === "visible";
  setInterval(() => seen() && look(), REFRESH_SECONDS * 1000);
  document.addEventListener("visibilitychange", () => seen() && look());
  window.addEventListener("online", look);
}

/** Call `actions[key]` for a plain letter pressed while `node` holds the focus, but not while something is typed. */
export function keys(node, actions) {
  node.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select, textarea");
    const act = event.ctrlKey || event.altKey || event.metaKey || typing ? undefined : actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  });
}

/** Days from now as an ISO time. */
export const inDays = (days) => new Date(Date.now() + days * 864e5).toISOString();

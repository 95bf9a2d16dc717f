// How a page asks the service: with a key of its own, or through the helpdesk frame around it, which holds the key.
// A frame is believed because the browser shows this page only in frames that frame-ancestors names.

const KEY = "retaliation-risk-key";
const waiting = new Map();
let through = false;
let asked = 0;
let onAsk = () => {};

/** An answer that is no success: its status, and the code, message and cure that the service gave. */
export class Refused extends Error {
  constructor(status, body, retryAfter) {
    super(body?.message ?? `The service answered ${status}.`);
    this.status = status;
    this.code = body?.code ?? "";
    this.retryAfter = retryAfter;
  }
}

/** No answer at all. */
export class Offline extends Error {}

export const framed = window.parent !== window;
export const readKey = () => sessionStorage.getItem(KEY);
export const keepKey = (key) => sessionStorage.setItem(KEY, key);
export const dropKey = () => sessionStorage.removeItem(KEY);
export const canAsk = () => through || Boolean(readKey());

/** Ask the service; return the JSON of its answer, or throw Refused or Offline. */
export async function ask(method, path, body) {
  const { status, body: answer, retryAfter } = await (through ? throughFrame : directly)(method, path, body);
  if (status >= 200 && status < 300) return answer;
  throw new Refused(status, answer, retryAfter);
}

async function directly(method, path, body) {
  const headers = { "X-API-Key": readKey() ?? "" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" });
  } catch {
    throw new Offline("No connection to the service.");
  }
  const answer = await response.json().catch(() => null);
  return { status: response.status, body: answer, retryAfter: Number(response.headers.get("Retry-After")) || 0 };
}

function throughFrame(method, path, body) {
  const id = ++asked;
  window.parent.postMessage({ retaliationRisk: "ask", id, method, path, body }, "*");
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

/**
 * Listen to the frame around this page: `hello` {key} or {through: true}, `who` {email} or {customer_id}, `answer` {id, status, body}.
 * `show` is called with whom to show, `changed` when the way to ask has changed.
 */
export function listen(show, changed) {
  onAsk = show;
  if (!framed) return;
  window.addEventListener("message", (event) => {
    if (event.source === window.parent) heard(event.data ?? {}, changed);
  });
  window.parent.postMessage({ retaliationRisk: "ready" }, "*");
}

function heard(said, changed) {
  if (said.retaliationRisk === "hello") {
    through = said.through === true;
    if (typeof said.key === "string") keepKey(said.key);
    changed();
  } else if (said.retaliationRisk === "who") {
    onAsk(String(said.email ?? said.customer_id ?? ""));
  } else if (said.retaliationRisk === "answer") {
    const { resolve, reject } = waiting.get(said.id) ?? {};
    waiting.delete(said.id);
    if (said.status) resolve?.({ status: said.status, body: said.body, retryAfter: 0 });
    else reject?.(new Offline("No connection to the service."));
  }
}

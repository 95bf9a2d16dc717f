// The agent's page: type an e-mail address, read the history first, then the risk, then say what you did.

import { Offline, ask, canAsk, listen } from "./talk.js";
import { element, explain, inDays, keepLooking, keyForm, keys, make, say, tell } from "./parts.js";
import { drawReadout, wordsOf } from "./readout.js";
import { among, count } from "./words.js";

const state = { question: null, answer: null, marked: null, asks: 0 };
const shown = element("shown");
const who = element("who");

const asQuestion = (text) => (text.includes("@") ? { email: text } : { customer_id: text });
// A risk changes a little with every second that passes; what cannot be read in the words is no news.
const told = (answer) => wordsOf(drawReadout(answer, { mark: () => {} }));

async function show(text) {
  const typed = text.trim();
  if (!typed) return;
  who.value = typed;
  if (!canAsk()) { keyBox.open(); return; }
  Object.assign(state, { question: asQuestion(typed), answer: null, marked: null });
  tell("trouble");
  tell("banner");
  skeleton();
  const answer = await read();
  if (answer) { draw(answer); shown.querySelector(".readout").focus(); }
}

/** Read the customer asked for last; null where there is no answer, or where another was asked for meanwhile. */
async function read() {
  const turn = ++state.asks;
  try {
    const answer = await ask("POST", "/v1/readout", state.question);
    if (turn !== state.asks) return null;
    tell("banner", answer.stale ? staleWords(answer) : "");
    tell("trouble");
    return answer;
  } catch (error) {
    if (turn === state.asks) failed(error);
    return null;
  }
}

const staleWords = ({ caveats }) => `These facts are old. ${(caveats ?? []).find((caveat) => /old|stale|ended|days/i.test(caveat)) ?? "Read the history with care."}`;

function failed(error) {
  shown.removeAttribute("aria-busy");
  if (error instanceof Offline && state.answer) { tell("banner", ...explain(error).map((line) => `${line} `)); return; }
  state.answer = null;
  if (error.status === 404) { tell("trouble"); nothingKnown(); return; }
  shown.replaceChildren();
  tell("trouble", ...explain(error));
  if (error.status === 401) keyBox.open();
}

function nothingKnown() {
  shown.replaceChildren(make("p.facts", "Nothing is known of this customer."), make("p.hint", "No history means no reading either way. Check the address, or carry on as with anybody."));
  say("Nothing is known of this customer.");
}

function skeleton() {
  shown.setAttribute("aria-busy", "true");
  shown.replaceChildren(make("div.skeleton", ...Array.from({ length: 7 }, () => make("span"))));
  say("Loading.");
}

function draw(answer, changed) {
  const focus = document.activeElement?.dataset?.mark;
  const held = shown.contains(document.activeElement);
  state.answer = answer;
  shown.removeAttribute("aria-busy");
  shown.replaceChildren(drawReadout(answer, { changed, marked: state.marked, mark }));
  const readout = shown.querySelector(".readout");
  keys(readout, { a: () => mark("acknowledged"), d: () => mark("disagree"), s: () => mark("snooze") });
  if (held) (readout.querySelector(`[data-mark="${focus}"]`) ?? readout).focus();
  say(changed ?? `Readout of ${answer.customer_id}.`);
}

async function mark(kind) {
  const days = Number(element("snooze-days").value);
  const until = kind === "snooze" ? { until: inDays(days) } : {};
  try {
    await ask("POST", "/v1/feedback", { customer_id: state.answer.customer_id, kind, ...until });
    state.marked = kind;
    draw(state.answer);
    say({ acknowledged: "Marked as acknowledged.", disagree: "Your disagreement is noted.", snooze: `Snoozed for ${days} days.` }[kind]);
  } catch (error) {
    tell("trouble", ...explain(error));
  }
}

function difference(before, now) {
  const whole = among(Math.min(before.risk ?? 1, now.risk ?? 1));
  const [was, is] = [before, now].map(({ risk }) => (risk == null ? "unknown" : count(risk, whole)));
  if (was === is) return "Something new is known of this customer.";
  return `Something new is known: the risk went from ${was} to ${is} of ${whole.toLocaleString("en")}.`;
}

async function refresh() {
  if (!state.question || shown.hasAttribute("aria-busy") || (!state.answer && element("trouble").hidden)) return;
  const before = state.answer;
  const answer = await read();
  if (!answer || (before && told(before) === told(answer))) return;
  draw(answer, before ? difference(before, answer) : undefined);
}

element("ask").addEventListener("submit", (event) => { event.preventDefault(); show(who.value); });
const keyBox = keyForm(() => (who.value ? show(who.value) : who.focus()));
listen(show, () => { keyBox.close(); if (who.value) show(who.value); });
keepLooking(refresh);
const handed = sessionStorage.getItem("retaliation-risk-who");
sessionStorage.removeItem("retaliation-risk-who");
if (handed) show(handed);
else if (canAsk()) who.focus();

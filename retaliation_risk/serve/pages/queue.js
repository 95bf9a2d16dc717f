// The team lead's page: whom to call, in order, with reasons; marks of colleagues appear within seconds.

import { Offline, ask, canAsk, listen } from "./talk.js";
import { element, explain, inDays, keepLooking, keyForm, keys, make, say, tell } from "./parts.js";
import { among, capitalised, count, day, moment, plural } from "./words.js";

const LIMIT = 50;
const SNOOZE_DAYS = 7;
const SAID = { acknowledged: "acknowledged", disagree: "disagreement noted", snooze: `snoozed for ${SNOOZE_DAYS} days` };
const state = { rows: null };
const shown = element("shown");

async function refresh() {
  if (!canAsk()) return;
  try {
    const { rows } = await ask("GET", `/v1/queue?limit=${LIMIT}`);
    tell("trouble");
    tell("banner");
    if (JSON.stringify(rows) !== JSON.stringify(state.rows)) draw(rows);
  } catch (error) {
    failed(error);
  }
}

function failed(error) {
  shown.removeAttribute("aria-busy");
  if (error instanceof Offline && state.rows) { tell("banner", explain(error).join(" ")); return; }
  state.rows = null;
  shown.replaceChildren();
  tell("trouble", ...explain(error));
  if (error.status === 401) keyBox.open();
}

function draw(rows) {
  const held = shown.contains(document.activeElement) ? document.activeElement.closest(".card")?.dataset.customer : null;
  state.rows = rows;
  shown.removeAttribute("aria-busy");
  element("count").textContent = rows.length ? `${rows.length} ${rows.length === 1 ? "customer" : "customers"}, the likeliest to retaliate first.` : "";
  shown.replaceChildren(rows.length ? make("ol.cards", ...rows.map(card)) : make("p.facts", "Nobody is waiting for a call."));
  if (held) [...shown.querySelectorAll(".card")].find((node) => node.dataset.customer === held)?.querySelector("button").focus();
}

function card(row) {
  const open = make("button", `${row.rank}. ${row.customer_id}`);
  open.type = "button";
  open.addEventListener("click", () => openReadout(row.customer_id));
  const reasons = row.reasons.map((sentence) => make("li", sentence));
  const whole = among(row.risk ?? 1);
  const marks = marksOf(row);
  const node = make(
    row.acknowledged_at || row.snoozed_until ? "li.card.done" : "li.card",
    make("div", make("h2", open), row.risk == null ? null : make("p.risk", `${capitalised(row.band)}: ${count(row.risk, whole)} of ${whole.toLocaleString("en")}`), make("p.hint", facts(row)), ...marks.map((words) => make("p.state", words))),
    reasons.length ? make("ol.reasons", ...reasons) : make("p.hint", "No single reason stands out."),
    row.action ? make("p.action", row.action) : null,
  );
  node.dataset.customer = row.customer_id;
  keys(node, {
    a: () => mark(row, "acknowledged"), d: () => mark(row, "disagree"), s: () => mark(row, "snooze"),
    ArrowDown: () => step(node.nextElementSibling), ArrowUp: () => step(node.previousElementSibling),
  });
  return node;
}

const step = (node) => node?.querySelector("button").focus();

const facts = ({ calls, failed_recoveries: failed }) => `${plural(calls, "call")}, ${plural(failed, "recovery", "recoveries")} failed`;

/** What has been said and done since, in words. */
const marksOf = ({ changed, acknowledged_at: done, snoozed_until: later, disagreed }) =>
  [changed && "New facts", done && `Acknowledged ${moment(done)}`, later && `Snoozed until ${day(later)}`, disagreed && "An agent disagrees"].filter(Boolean);

function openReadout(customer) {
  sessionStorage.setItem("retaliation-risk-who", customer); // never in the address
  location.assign("/agent");
}

async function mark(row, kind) {
  const until = kind === "snooze" ? { until: inDays(SNOOZE_DAYS) } : {};
  try {
    await ask("POST", "/v1/feedback", { customer_id: row.customer_id, kind, ...until });
    say(`${row.customer_id}: ${SAID[kind]}.`);
    await refresh();
  } catch (error) {
    tell("trouble", ...explain(error));
  }
}

const keyBox = keyForm(refresh);
listen(() => {}, () => { keyBox.close(); refresh(); });
if (canAsk()) {
  shown.setAttribute("aria-busy", "true");
  shown.replaceChildren(make("div.skeleton", ...Array.from({ length: 6 }, () => make("span"))));
  refresh();
}
keepLooking(refresh);

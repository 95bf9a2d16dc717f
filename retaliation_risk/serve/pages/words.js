// Numbers into plain words. Nothing here touches the page.

/** "1 call", "2 calls". */
export const plural = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** Days as years and months: 800 -> "2 years and 2 months". */
export function span(days) {
  if (days < 31) return plural(Math.floor(days), "day");
  const months = Math.floor(days / 30.4375);
  const parts = [];
  if (months >= 12) parts.push(plural(Math.floor(months / 12), "year"));
  if (months % 12) parts.push(plural(months % 12, "month"));
  return parts.join(" and ");
}

/** Of how many people a probability is told: 100, or 1,000 where it is small. */
export const among = (risk) => (risk < 0.01 ? 1000 : 100);

/** Count out of `whole`, never 0 for a risk above 0. */
export function count(risk, whole) {
  const n = Math.round(risk * whole);
  return n === 0 && risk > 0 ? "fewer than 1" : String(n);
}

/** The risk in one sentence, with its interval where there is one. */
export function riskSentence({ risk, low, high, horizon_days: horizon }) {
  const whole = among(risk);
  const said = `About ${count(risk, whole)} of ${whole.toLocaleString("en")} customers with a history like this retaliate within ${horizon} days`;
  if (low == null || high == null) return `${said}.`;
  return `${said}; between ${count(low, whole)} and ${count(high, whole)} by the model's own uncertainty.`;
}

/** The history in plain sentences; what is not known is left out. */
export function historySentence(history) {
  const { tenure_days: tenure, calls, open_tickets: open, failed_recoveries: failed, double_deviation: twice } = history;
  const told = [];
  if (tenure != null) told.push(`A customer for ${span(tenure)}.`);
  if (calls != null) told.push(calls === 0 ? "Has never called." : `Called ${plural(calls, "time")}${open == null ? "" : `, ${open || "none"} still open`}.`);
  if (failed != null) told.push(failed === 0 ? "No recovery has failed." : `${plural(failed, "recovery", "recoveries")} failed.`);
  if (twice) told.push("Let down twice: a double deviation.");
  return told.join(" ");
}

export const influenceSentence = (influence) =>
  influence == null ? "Influence unknown: no public account. Not used in the risk." : `Influence ${Math.round(influence)} of 100 — not used in the risk.`;

export const day = (iso) => new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "2-digit", timeZone: "UTC" });

export const moment = (iso) =>
  `${new Date(iso).toLocaleString("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "UTC" })} UTC`;

export const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// A readout as elements: history first, then risk, reasons and what to do; influence small and last.

import { make } from "./parts.js";
import { among, capitalised, count, day, historySentence, influenceSentence, moment, riskSentence } from "./words.js";

const MARKS = [["acknowledged", "A", "Acknowledged"], ["disagree", "D", "Disagree"], ["snooze", "S", "Snooze"]];
const SNOOZES = [[1, "1 day"], [7, "1 week"], [30, "30 days"]];

/** Draw one readout; `mark` is called with the kind of feedback. */
export function drawReadout(answer, { changed, marked, mark }) {
  const article = make(
    "article.readout",
    make("header", make("h2", answer.customer_id), make("p.when", `As of ${moment(answer.moment)}`)),
    changed ? make("p.changed", changed) : null,
    history(answer.history),
    ...(answer.risk == null ? [unread(answer)] : [risk(answer), action(answer)]),
    marks(marked, mark),
    make("p.influence", influenceSentence(answer.influence)),
    provenance(answer),
  );
  article.tabIndex = -1;
  article.setAttribute("aria-label", `Readout of ${answer.customer_id}`);
  return article;
}

/** The words of a drawn readout without those that follow the clock. */
export function wordsOf(article) {
  const copy = article.cloneNode(true);
  copy.querySelectorAll(".when, .changed, details").forEach((node) => node.remove());
  return copy.textContent;
}

const part = (title, kind, ...children) => make(`section.part${kind}`, make("h3", title), ...children);

function history(told) {
  const lines = told.experiences.map(({ ticket_id: ticket, opened_at: at, line, failed }) => {
    const time = make("time", day(at));
    time.dateTime = at;
    return make(failed ? "li.failed" : "li", time, make("span", `${capitalised(line)} `, tickets([ticket])));
  });
  return part("History", ".first", make("p.facts", historySentence(told)), lines.length ? make("ol.experiences", ...lines) : null);
}

const tickets = (ids) => make("span.tickets", ...ids.flatMap((id) => [make("span.ticket", id), " "]));

function risk(answer) {
  const reasons = answer.reasons.map(({ sentence, tickets: behind }) => make("li", `${sentence} `, tickets(behind)));
  const whole = among(answer.risk);
  return part(
    "Risk of retaliation", "",
    make("p.risk", `${capitalised(answer.band)}: ${count(answer.risk, whole)} of ${whole.toLocaleString("en")}`),
    dots(answer, whole),
    make("p", riskSentence(answer)),
    reasons.length ? make("h3", "Why") : null,
    reasons.length ? make("ol.reasons", ...reasons) : null,
  );
}

/** A hundred dots: those of the estimate full, those up to the interval's end soft. */
function dots({ risk: estimate, high }, whole) {
  if (whole !== 100) return null;
  const on = Math.round(estimate * 100);
  const maybe = Math.max(on, Math.round((high ?? estimate) * 100));
  const grid = make("div.dots", ...Array.from({ length: 100 }, (_, i) => make(i < on ? "i.on" : i < maybe ? "i.maybe" : "i")));
  grid.setAttribute("aria-hidden", "true");
  return grid;
}

const unread = ({ caveats }) => part("Risk of retaliation", "", make("p", `No risk is shown. ${(caveats ?? [])[0] ?? ""}`));

const action = ({ action: what, action_why: why }) =>
  what ? part("What to do", "", make("p.action", make("strong", what), why ?? "")) : null;

function marks(marked, mark) {
  const buttons = MARKS.map(([kind, key, words]) => {
    const button = make("button", make("kbd", key), ` ${words}`);
    button.type = "button";
    button.dataset.mark = kind;
    button.setAttribute("aria-pressed", String(marked === kind));
    button.setAttribute("aria-keyshortcuts", key);
    button.addEventListener("click", () => mark(kind));
    return button;
  });
  const days = make("select", ...SNOOZES.map(([value, words]) => new Option(words, value, value === 7, value === 7)));
  days.id = "snooze-days";
  days.setAttribute("aria-label", "Snooze for");
  return make("div.marks", ...buttons.slice(0, 2), make("span.snooze", buttons[2], days));
}

function provenance(answer) {
  const lines = [
    ...(answer.caveats ?? []),
    `Model ${answer.model}, version ${answer.model_version}, run ${answer.run}; computed ${moment(answer.computed_at)}.`,
    "The risk advises; a person decides.",
  ];
  return make("details", make("summary", "How to read this"), make("ul", ...lines.map((line) => make("li", line))));
}

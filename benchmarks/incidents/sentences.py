"""What the results say, in words: made from them, so that no sentence outlives its numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from benchmarks.incidents.paired import LOWER

LEVEL = 0.05
BASELINES = {
    "prevalence": "a constant risk",
    "rule": "the rule",
    "open_tickets": "a count of open incidents",
}
#: What models have to beat; the rest are models.
NAIVE = (*BASELINES, "kaplan_meier")

Results = Mapping[str, Any]


def answer(days: str, found: Results) -> str:
    """Say whether anything beats the baselines, and by how much."""
    if _smallest_p(found) >= LEVEL:
        return f"Within {days} days nothing can be said: {found['facts']['n_bootstrap']} resamples are too few for Holm."
    ranked = [_ranked(found, name, words) for name, words in BASELINES.items()]
    return f"Within {days} days {_row(ranked)}. {_risks(found)} {_reached(found)}"


def _smallest_p(found: Results) -> float:
    """Return the least p that Holm can leave: one resample on the wrong side, times the models compared."""
    compared = {line["model"] for line in found["differences"]}
    return 2 * (len(compared) - 1) / (found["facts"]["n_bootstrap"] + 1)


def survivors(found: Results, baseline: str, metric: str, *, better: bool = True) -> pd.DataFrame:
    """Return the models' differences from one baseline that are better, or worse, at 5 % after Holm."""
    lines = pd.DataFrame(found["differences"])
    some = lines[(lines["baseline"] == baseline) & (lines["metric"] == metric) & (lines["holm"] < LEVEL)]
    up = (some["value"] > 0) == (better != (metric in LOWER))
    return some[up & ~some["model"].isin(NAIVE)]


def _ranked(found: Results, baseline: str, words: str) -> str:
    some = survivors(found, baseline, "auroc_within")
    if some.empty:
        return f"no model ranks callers better than {words}"
    gain = f"AUROC within a moment higher by {_span(some['value'], 2)}"
    return f"{_count(len(some), len(_models(found)))} better than {words} ({gain})"


def _models(found: Results) -> list[str]:
    return [name for name in dict.fromkeys(line["model"] for line in found["fits"]) if name not in NAIVE]


def _count(n: int, of: int) -> str:
    """Let the verb go with the number.

    >>> _count(1, 9), _count(8, 9), _count(9, 9)
    ('1 of 9 models ranks callers', '8 of 9 models rank callers', 'all 9 models rank callers')
    """
    return f"all {n} models rank callers" if n == of else f"{n} of {of} models rank{'s' * (n == 1)} callers"


def _span(values: pd.Series, decimals: int) -> str:
    """Write the least and the largest.

    >>> _span(pd.Series([0.123, 0.2]), 2), _span(pd.Series([0.123]), 2)
    ('0.12 to 0.20', '0.12')
    """
    low, high = f"{values.min():.{decimals}f}", f"{values.max():.{decimals}f}"
    return low if low == high else f"{low} to {high}"


def _risks(found: Results) -> str:
    better, worse = (survivors(found, "prevalence", "brier", better=side)["model"] for side in (True, False))
    said = "No model has a lower (better) Brier score than a constant risk"
    if len(better):
        said = f"The Brier score of {_listed(better)} is lower (better) than that of a constant risk"
    return f"{said}; that of {len(worse)} is higher." if len(worse) else f"{said}."


def _reached(found: Results) -> str:
    some = list(survivors(found, "prevalence", "reached")["model"])
    if not some:
        return "With 50 answers at each moment no model reaches more of those who reopen than chance."
    lines = pd.DataFrame(found["differences"])
    own = lines[(lines["baseline"] == "") & (lines["metric"] == "reached")].set_index("model")["value"] * 100
    who = _listed(some) if len(some) < 4 else f"{len(some)} models"
    return (
        f"With 50 answers at each moment {who} reach {_span(own[some], 1)} % of those who reopen; chance "
        f"reaches {own['prevalence']:.1f} %, the count of open incidents {own['open_tickets']:.1f} %."
    )


def _listed(names: Any) -> str:
    """Write names in a row.

    >>> _listed(["a", "b", "c"])
    '`a`, `b` and `c`'
    """
    return _row([f"`{name}`" for name in names])


def _row(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def facts(found: Results) -> str:
    """Say what the numbers rest on."""
    known, at = found["facts"], found["moments"]
    return (
        f"{len(at)} moments from {at[0]['split']} to {at[-1]['split']}, {known['step_days']} days apart; "
        f"{known['rows']:,} rows of callers at risk, {known['events']} of them with a reopening within the horizon, by "
        f"{known['callers']} callers; {known['columns']} features. {known['left']} callers left and {known['lost']} were "
        f"lost from sight within a horizon, the last of which ends where coverage does, on {known['end']}. No caller has "
        f"been known for longer than {known['longest_tenure_days']:.0f} days."
    )


def unfitted(found: Results) -> str:
    """List models that could not be fitted, with where and why; empty if all could."""
    where = [
        f"- `{line['model']}` at {line['split']}, from {line['n_events']} reopenings: {line['why']}"
        for line in found["fits"]
        if not line["fitted"]
    ]
    head = "Not fitted, so judged, and compared, at the other moments only:"
    return "\n".join([head, "", *where]) if where else ""


def moved(found: Results) -> str:
    """Say what changed from the first moment to the last."""
    first, last = found["moments"][0], found["moments"][-1]
    return (
        f"From the first moment to the last the callers at risk went from {first['n']:,} to {last['n']:,} and those who "
        f"reopen from {first['n_events']} to {last['n_events']}, so their share from {first['observed']:.1%} to "
        f"{last['observed']:.1%}; a constant risk, learned from what was known by then, said {first['risk_prevalence']:.1%} "
        f"and {last['risk_prevalence']:.1%}. {_order_moved(found)} Of the {last['n_events']} at the last moment "
        f"{last['n_events'] - last['n_new']} had been counted at an earlier one: horizons overlap."
    )


def _order_moved(found: Results) -> str:
    """Give the range of the AUROC over models that were fitted everywhere, at the first and at the last moment."""
    scores = pd.DataFrame(found["scores"])
    rows = (scores["metric"] == "auroc") & (scores["split"] != "all") & scores["model"].isin(_models(found))
    each = scores[rows].pivot(index="model", columns="split", values="value")
    whole = each.reindex(columns=[at["split"] for at in found["moments"]]).dropna()
    first, last = _span(whole.iloc[:, 0], 2), _span(whole.iloc[:, -1], 2)
    return f"The AUROC of the {len(whole)} models fitted everywhere was {first} at the first moment, {last} at the last."


def searched(search: Results) -> str:
    """Say what the search chose before the last moment, and whether that helped at it."""
    if "why" in search:
        return f"Nothing could be searched: {search['why']}"
    best = next(line for line in search["tried"] if line["chosen"])
    looked = (
        f"`search` tried {len(search['tried'])} settings in {search['n_fits']} fits, judged at "
        f"{_row(search['moments'])} ({best['n_events']} rows with a reopening), with nothing known from {search['last']} on."
    )
    if not search["settings"]:
        return f"{looked} None had a lower log loss than the model's own settings, so it chose those."
    return f"{looked} {_chosen(best)} {_at_last(search)}"


def _chosen(best: Results) -> str:
    named = ", ".join(f"{name} {value:g}" for name, value in json.loads(best["settings"]).items())
    loss = f"{best['difference']:+.4f} ({best['low']:+.4f} to {best['high']:+.4f})"
    return f"It chose {named}: log loss {loss} there against the model's own settings, the best of all that it looked at."


def _at_last(search: Results) -> str:
    lines = {line["metric"]: line for line in search["differences"] if line["baseline"]}
    shown = {
        "auroc_within": ("AUROC", 1, 3),
        "brier": ("Brier x 1,000", 1000, 2),
        "reached": ("reopenings reached", 100, 1),
    }
    told = [f"{words} {_pair(lines[name], times, digits)}" for name, (words, times, digits) in shown.items()]
    helped = [words for name, (words, *_) in shown.items() if _helped(name, lines[name])]
    verdict = (
        f"It helped in {_row(helped)}."
        if helped
        else "It did not help: no interval lies on the better side of 0."
    )
    return f"At {search['last']}, which it had not seen, chosen less own: {', '.join(told)} points. {verdict}"


def _helped(name: str, line: Results) -> bool:
    return bool(line["high"] < 0 if name in LOWER else line["low"] > 0)


def _pair(line: Results, times: float, decimals: int) -> str:
    value, low, high = (signed(times * line[name], decimals) for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def signed(value: float, decimals: int) -> str:
    """Write a number with its sign, and none on a zero.

    >>> signed(0.0004, 3), signed(-0.0004, 3), signed(0.0006, 3)
    ('0.000', '0.000', '+0.001')
    """
    text = f"{value:+.{decimals}f}"
    return text if float(text) else text[1:]

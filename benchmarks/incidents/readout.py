"""The answer and the tables of docs/incident_study.md, from the results and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from benchmarks.churn.readout import table
from benchmarks.incidents import sentences
from benchmarks.incidents.paired import LOWER

BEGIN, END = "<!-- {} made by python -m benchmarks.incidents --save -->", "<!-- end of {} -->"
LEVEL = 0.05
#: Models that say one risk to everybody at a moment: a slope of theirs is one of dates.
CONSTANT = ("prevalence", "kaplan_meier")

#: Metric of ``evaluate``, its heading, how much it is multiplied by, and its decimals.
SHOWN = {
    "auroc": ("AUROC, all moments pooled", 1, 3),
    "auroc_within": ("AUROC within a moment", 1, 3),
    "auprc": ("average precision", 1, 3),
    "brier": ("Brier x 1,000", 1000, 1),
    "calibration_slope": ("calibration slope", 1, 2),
    "calibration_intercept": ("calibration intercept", 1, 2),
    "reached": ("reopenings reached, %", 100, 1),
}
DIFFERENCES = ("auroc_within", "brier", "reached")

Results = Mapping[str, Any]


def parts(results: Mapping[str, Results]) -> dict[str, str]:
    """Write the generated parts of the page, by the name in their markers; ``results`` by horizon, the question first."""
    (first, asked), *others = results.items()
    answers = [sentences.answer(first, asked), *(sentences.answer(days, found) for days, found in others)]
    return {
        "answer": "\n\n".join((f"**{answers[0]}**", *answers[1:])),
        "tables": "\n\n".join(_horizon(days, found) for days, found in results.items()),
    }


def into(page: str, made: Mapping[str, str]) -> str:
    """Put each part between its markers.

    >>> into(BEGIN.format("answer") + "old" + END.format("answer"), {"answer": "new"}).splitlines()[2]
    'new'
    """
    for name, text in made.items():
        begin, end = BEGIN.format(name), END.format(name)
        before, rest = page.split(begin)
        page = f"{before}{begin}\n\n{text}\n\n{end}{rest.split(end)[1]}"
    return page


def _horizon(days: str, found: Results) -> str:
    blocks = (
        (f"## Within {days} days", sentences.facts(found)),
        ("### How well each model ranks and how far it can be believed", models(found)),
        ("", sentences.unfitted(found)),
        ("### Against a constant risk (prevalence)", against(found, "prevalence")),
        ("### Against the rule", against(found, "rule")),
        ("### Against the count of open incidents", against(found, "open_tickets")),
        ("### Queues that use no model", policies(found)),
        ("### Moment by moment", f"{sentences.moved(found)}\n\n{moments(found)}"),
        ("### Boosting with searched settings", sentences.searched(found["search"])),
    )
    return "\n\n".join(text for block in blocks for text in block if text)


def models(found: Results) -> str:
    """One row per model, one column per metric with its interval, and the processor seconds of all its fits."""
    seconds = pd.DataFrame(found["fits"]).groupby("model", sort=False)["seconds"].first()
    cells = _levels(found)
    rows = [
        (model, *(_level(cells, model, name) for name in SHOWN), f"{spent:.1f}")
        for model, spent in seconds.items()
    ]
    return table(["model", *(heading for heading, *_ in SHOWN.values()), "processor seconds"], rows)


def against(found: Results, baseline: str) -> str:
    """Paired differences of each model from one baseline, and what Holm leaves of them."""
    lines = pd.DataFrame(found["differences"])
    lines = lines[lines["baseline"] == baseline]
    rows = []
    for model, some in lines.groupby("model", sort=False):
        each = {line.metric: line for line in some.itertuples()}
        rows.append((model, some["moments"].iloc[0], *(difference(each[name]) for name in DIFFERENCES)))
    return table(["model", "moments", *(SHOWN[name][0] for name in DIFFERENCES)], _in_order(found, rows))


def difference(line: Any) -> str:
    """Write a difference with its interval, in bold with its meaning where Holm leaves it.

    >>> from types import SimpleNamespace as Line
    >>> difference(Line(metric="brier", value=0.002, low=0.001, high=0.003, holm=0.01))
    '**+2.0** (+1.0 to +3.0), worse'
    >>> difference(Line(metric="brier", value=0.002, low=0.001, high=0.003, holm=0.06))
    '+2.0 (+1.0 to +3.0)'
    """
    _, times, decimals = SHOWN[line.metric]
    value, low, high = (
        sentences.signed(times * number, decimals) for number in (line.value, line.low, line.high)
    )
    if not line.holm < LEVEL:
        return f"{value} ({low} to {high})" if line.low == line.low else value
    better = (line.value > 0) != (line.metric in LOWER)
    return f"**{value}** ({low} to {high}), {'better' if better else 'worse'}"


def policies(found: Results) -> str:
    """Reopenings reached by queues that need no model."""
    scores = pd.DataFrame(found["scores"])
    some = scores[
        (scores["metric"] == "events_reached") & (scores["model"] == "") & (scores["split"] == "all")
    ]
    rows = [(line.policy, _cell(line, 100, 1)) for line in some.itertuples()]
    return table(["queue", SHOWN["reached"][0]], rows)


def moments(found: Results) -> str:
    """One column per moment: who was at risk, what happened, what was said, and each model's AUROC there."""
    at = pd.DataFrame(found["moments"]).set_index("split")
    scores = pd.DataFrame(found["scores"])
    auroc = scores[scores["metric"] == "auroc"].pivot(index="model", columns="split", values="value")
    learned = pd.DataFrame(found["fits"]).groupby("split")["n_events"].first()
    rows: list[tuple[object, ...]] = [
        ("reopenings to learn from", *learned[at.index]),
        ("callers at risk", *(f"{n:,}" for n in at["n"])),
        ("of them reopen", *at["n_events"]),
        ("not seen to reopen at an earlier moment", *at["n_new"]),
        ("share", *(f"{share:.2%}" for share in at["observed"])),
        *(
            (f"said by {name}", *(f"{share:.2%}" for share in at[f"risk_{name}"]))
            for name in ("prevalence", "cox", "boosting")
            if f"risk_{name}" in at
        ),
    ]
    ranked = [name for name in _names(found) if name in auroc.index and name not in CONSTANT]
    rows += [
        (f"AUROC of {name}", *(_number(value, 3) for value in auroc.loc[name, at.index])) for name in ranked
    ]
    return table(["", *at.index], rows)


def _levels(found: Results) -> dict[tuple[str, str], Any]:
    """Value and interval of each metric of each model, from ``evaluate`` and, for the two that it lacks, ``compare``."""
    scores, lines = pd.DataFrame(found["scores"]), pd.DataFrame(found["differences"])
    whole = scores[(scores["split"] == "all") & (scores["policy"] == "")]
    own = lines[(lines["baseline"] == "") & lines["metric"].isin(["auroc_within", "reached"])]
    return {(line.model, line.metric): line for frame in (whole, own) for line in frame.itertuples()}


def _level(cells: Mapping[tuple[str, str], Any], model: str, metric: str) -> str:
    if (model, metric) not in cells or (model in CONSTANT and metric == "calibration_slope"):
        return ""
    return _cell(cells[model, metric], *SHOWN[metric][1:])


def _cell(line: Any, times: float, decimals: int) -> str:
    value, low, high = (_number(times * number, decimals) for number in (line.value, line.low, line.high))
    return f"{value} ({low} to {high})" if low else value


def _number(value: float, decimals: int) -> str:
    return "" if pd.isna(value) else f"{value:.{decimals}f}"


def _names(found: Results) -> list[str]:
    return list(dict.fromkeys(line["model"] for line in found["fits"]))


def _in_order(found: Results, rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in the order of the models, whose name comes first."""
    return sorted(rows, key=lambda row: _names(found).index(row[0]))

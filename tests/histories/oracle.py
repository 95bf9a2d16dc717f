"""The oracle: each operation as a plain loop over a customer's rows, written without looking at the compiled pass."""

from __future__ import annotations

import math

from retaliation_risk.histories import Aggregate

DAY = 86_400_000_000


def value(aggregate: Aggregate, rows: list[dict], moment: int) -> float:
    """Value of the aggregate at the moment; ``rows`` are dicts with known, flags (set) and values (dict), sorted."""
    opens = -math.inf if aggregate.days is None else moment - aggregate.days * DAY
    past = [row for row in rows if row["known"] < moment]
    inside = [row for row in past if row["known"] >= opens]
    return _OPERATIONS[aggregate.operation](aggregate, past, inside, moment)


def _wanted(aggregate, rows):
    kept = [row for row in rows if not aggregate.where or aggregate.where in row["flags"]]
    if aggregate.column:
        kept = [row for row in kept if not math.isnan(row["values"][aggregate.column])]
    return kept


def _number(aggregate, row):
    return row["values"][aggregate.column] if aggregate.column else 1.0


def _count(aggregate, past, inside, moment):
    return float(len(_wanted(aggregate, inside)))


def _sum(aggregate, past, inside, moment):
    return math.fsum(_number(aggregate, row) for row in _wanted(aggregate, inside))


def _mean(aggregate, past, inside, moment):
    rows = _wanted(aggregate, inside)
    return math.fsum(_number(aggregate, row) for row in rows) / len(rows) if rows else math.nan


def _last(aggregate, past, inside, moment):
    rows = _wanted(aggregate, inside)
    return _number(aggregate, rows[-1]) if rows else math.nan


def _days_since(aggregate, past, inside, moment):
    rows = _wanted(aggregate, inside)
    return float((moment - rows[-1]["known"]) // DAY) if rows else math.nan


def _days_since_first(aggregate, past, inside, moment):
    rows = _wanted(aggregate, past)
    return float((moment - rows[0]["known"]) // DAY) if rows else math.nan


def _streak(aggregate, past, inside, moment):
    run = 0
    for row in reversed(inside):
        if aggregate.where in row["flags"]:
            run += 1
        else:
            break
    return float(run)


def _decayed(aggregate, past, inside, moment):
    half = aggregate.half_life_days * DAY
    rows = _wanted(aggregate, past)
    return math.fsum(_number(aggregate, row) * 2.0 ** (-(moment - row["known"]) / half) for row in rows)


def _spell(aggregate, past, inside, moment):
    level, since = 0.0, moment
    for row in _wanted(aggregate, past):
        if level <= 0 < level + _number(aggregate, row):
            since = row["known"]
        level += _number(aggregate, row)
    return (moment - since) / DAY if level > 0 else 0.0


def _area(aggregate, past, inside, moment):
    return math.fsum(
        _number(aggregate, row) * (moment - row["known"]) / DAY for row in _wanted(aggregate, past)
    )


_OPERATIONS = {
    "count": _count, "sum": _sum, "mean": _mean, "last": _last, "dayssince": _days_since,
    "dayssincefirst": _days_since_first, "streak": _streak, "decayed": _decayed, "spell": _spell, "area": _area,
}  # fmt: skip

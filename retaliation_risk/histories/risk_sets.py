"""Sampled risk sets: for each act, its customer and a few others at risk at that moment (nested case-control).

Whoever was at risk at the moment could have been sampled, future retaliators too. The features of case and controls are
asked of the histories at that moment, so training cost grows with the number of acts, not of customers.

References
----------
Goldstein and Langholz (1992), Annals of Statistics 20(4); counter-matching: Langholz and Borgan (1995), Biometrika 82(1).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retaliation_risk.histories.at_risk import RiskSpans
from retaliation_risk.histories.follow_up import NEVER
from retaliation_risk.histories.logs import Log

Int64 = npt.NDArray[np.int64]
ROUNDS = 60


def by_exposure(spans: RiskSpans, log: Log) -> tuple[RiskSpans, RiskSpans]:
    """Split the time at risk into before and after each customer's first row in a log became known."""
    n = len(log.starts) - 1
    first = np.full(n, NEVER)
    some = np.diff(log.starts) > 0
    first[some] = log.known[log.starts[:-1][some]]
    return spans.within(-NEVER, first[spans.code]), spans.within(first[spans.code], NEVER)


def sample_sets(
    strata: tuple[RiskSpans, ...], cases: Int64, times: Int64, controls: int, seed: int
) -> dict[str, npt.NDArray[np.generic]]:
    """Draw each case's risk set, uniformly and without replacement within each stratum.

    Parameters
    ----------
    strata : tuple of RiskSpans
        Time at risk, cut into strata that do not overlap; one stratum is plain nested case-control sampling.
    cases, times : int64, shape (n_acts,)
        Customer and moment of each act; every case is at risk at its moment.
    controls : int
        Controls per case in all; with several strata each gets an equal share of the set, the case counting in its own.
    seed : int
        The draw is the same for the same seed, whatever the order of rows in the tables.

    Returns
    -------
    dict of arrays
        ``set`` (position of the act), ``code``, ``case``, ``log_weight`` (log of how many at risk each row stands for),
        ``n_at_risk``.
    """
    generator = np.random.default_rng(seed)
    share = [len(part) for part in np.array_split(np.arange(controls + 1), len(strata))]
    total = np.sum([stratum.counts(times) for stratum in strata], axis=0)
    parts = []
    for stratum, wanted in zip(strata, share, strict=True):
        here = _contains(stratum, cases, times)
        at_risk = stratum.counts(times)
        others = np.minimum(np.maximum(wanted - here, 0), at_risk - here)
        drawn = _draw(stratum, cases, times, others, generator)
        size = np.bincount(drawn[0], minlength=len(cases)) + here
        parts.append(_stratum_rows(cases, here, drawn, at_risk, size))
    columns = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    order = np.lexsort((columns["code"], ~columns["case"], columns["set"]))
    return {
        **{key: column[order] for key, column in columns.items()},
        "n_at_risk": total[columns["set"][order]],
    }


def everybody(spans: RiskSpans, cases: Int64, times: Int64) -> dict[str, npt.NDArray[np.generic]]:
    """Return every customer at risk at each act, in the columns and order of :func:`sample_sets`."""
    held = [np.sort(spans.code[(spans.start < time) & (time <= spans.stop)]) for time in times]
    code = np.concatenate(
        [np.append(case, there[there != case]) for case, there in zip(cases, held, strict=True)]
    )
    size = np.array([len(there) for there in held])
    first = np.cumsum(size) - size
    case = np.zeros(len(code), dtype=bool)
    case[first] = True
    return {
        "set": np.repeat(np.arange(len(cases)), size),
        "code": code,
        "case": case,
        "log_weight": np.zeros(len(code)),
        "n_at_risk": np.repeat(size, size),
    }


def _stratum_rows(
    cases: Int64, here: npt.NDArray[np.bool_], drawn: tuple[Int64, Int64], at_risk: Int64, size: Int64
) -> dict[str, npt.NDArray[np.generic]]:
    sets = np.concatenate([np.flatnonzero(here), drawn[0]])
    return {
        "set": sets,
        "code": np.concatenate([cases[here], drawn[1]]),
        "case": np.repeat([True, False], [int(here.sum()), len(drawn[0])]),
        "log_weight": np.log(at_risk[sets] / size[sets]),
    }


def _contains(spans: RiskSpans, codes: Int64, times: Int64) -> npt.NDArray[np.bool_]:
    """Whether each customer is at risk at each time."""
    is_question = np.repeat([False, True], [len(spans.code), len(codes)])
    # A span holds its end but not its start: at equal times the question comes before the span begins.
    order = np.lexsort(
        (~is_question, np.concatenate([spans.start, times]), np.concatenate([spans.code, codes]))
    )
    row = np.empty(len(order), dtype=np.int64)
    row[order] = np.cumsum(~is_question[order]) - 1
    found = row[len(spans.code) :]
    safe = np.maximum(found, 0)
    if not len(spans.code):
        return np.zeros(len(codes), dtype=bool)
    held = (
        (found >= 0) & (spans.code[safe] == codes) & (spans.start[safe] < times) & (times <= spans.stop[safe])
    )
    return np.asarray(held, dtype=bool)


def _draw(
    spans: RiskSpans, cases: Int64, times: Int64, wanted: Int64, generator: np.random.Generator
) -> tuple[Int64, Int64]:
    """Draw ``wanted`` other customers at risk for each act; returns (position of the act, customer)."""
    sets, codes = np.empty(0, np.int64), np.empty(0, np.int64)
    missing = wanted.copy()
    for _ in range(ROUNDS):
        if not missing.any():
            return sets, codes
        asked = np.repeat(np.arange(len(cases)), 2 * missing)
        row = generator.integers(0, len(spans.code), len(asked))
        good = (
            (spans.start[row] < times[asked])
            & (times[asked] <= spans.stop[row])
            & (spans.code[row] != cases[asked])
        )
        sets = np.concatenate([sets, asked[good]])
        codes = np.concatenate([codes, spans.code[row[good]]])
        sets, codes = _first_of_each(sets, codes, wanted)
        missing = wanted - np.bincount(sets, minlength=len(cases))
    short = np.flatnonzero(missing)
    rest = [
        _enumerate(spans, cases, times, int(act), codes[sets == act], missing, generator) for act in short
    ]
    return np.concatenate([sets, np.repeat(short, missing[short])]), np.concatenate([codes, *rest])


def _first_of_each(sets: Int64, codes: Int64, wanted: Int64) -> tuple[Int64, Int64]:
    """Keep the first draw of each customer in each set, and no more than wanted, in the order drawn."""
    _, first = np.unique(sets * (int(codes.max(initial=0)) + 1) + codes, return_index=True)
    first.sort()
    sets, codes = sets[first], codes[first]
    order = np.argsort(sets, kind="stable")
    starts = np.searchsorted(sets[order], sets[order], side="left")
    keep = order[np.arange(len(order)) - starts < wanted[sets[order]]]
    return sets[keep], codes[keep]


def _enumerate(
    spans: RiskSpans,
    cases: Int64,
    times: Int64,
    act: int,
    taken: Int64,
    missing: Int64,
    generator: np.random.Generator,
) -> Int64:
    """Draw from the full list of those at risk, where few are and guessing takes too long."""
    there = spans.code[(spans.start < times[act]) & (times[act] <= spans.stop)]
    free = np.setdiff1d(there, np.append(taken, cases[act]))
    return np.asarray(generator.choice(free, size=int(missing[act]), replace=False), dtype=np.int64)

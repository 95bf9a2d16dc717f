"""Fine and Gray's model: those who met another cause stay at risk, with the chance that they would still be observed.

The weights make the hazard of the *subdistribution* a matter of Cox's partial likelihood, so that a coefficient says in
which direction the cumulative incidence itself moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.models._spells import Spells, read_spells
from retaliation_risk.models.partial import CoxFit, fit_partial
from retaliation_risk.models.partial.rows import Bools, Floats, Ints


@dataclass(frozen=True)
class FineGrayRows:
    """Rows for the partial likelihood; a row that met another cause goes on as several, of falling weight.

    Attributes
    ----------
    row : array of int, shape (n_out,)
        Which of the given rows this one comes from: its covariates are ``X[row]``.
    start, stop : array, shape (n_out,)
        At risk in (start, stop].
    event : array of bool, shape (n_out,)
        Whether the cause asked for came at ``stop``.
    weight : array, shape (n_out,)
        Case weight times the chance to be still observed, given that one was when the other cause came.
    """

    row: Ints
    start: Floats
    stop: Floats
    event: Bools
    weight: Floats


def fine_gray_rows(
    stop: npt.ArrayLike,
    cause: npt.ArrayLike,
    *,
    of: int = 1,
    start: npt.ArrayLike | None = None,
    customer: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
) -> FineGrayRows:
    """Expand rows for the subdistribution hazard of one cause, as R's ``finegray`` does.

    Parameters
    ----------
    stop : array, shape (n,)
        End of each row; without ``start`` a duration, 0 or more.
    cause : array of int, shape (n,)
        1, 2, ... for what ended the row, 0 for censored.
    of : int, default 1
        The cause whose incidence is modelled.
    start : array, shape (n,), optional
        Rows are at risk in (start, stop]. Where someone enters after the first row has ended, the weights also hold the
        chance to have entered (late entry).
    customer : array of labels, shape (n,), optional
        Where customers have several rows: these follow one another without gap, and only the last may end with a cause.
    strata : array of labels, shape (n,), optional
        Each stratum has its own censoring and entry, so its own weights; fit with the same strata. Those in which the
        cause never came are left out.
    weight : array, shape (n,), optional
        Case weights above 0; they multiply, and do not change how censoring is estimated.

    Returns
    -------
    FineGrayRows
        At most one row more per other-cause row and stretch between censorings that holds an event.

    Raises
    ------
    ArgumentError
        RR111 for rows that cannot be used, and where all at risk were censored, or entered, at one moment, so that there
        is no weight to carry on with.
    GateError
        RR401 when the cause has no event.

    References
    ----------
    Fine and Gray (1999), doi:10.1080/01621459.1999.10474144; for late entry Geskus (2011),
    doi:10.1111/j.1541-0420.2010.01420.x.

    Examples
    --------
    >>> rows = fine_gray_rows([1, 2, 3, 4], [2, 0, 1, 1])
    >>> [rows.row.tolist(), rows.start.tolist(), rows.stop.tolist()]
    [[0, 0, 1, 2, 3], [0.0, 2.0, 0.0, 0.0, 0.0], [2.0, 4.0, 2.0, 3.0, 4.0]]
    >>> rows.weight.round(4).tolist()
    [1.0, 0.6667, 1.0, 1.0, 1.0]
    """
    spells = read_spells(stop, cause, start=start, weight=weight, cluster=customer)
    _has_events(spells, of)
    spells = _from_a_beginning(spells)
    first, last = _ends(spells)
    late = bool((spells.start[first] > spells.times[0]).any())
    parts = [
        _expand(spells, np.flatnonzero(mine), _Curve.of(spells, mine, first, last, late), last, of)
        for mine in _strata(strata, len(spells.stop))
        if (spells.cause[mine] == of).any()
    ]
    return FineGrayRows(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def fit_fine_gray(
    X: npt.ArrayLike,
    *,
    stop: npt.ArrayLike,
    cause: npt.ArrayLike,
    of: int = 1,
    start: npt.ArrayLike | None = None,
    customer: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    ties: str = "efron",
    ridge: float = 0.0,
    names: Sequence[str] | None = None,
) -> CoxFit:
    """Fit Fine and Gray's model: :func:`fine_gray_rows`, then the weighted partial likelihood.

    Arguments as there and in :func:`retaliation_risk.models.partial.fit_partial`; strata also have their own baseline
    hazard. The errors are robust by customer (by row without ``customer``), as in R's
    ``coxph(Surv(fgstart, fgstop, fgstatus) ~ ., weight = fgwt, cluster = id)``.

    Returns
    -------
    CoxFit
        ``exp(coefficients)`` are ratios of subdistribution hazards. One minus a survival curve of the same rows
        (``partial_rows`` of what :func:`fine_gray_rows` gives, ``fit_rows``, ``baseline``) is a predicted incidence.

    Raises
    ------
    ArgumentError, GateError
        As :func:`fine_gray_rows` and ``fit_partial`` do.

    Examples
    --------
    >>> fit = fit_fine_gray([[1.0], [0.0], [0.0], [1.0]], stop=[1, 2, 3, 4], cause=[1, 2, 1, 1])
    >>> fit.coefficients.round(4).tolist()
    [0.9406]
    """
    rows = fine_gray_rows(stop, cause, of=of, start=start, customer=customer, strata=strata, weight=weight)
    matrix, n = np.asarray(X, dtype=np.float64), len(np.asarray(cause))
    if len(matrix) != n:
        raise ArgumentError(
            "RR111", f"X has {len(matrix)} rows and cause has {n}; they must be the same rows."
        )
    owner = np.arange(n) if customer is None else np.asarray(customer)
    return fit_partial(
        matrix[rows.row],
        start=rows.start,
        stop=rows.stop,
        event=rows.event,
        weight=rows.weight,
        strata=None if strata is None else np.asarray(strata)[rows.row],
        cluster=owner[rows.row],
        ties=ties,
        ridge=ridge,
        names=names,
    )


@dataclass(frozen=True)
class _Curve:
    """Chance to have entered and not to be censored, on stretches (previous end, end]."""

    ends: Floats
    chance: Floats

    @classmethod
    def of(cls, spells: Spells, mine: Bools, first: Bools, last: Bools, late: bool) -> _Curve:
        """Kaplan-Meier of censoring, and where there is late entry the same of entry, backward in time."""
        start, stop = spells.start[mine], spells.stop[mine]
        event, end = spells.event[mine], float(stop.max())
        censored, seen = _not_censored(start, stop, event, last[mine])
        if not late:
            return cls(np.append(censored, end), np.append(1.0, seen))
        entries, entered = _entered(start, stop, first[mine])
        times = np.union1d(entries, censored)
        in_by = np.searchsorted(entries, times, side="right") - 1
        out_by = np.searchsorted(censored, times, side="right")
        return cls(np.append(times, end), np.append(1.0, entered[in_by] * np.append(1.0, seen)[out_by]))

    def stretch(self, times: Floats) -> Ints:
        """Position of the stretch that holds each time."""
        return np.searchsorted(self.ends, times).astype(np.int64)


def _not_censored(start: Floats, stop: Floats, event: Bools, last: Bools) -> tuple[Floats, Floats]:
    """Find the times of censoring, and the chance not to have been censored by each; at a tie events come first."""
    times, lost = np.unique(stop[last & ~event], return_counts=True)
    gone = np.searchsorted(np.sort(stop[event]), times, side="right") + np.searchsorted(
        np.sort(stop[~event]), times
    )
    at_risk = np.searchsorted(np.sort(start), times) - gone
    return times, np.asarray(np.cumprod(1.0 - lost / at_risk), dtype=np.float64)


def _entered(start: Floats, stop: Floats, first: Bools) -> tuple[Floats, Floats]:
    """Find the times of entry, and the chance to have entered by each: Kaplan-Meier with time running backward."""
    times, came = np.unique(start[first], return_counts=True)
    there = np.searchsorted(np.sort(start), times, side="right") - np.searchsorted(
        np.sort(stop), times, side="right"
    )
    later = (1.0 - came / there)[:0:-1]
    return times, np.append(1.0, np.cumprod(later))[::-1]


def _expand(
    spells: Spells, rows: Ints, curve: _Curve, last: Bools, of: int
) -> tuple[Ints, Floats, Floats, Bools, Floats]:
    """Row, start, stop, event and weight of one stratum's rows, each followed by what it goes on as."""
    stop, cause = spells.stop[rows], spells.cause[rows]
    met = cause == of
    kept = np.unique(curve.stretch(stop[met]))
    on = (cause > 0) & ~met & last[rows]
    here = curve.stretch(stop)
    after = np.searchsorted(kept, here, side="right")
    n_more = np.where(on, len(kept) - after, 0)
    owner = np.repeat(np.arange(len(rows)), n_more)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(n_more) - n_more, n_more)
    stretch = kept[after[owner] + number]
    weight = _ratio(curve, stretch, here[owner])
    every = np.append(np.arange(len(rows)), owner)
    order = np.argsort(every, kind="stable")
    out = every[order]
    return (
        rows[out],
        np.append(spells.start[rows], curve.ends[stretch - 1])[order],
        np.append(np.where(on, curve.ends[here], stop), curve.ends[stretch])[order],
        met[out],
        np.append(np.ones(len(rows)), weight)[order] * spells.weight[rows[out]],
    )


def _ratio(curve: _Curve, stretch: Ints, here: Ints) -> Floats:
    """Chance to be observed on a stretch, given that one was on the stretch in which the other cause came."""
    empty = (curve.chance[stretch] <= 0) | (curve.chance[here] <= 0)
    if empty.any():
        at = float(curve.ends[here[int(np.argmax(empty))]])
        raise ArgumentError(
            "RR111",
            f"near time {at!r} all rows at risk were censored, or had entered, at one moment, so nobody stands for those "
            "who met another cause before; begin observation later, or end it earlier, where more are at risk.",
        )
    ratio: Floats = curve.chance[stretch] / curve.chance[here]
    return ratio


def _has_events(spells: Spells, of: int) -> None:
    causes, counts = np.unique(spells.cause[spells.event], return_counts=True)
    if of not in causes:
        found = ", ".join(f"{cause}: {n}" for cause, n in zip(causes.tolist(), counts.tolist(), strict=True))
        raise GateError("RR401", f"cause {of!r} has 0 events; events by cause are {found}.")


def _from_a_beginning(spells: Spells) -> Spells:
    """Give rows that are at risk from the beginning a start: 0, or -1 where a row has no length."""
    if np.isfinite(spells.start).all():
        return spells
    zero = 0.0 if spells.times[0] > 0 else -1.0
    return replace(spells, start=np.full(len(spells.stop), zero))


def _ends(spells: Spells) -> tuple[Bools, Bools]:
    """Whether each row is the first, and the last, of its customer; refuses gaps, overlaps and causes in between."""
    order = np.lexsort((spells.start, spells.cluster))
    owner = spells.cluster[order]
    new = np.diff(owner, prepend=-1) > 0
    inner = np.flatnonzero(~new)
    before, after = order[inner - 1], order[inner]
    _refuse(spells.start[after] != spells.stop[before], before, after, spells, "does not begin where")
    _refuse(spells.event[before], before, after, spells, "follows the end, by a cause, of")
    first, last = np.zeros(len(owner), dtype=bool), np.zeros(len(owner), dtype=bool)
    first[order], last[order] = new, np.append(new[1:], True)
    return first, last


def _refuse(wrong: Bools, before: Ints, after: Ints, spells: Spells, what: str) -> None:
    if wrong.any():
        i, j = int(before[wrong][0]), int(after[wrong][0])
        raise ArgumentError(
            "RR111",
            f"row {j} ({spells.start[j]:g} to {spells.stop[j]:g}) {what} row {i} ({spells.start[i]:g} to "
            f"{spells.stop[i]:g}) of the same customer; rows of a customer follow one another, and a cause is the last.",
        )


def _strata(strata: npt.ArrayLike | None, n: int) -> list[Bools]:
    """Mark the rows of each stratum, in order of their labels."""
    if strata is None:
        return [np.ones(n, dtype=bool)]
    if np.shape(strata) != (n,):
        raise ArgumentError(
            "RR111", f"strata has shape {np.shape(strata)}; cause has {n} rows, so it must be ({n},)."
        )
    labels, code = np.unique(np.asarray(strata), return_inverse=True)
    return [code == k for k in range(len(labels))]

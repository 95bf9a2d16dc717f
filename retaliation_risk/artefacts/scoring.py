"""The door of scoring: what comes in is made into the columns that the model learned from, and what was odd is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.artefacts.reference import Reference, Spread
from retaliation_risk.errors import DataError

Floats = npt.NDArray[np.float64]

#: Columns that say whose row it is and of when; they are neither features nor extra.
KEYS = ("customer_id", "moment", "as_of", "known_at")

#: A column ``<feature>_known_at`` says when the feature's latest fact became known.
KNOWN_AT = "_known_at"

#: Whole numbers from here on are not all floats.
EXACT = 2**53


@dataclass(frozen=True)
class Coercion:
    """A column that was not float64.

    Parameters
    ----------
    column, found, to : str
        Its name, its dtype and that of the model.
    rows_changed : int
        Rows whose value is now another: texts and truth values that became numbers, whole numbers too large to be exact.
    rows_failed : int
        Rows whose value could not be a finite number; they are missing now.
    """

    column: str
    found: str
    to: str
    rows_changed: int
    rows_failed: int


@dataclass(frozen=True)
class Oddities:
    """Rows in which a feature is unlike training.

    Parameters
    ----------
    feature : str
    missing : int
        Rows without a value.
    below, above : int
        Rows outside the range of training.
    unseen : int
        Rows with a value that training never had, of a feature with few of them; else 0.
    """

    feature: str
    missing: int
    below: int
    above: int
    unseen: int


@dataclass(frozen=True)
class ScoringReport:
    """What was found at the door.

    Parameters
    ----------
    n_rows : int
    extra : tuple of str
        Columns that the model does not read, in their order.
    coercions : tuple of Coercion
        Of the columns that were not float64.
    oddities : tuple of Oddities
        One for each feature, in the model's order.
    """

    n_rows: int
    extra: tuple[str, ...]
    coercions: tuple[Coercion, ...]
    oddities: tuple[Oddities, ...]

    def with_extra(self, extra: Sequence[str]) -> ScoringReport:
        """Return it with columns that were left out before the door."""
        return replace(self, extra=(*self.extra, *extra))

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "n_rows": self.n_rows,
            "n_extra": len(self.extra),
            "extra": list(self.extra),
            "coercions": [asdict(each) for each in self.coercions],
            "features": [asdict(each) for each in self.oddities],
        }


Counted = TypeVar("Counted", Coercion, Oddities)


def check_scoring(reference: Reference, frame: pd.DataFrame) -> tuple[pd.DataFrame, ScoringReport]:
    """Return the model's columns as float64, and a report of what had to be done and what is unlike training.

    Parameters
    ----------
    reference : Reference
        Of the artefact: it has the columns and their ranges in training.
    frame : DataFrame
        One row per customer and moment. Beside the features it may have ``customer_id`` and ``moment``, ``as_of`` (the
        moment the features were computed for), ``known_at`` (when the latest fact behind the row became known) and
        ``<feature>_known_at``. Times are UTC unless they say otherwise.

    Returns
    -------
    X : DataFrame of float64
        The columns in the model's order, on the index of ``frame``; NaN where missing or not a number.
    report : ScoringReport

    Raises
    ------
    DataError
        RR101 for a missing column, RR112 for a column that stands there twice, RR521 for a row that holds what was not
        yet known at its moment, RR201 and RR202 for a time that cannot be read or is not there.

    Examples
    --------
    >>> from retaliation_risk.artefacts.reference import build_reference
    >>> reference = build_reference(pd.DataFrame({"tickets_30d": [0.0, 1.0, 3.0]}), [0.1, 0.2, 0.3], list("abc"))
    >>> X, report = check_scoring(reference, pd.DataFrame({"tickets_30d": ["2", "many"], "mood": "bad"}))
    >>> X["tickets_30d"].tolist(), report.extra
    ([2.0, nan], ('mood',))
    >>> report.coercions[0].rows_failed, report.oddities[0].unseen
    (1, 1)
    """
    _check_columns(reference, frame)
    _check_known(reference, frame)
    numbers = {name: as_floats(frame[name]) for name in reference.names}
    X = pd.DataFrame(
        {name: found for name, (found, _) in numbers.items()}, index=frame.index, dtype=np.float64
    )
    known = {*reference.names, *KEYS, *(f"{name}{KNOWN_AT}" for name in reference.names)}
    return X, ScoringReport(
        n_rows=len(frame),
        extra=tuple(str(name) for name in frame.columns if name not in known),
        coercions=tuple(coercion for _, coercion in numbers.values() if coercion is not None),
        oddities=tuple(_oddities(spread, X[spread.name].to_numpy()) for spread in reference.columns),
    )


def add_reports(reports: Sequence[ScoringReport]) -> ScoringReport:
    """Return one report on several batches of one table, of which there is at least one.

    Examples
    --------
    >>> one = ScoringReport(2, ("mood",), (), (Oddities("tickets_30d", 1, 0, 0, 0),))
    >>> add_reports([one, one]).n_rows, add_reports([one, one]).oddities[0].missing
    (4, 2)
    """
    coerced: dict[str, list[Coercion]] = {}
    for coercion in (each for report in reports for each in report.coercions):
        coerced.setdefault(coercion.column, []).append(coercion)
    return ScoringReport(
        n_rows=sum(report.n_rows for report in reports),
        extra=reports[0].extra,
        coercions=tuple(_sum(same, ("rows_changed", "rows_failed")) for same in coerced.values()),
        oddities=tuple(
            _sum(same, ("missing", "below", "above", "unseen"))
            for same in zip(*(report.oddities for report in reports), strict=True)
        ),
    )


def _sum(same: Sequence[Counted], names: tuple[str, ...]) -> Counted:
    """Add the counts of equal columns."""
    return replace(same[0], **{name: sum(getattr(each, name) for each in same) for name in names})


def as_floats(column: pd.Series[Any]) -> tuple[Floats, Coercion | None]:
    """Return a column as finite floats or NaN, and what that took; None if it was float64 with nothing infinite.

    Examples
    --------
    >>> as_floats(pd.Series([True, None, "7", "x"], name="calls"))[0].tolist()
    [1.0, nan, 7.0, nan]
    """
    kind = column.dtype
    there = column.notna().to_numpy() & ~_blank(column)
    found = _numbers(column)
    failed = there & ~np.isfinite(found)
    if kind == np.float64 and not failed.any():
        return found, None
    found = np.where(failed, np.nan, found)
    changed = there & ~failed & _altered(column, found)
    return found, Coercion(str(column.name), str(kind), "float64", int(changed.sum()), int(failed.sum()))


def _numbers(column: pd.Series[Any]) -> Floats:
    """Numbers as they are, texts read, all else NaN: a date is no number, though pandas would count its nanoseconds."""
    kind = column.dtype
    if pd.api.types.is_complex_dtype(kind):
        return np.full(len(column), np.nan)
    if pd.api.types.is_numeric_dtype(kind):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    plain = column.astype(object).map(
        lambda cell: cell if isinstance(cell, str | int | float | np.number) else _number(cell)
    )
    return pd.to_numeric(plain, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _number(cell: object) -> float:
    """Decimals and fractions; NaN for what is no number."""
    try:
        return float(cell) if hasattr(cell, "as_integer_ratio") else np.nan  # type: ignore[arg-type]
    except (OverflowError, ValueError):
        return np.nan


def _altered(column: pd.Series[Any], found: Floats) -> npt.NDArray[np.bool_]:
    """Rows whose number is not what stood there: all of texts and truth values, of numbers those too large to be exact."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return np.ones(len(column), dtype=bool)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return np.asarray(np.abs(found) >= EXACT, dtype=bool) & (
            not pd.api.types.is_float_dtype(column.dtype)
        )
    return np.array([isinstance(cell, str | bool | np.bool_) for cell in column], dtype=bool)


def _blank(column: pd.Series[Any]) -> npt.NDArray[np.bool_]:
    """Empty texts, which say that there is no value."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return np.zeros(len(column), dtype=bool)
    return np.array([isinstance(cell, str) and not cell.strip() for cell in column], dtype=bool)


def _oddities(spread: Spread, values: Floats) -> Oddities:
    missing = int(np.isnan(values).sum())
    if spread.low is None or spread.high is None:
        return Oddities(spread.name, missing, 0, 0, len(values) - missing)
    unseen = 0 if spread.values is None else len(values) - missing - int(np.isin(values, spread.values).sum())
    return Oddities(
        spread.name, missing, int((values < spread.low).sum()), int((values > spread.high).sum()), unseen
    )


def _check_columns(reference: Reference, frame: pd.DataFrame) -> None:
    if lost := [name for name in reference.names if name not in frame.columns]:
        raise DataError("RR101", f"The model reads {lost}, which the table to score does not have.")
    if twice := sorted(set(frame.columns[frame.columns.duplicated()].astype(str))):
        raise DataError("RR112", f"The table to score has {twice} more than once.")


def _check_known(reference: Reference, frame: pd.DataFrame) -> None:
    """Refuse rows computed as of a later moment, or from a fact known at the moment or after it."""
    late = [found for found in _too_late(reference, frame) if found[1].any()]
    if not late:
        return
    told = [f"{name} in {int(rows.sum())} rows (first at {frame.index[rows][0]})" for name, rows in late]
    raise DataError("RR521", f"Not yet known at the moment: {', '.join(told)}.")


def _too_late(reference: Reference, frame: pd.DataFrame) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    names = [
        name for name in ("known_at", *(f"{n}{KNOWN_AT}" for n in reference.names)) if name in frame.columns
    ]
    if not names and "as_of" not in frame.columns:
        return
    if "moment" not in frame.columns:
        raise DataError(
            "RR101", f"The table to score has {names or ['as_of']} but no moment to compare with."
        )
    moment = _all_times(frame["moment"])
    if "as_of" in frame.columns:
        yield "as_of", (_all_times(frame["as_of"]) > moment).to_numpy()
    # What became known exactly at the moment is the future, as everywhere.
    for name in names:
        yield name, (_times(frame[name]) >= moment).to_numpy()


def _all_times(column: pd.Series[Any]) -> pd.Series[Any]:
    """Read times of which none may be missing; a missing known_at is that of a customer without facts."""
    times = _times(column)
    if empty := int(times.isna().sum()):
        raise DataError("RR202", f"{column.name} is empty in {empty} rows.")
    return times


def _times(column: pd.Series[Any]) -> pd.Series[Any]:
    try:
        return pd.to_datetime(column, utc=True, format="ISO8601" if column.dtype == object else None)
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError("RR201", f"{column.name} cannot be read as times ({error}).") from error

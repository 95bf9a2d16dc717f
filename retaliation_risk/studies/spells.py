"""Stretches of time between what customers go through: cut at each mark, and at ages of the last one that matters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

START, COMPLAINT, FAILED, ACT, EXIT, STOP = range(6)
#: Ages, in days, at which a stretch after a complaint or a failed recovery is cut; beyond the last it is quiet again.
AGES = np.array([0.0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 77, 84, 98, 112, 140, 168])
_MIDDLES = np.append((AGES[1:] + AGES[:-1]) / 2, AGES[-1])
QUIET = 0
_CARRIED = ("number", "severity", "gesture")


@dataclass(frozen=True)
class Marks:
    """What begins or ends a stretch: ``customer``, ``day``, ``mark``, ``number``, ``severity``, ``gesture``, ``direct``."""

    rows: pd.DataFrame


def cut_spells(marks: Marks) -> pd.DataFrame:
    """Cut each customer's time at every mark, and after complaints and failed recoveries at :data:`AGES`.

    Parameters
    ----------
    marks : Marks
        Each customer has one START and one EXIT or STOP; marks not between them are left out.

    Returns
    -------
    DataFrame
        The columns of :attr:`retaliation_risk.studies.panel.Panel.spells` that marks tell, and ``from_day``, the day
        of the complaint, failed recovery or start from which each stretch is counted.

    Examples
    --------
    >>> rows = pd.DataFrame({"customer": 0, "day": [0.0, 5.0, 9.0], "mark": [START, FAILED, EXIT], "number": [0, 1, 0],
    ...                      "severity": 3.0, "gesture": False, "direct": False})
    >>> cut_spells(Marks(rows))[["kind", "since", "days", "exits"]].to_numpy().tolist()
    [[0.0, nan, 5.0, 0.0], [2.0, 3.5, 4.0, 1.0]]
    """
    rows = _inside(marks.rows)
    mark, day = rows["mark"].to_numpy(), rows["day"].to_numpy()
    begins = np.flatnonzero(mark < EXIT)
    anchor = np.maximum.accumulate(
        np.where(np.isin(mark, (START, COMPLAINT, FAILED)), np.arange(len(rows)), 0)
    )[begins]
    acted = _before(rows)[begins]
    spells = pd.DataFrame(
        {
            "customer": rows["customer"].to_numpy()[begins],
            "kind": np.where(mark[anchor] == START, QUIET, mark[anchor]),
            **{name: rows[name].to_numpy()[anchor] for name in _CARRIED},
            "from_day": day[anchor],
            "start": day[begins] - day[anchor],
            "stop": day[begins + 1] - day[anchor],
            "acts": (mark[begins + 1] == ACT).astype(np.int64),
            "exits": (mark[begins + 1] == EXIT).astype(np.int64),
            "n_direct": acted[:, 0],
            "n_indirect": acted[:, 1],
        }
    )
    return _sliced(spells[spells["stop"] > spells["start"]])


def _inside(rows: pd.DataFrame) -> pd.DataFrame:
    """Sort by customer, day and mark; leave out what is before the start or after the end."""
    begin = rows[rows["mark"] == START].set_index("customer")["day"]
    end = rows[rows["mark"] >= EXIT].set_index("customer")["day"]
    day = rows["day"].to_numpy()
    low, high = begin.loc[rows["customer"]].to_numpy(), end.loc[rows["customer"]].to_numpy()
    between = (day > low) & (day < high) & (low < high)
    edge = np.isin(rows["mark"], (START, EXIT, STOP)) & (low < high)
    return rows[between | edge].sort_values(["customer", "day", "mark"], kind="stable", ignore_index=True)


def _before(rows: pd.DataFrame) -> Ints:
    """Direct and indirect acts of the customer up to and with each mark, shape (n, 2)."""
    act = rows["mark"].to_numpy() == ACT
    direct = rows["direct"].to_numpy(dtype=bool)
    each = np.column_stack([act & direct, act & ~direct]).astype(np.int64)
    total = np.cumsum(each, axis=0)
    first = np.flatnonzero(rows["mark"].to_numpy() == START)
    customer = np.cumsum(rows["mark"].to_numpy() == START) - 1
    counted: Ints = total - total[first][customer]
    return counted


def _sliced(spells: pd.DataFrame) -> pd.DataFrame:
    """Cut the stretches at the ages; those after a start are quiet and stay whole."""
    start, stop = spells["start"].to_numpy(), spells["stop"].to_numpy()
    whole = spells["kind"].to_numpy() == QUIET
    first = np.where(whole, 0, np.searchsorted(AGES, start, side="right") - 1)
    last = np.where(whole, 0, np.searchsorted(AGES, stop, side="left") - 1)
    pieces = last - first + 1
    row = np.repeat(np.arange(len(spells)), pieces)
    age = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    cut = ~whole[row]
    edges = np.append(AGES, np.inf)
    low = np.where(cut, np.maximum(start[row], edges[age]), start[row])
    high = np.where(cut, np.minimum(stop[row], edges[age + 1]), stop[row])
    ends = age == last[row]
    out = spells.iloc[row].reset_index(drop=True)
    out["kind"] = np.where(low >= AGES[-1], QUIET, out["kind"])
    # The middle of the age class, not of the stretch: one cut short by an act would seem younger for it.
    out["since"] = np.where(cut, _MIDDLES[age], np.nan)
    out["days"] = high - low
    out["acts"], out["exits"] = out["acts"] * ends, out["exits"] * ends
    return out.drop(columns=["start", "stop"])

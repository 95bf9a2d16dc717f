"""Surveys by their codebook: which columns are items of what, which are worded the other way, what means no answer.

A codebook is a TOML file::

    layout = "wide"                 # one row per person; "long": one row per answer
    missing = [-99, 98]             # codes that mean no answer, besides empty cells
    scale = [1, 7]                  # lowest and highest answer

    [constructs.betrayal]
    items = ["b1", "b2", "b3"]
    reversed = ["b3"]               # answered x, meant 1 + 7 - x

    [constructs.tenure]             # one item is a measure by itself
    items = ["years"]
    scale = [0, 60]

    [columns]                       # of the long layout
    person = "person"
    item = "item"
    answer = "answer"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from retaliation_risk._texts import toml_of
from retaliation_risk.errors import DataError
from retaliation_risk.studies.moments import Moments, moments_from_frame

_TOP = frozenset({"layout", "missing", "scale", "constructs", "columns"})
_CONSTRUCT = frozenset({"items", "reversed", "scale"})
_COLUMNS = ("person", "item", "answer")


@dataclass(frozen=True, eq=False)
class Survey:
    """Answers, turned so that more means more of the construct.

    Attributes
    ----------
    answers : DataFrame of float
        One row per person, one column per item in the codebook's order; NaN where there is no answer.
    constructs : mapping of str to tuple of str
        Items of each construct.
    """

    answers: pd.DataFrame
    constructs: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Item:
    name: str
    construct: str
    low: float
    high: float
    turned: bool


def read_survey(path: Path, codebook: Path) -> Survey:
    """Read a survey in CSV and turn it by its codebook; the same answers, wide or long, give the same survey.

    Parameters
    ----------
    path : Path
        CSV, wide or long. Columns that are no items are not read.
    codebook : Path
        TOML, as in the documentation of this module.

    Returns
    -------
    Survey
        Persons in the order of the file (wide), or sorted by their key (long).

    Raises
    ------
    DataError
        RR107 if a file is not there; RR621 for a codebook that cannot be read, items that the file lacks, answers that
        are no numbers, lie outside of their scale or stand twice, with the item and the first such answer.
    """
    for file in (path, codebook):
        if not file.is_file():
            raise DataError("RR107", f"{file} is not a file.")
    try:
        book = toml_of(codebook.read_bytes())
    except ValueError as error:
        raise DataError("RR621", f"{codebook.name} cannot be parsed: {error}.") from None
    try:
        frame = pd.read_csv(path)
    except ValueError as error:
        raise DataError("RR621", f"{path.name} is no CSV: {error}.") from None
    return survey_of(frame, book)


def survey_of(frame: pd.DataFrame, codebook: Mapping[str, Any]) -> Survey:
    """As :func:`read_survey`, from a table and a codebook already read.

    Examples
    --------
    >>> book = {"scale": [1, 7], "missing": [-99],
    ...         "constructs": {"betrayal": {"items": ["b1", "b2"], "reversed": ["b2"]}}}
    >>> survey_of(pd.DataFrame({"b1": [5, -99], "b2": [2, 1]}), book).answers
        b1   b2
    0  5.0  6.0
    1  NaN  7.0
    """
    items = _items(codebook)
    layout = codebook.get("layout", "wide")
    if layout not in ("wide", "long"):
        raise DataError("RR621", f"the codebook has layout {layout!r}; it must be wide or long.")
    wide = frame if layout == "wide" else _widen(frame, codebook.get("columns", {}), items)
    if lacking := [item.name for item in items if item.name not in wide.columns]:
        raise DataError("RR621", f"the survey lacks the items {', '.join(lacking)} of the codebook.")
    missing = codebook.get("missing", [])
    answers = pd.DataFrame({item.name: _answers(wide[item.name], item, missing) for item in items})
    constructs: dict[str, tuple[str, ...]] = {}
    for item in items:
        constructs[item.construct] = (*constructs.get(item.construct, ()), item.name)
    return Survey(answers, constructs)


def item_moments(survey: Survey) -> Moments:
    """Moments of all items, from persons who answered each of them."""
    return moments_from_frame(survey.answers)


def scale_moments(survey: Survey) -> Moments:
    """Moments of the constructs as means of their items, from persons who answered all items of all constructs."""
    return moments_from_frame(scale_scores(survey))


def scale_scores(survey: Survey) -> pd.DataFrame:
    """Mean of the items of each construct, one row per person; NaN where one of its items has no answer.

    Examples
    --------
    >>> answers = pd.DataFrame({"b1": [5.0, np.nan], "b2": [6.0, 7.0]})
    >>> scale_scores(Survey(answers, {"betrayal": ("b1", "b2")})).betrayal.tolist()
    [5.5, nan]
    """
    return pd.DataFrame(
        {
            construct: survey.answers[list(items)].mean(axis=1, skipna=False)
            for construct, items in survey.constructs.items()
        }
    )


def _items(codebook: Mapping[str, Any]) -> list[_Item]:
    _refuse_unknown("the codebook", codebook, _TOP)
    constructs = codebook.get("constructs")
    if not isinstance(constructs, Mapping) or not constructs:
        raise DataError("RR621", "the codebook has no [constructs.<name>] sections.")
    found = list(
        chain.from_iterable(_of_construct(name, about, codebook) for name, about in constructs.items())
    )
    names = [item.name for item in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise DataError("RR621", f"the codebook has the item {twice[0]!r} twice.")
    return found


def _of_construct(name: str, about: Any, codebook: Mapping[str, Any]) -> Iterator[_Item]:
    where = f"[constructs.{name}]"
    if not isinstance(about, Mapping) or not about.get("items"):
        raise DataError("RR621", f"{where} has no items.")
    _refuse_unknown(where, about, _CONSTRUCT)
    turned = about.get("reversed", [])
    if astray := sorted(set(turned) - set(about["items"])):
        raise DataError("RR621", f"{where} reverses {astray[0]!r}, which is not among its items.")
    scale = about.get("scale", codebook.get("scale"))
    if not _is_scale(scale):
        raise DataError("RR621", f"{where} has scale {scale!r}; it must be [lowest, highest].")
    for item in about["items"]:
        yield _Item(str(item), name, float(scale[0]), float(scale[1]), item in turned)


def _is_scale(scale: Any) -> bool:
    numbers = isinstance(scale, list) and len(scale) == 2 and all(isinstance(x, int | float) for x in scale)
    return numbers and scale[0] < scale[1]


def _refuse_unknown(where: str, found: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted(found.keys() - known):
        raise DataError("RR621", f"{where} has the key {unknown[0]!r}; known are {', '.join(sorted(known))}.")


def _widen(frame: pd.DataFrame, columns: Mapping[str, str], items: list[_Item]) -> pd.DataFrame:
    person, item, answer = (columns.get(word, word) for word in _COLUMNS)
    if lacking := [name for name in (person, item, answer) if name not in frame.columns]:
        raise DataError(
            "RR621", f"the long survey lacks the column {lacking[0]!r}; found {', '.join(frame.columns)}."
        )
    kept = frame[frame[item].isin([one.name for one in items])]
    if (twice := kept.duplicated([person, item])).any():
        first = kept[twice].iloc[0]
        raise DataError("RR621", f"person {first[person]!r} answers {first[item]!r} more than once.")
    # Persons who answered none of the items are persons still.
    wide = kept.pivot(index=person, columns=item, values=answer)
    return wide.reindex(np.unique(frame[person])).reset_index(drop=True)


def _answers(column: pd.Series[Any], item: _Item, missing: list[float]) -> pd.Series[float]:
    numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
    if (text := numbers.isna() & column.notna()).any():
        raise DataError(
            "RR621", f"an answer to {item.name!r} is {column[text].iloc[0]!r}, which is not a number."
        )
    numbers = numbers.mask(numbers.isin(missing))
    outside = (numbers < item.low) | (numbers > item.high)
    if outside.any():
        raise DataError(
            "RR621",
            f"{int(outside.sum())} answers to {item.name!r} are outside of [{item.low:g}, {item.high:g}] and not among the "
            f"missing codes {missing} (first: {numbers[outside].iloc[0]:g}).",
        )
    return item.low + item.high - numbers if item.turned else numbers

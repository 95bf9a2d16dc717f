"""The manifest of a feature store: what was asked, of which rows, and the checksum of every file of the answer."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retaliation_risk._texts import json_of
from retaliation_risk._version import __version__
from retaliation_risk.errors import ArtefactError, RetaliationRiskError
from retaliation_risk.histories import declare
from retaliation_risk.histories.declare import Aggregate, Expression, Feature
from retaliation_risk.histories.definitions import Definitions
from retaliation_risk.histories.question import Question
from retaliation_risk.histories.shards import Shard, file_name

FORMAT = 1
FILE = "manifest.json"

_OPERATIONS: dict[str, type[Aggregate]] = {
    kind.__name__.lower(): kind
    for kind in vars(declare).values()
    if isinstance(kind, type) and issubclass(kind, Aggregate) and kind is not Aggregate
}
_ARITHMETIC = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.Name, ast.Constant, ast.Load,
    ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip
"""Parts of a formula; attributes, subscripts and lambdas, with which a file could run code, are not among them."""


LONGEST_FORMULA = 1000
"""Longest formula that is read from a file, in characters."""
_COSTLY = (ast.Pow, ast.LShift)
"""With these a few constants can keep a machine busy for ever: ``9 ** 9 ** 9``; columns are floats, which cannot."""


@dataclass(frozen=True)
class Manifest:
    """What a feature store says of itself.

    Parameters
    ----------
    question : Question
        Features, definitions and moments.
    tables : mapping of str to int
        Rows of each table that was read.
    shards : tuple of Shard
        The files of the answer, in order.
    probe : str
        See :func:`retaliation_risk.histories.staging.probe`.
    package : str
        Version of this package that made it.
    """

    question: Question
    tables: Mapping[str, int]
    shards: tuple[Shard, ...]
    probe: str
    package: str = __version__

    @property
    def n_rows(self) -> int:
        """Rows of the answer."""
        return sum(shard.rows for shard in self.shards)

    def write(self, folder: Path) -> None:
        """Write it into a folder; equal manifests are equal bytes."""
        text = json.dumps(self._as_dict(), indent=1, ensure_ascii=False)
        (folder / FILE).write_text(text + "\n", encoding="utf-8")

    def _as_dict(self) -> dict[str, Any]:
        moments = self.question.moments
        return {
            "format": FORMAT,
            "package": self.package,
            "probe": self.probe,
            "definitions": self.question.definitions.as_dict(),
            "moments": None if moments is None else [_iso(moment) for moment in moments],
            "at_risk": self.question.at_risk,
            "features": [feature_as_dict(feature) for feature in self.question.features],
            "tables": dict(self.tables),
            "n_rows": self.n_rows,
            "shards": [asdict(shard) for shard in self.shards],
        }


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a feature store; raise ArtefactError if it is none of this format."""
    path = Path(folder) / FILE
    try:
        found = json_of(path.read_bytes())
        if found["format"] != FORMAT:
            raise ArtefactError(
                "RR502", f"{str(path)!r} has format {found['format']!r}; this version reads {FORMAT}."
            )
        return _manifest(found)
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, RetaliationRiskError):
            raise
        raise ArtefactError("RR502", f"{str(path)!r} cannot be read ({error!r}).") from error


def feature_as_dict(feature: Feature) -> dict[str, Any]:
    """Return a feature as JSON-able values.

    Examples
    --------
    >>> from retaliation_risk.histories import Count
    >>> feature_as_dict(Feature("orders_7d", "orders", "Orders.", "own", Count("orders", days=7)))["value"]
    {'operation': 'count', 'log': 'orders', 'column': '', 'where': '', 'days': 7}
    """
    value = feature.value
    kind = {} if isinstance(value, Expression) else {"operation": value.operation}
    plain = {name: cell for name, cell in vars(feature).items() if name != "value"}
    return {**plain, "value": {**kind, **asdict(value)}}


def feature_from_dict(found: Mapping[str, Any]) -> Feature:
    """Return the feature behind :func:`feature_as_dict`.

    Raises
    ------
    ArtefactError
        RR502 for a formula that is more than short arithmetic on numbers: it could run code, or never end.
    """
    value = dict(found["value"])
    operation = value.pop("operation", None)
    feature = Feature(
        **{**found, "value": Expression(**value) if operation is None else _OPERATIONS[operation](**value)}
    )
    for formula in (value.get("formula", ""), feature.when):
        if formula and not _is_arithmetic(formula):
            raise ArtefactError(
                "RR502", f"formula {formula[:LONGEST_FORMULA]!r} is more than short arithmetic."
            )
    return feature


def _is_arithmetic(formula: str) -> bool:
    """Whether a formula is short, and made of names, numbers, plain operators and calls of named functions only."""
    if len(formula) > LONGEST_FORMULA:
        return False
    try:
        nodes = list(ast.walk(ast.parse(formula, mode="eval")))
    except SyntaxError:
        return False
    return all(
        isinstance(node, _ARITHMETIC)
        and not (isinstance(node, ast.BinOp) and isinstance(node.op, _COSTLY) and not _has_name(node))
        and not (isinstance(node, ast.Call) and not isinstance(node.func, ast.Name))
        and not (isinstance(node, ast.Name) and node.id.startswith("_"))
        and not (isinstance(node, ast.Constant) and not isinstance(node.value, int | float))
        for node in nodes
    )


def _has_name(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Name) for each in ast.walk(node))


def _manifest(found: Mapping[str, Any]) -> Manifest:
    moments = found["moments"]
    question = Question(
        tuple(feature_from_dict(feature) for feature in found["features"]),
        Definitions.from_dict(found["definitions"]),
        None if moments is None else tuple(_micros(moment) for moment in moments),
        bool(found.get("at_risk", False)),
    )
    shards = tuple(Shard(**shard) for shard in found["shards"])
    if (named := [shard.file for shard in shards]) != [file_name(number) for number in range(len(shards))]:
        raise ArtefactError("RR502", f"the manifest names the files {named[:3]}.")
    return Manifest(question, found["tables"], shards, found["probe"], found["package"])


def _iso(micros: int) -> str:
    return f"{np.datetime64(micros, 'us')}Z"


def _micros(text: str) -> int:
    return int(np.datetime64(text.removesuffix("Z"), "us").astype(np.int64))

"""The mapping file of outcomes: what the columns of a file of posts are, and on which of them customers are recognised.

::

    exported_at = 2025-12-31T00:00:00Z
    confidence = 0.9                       # a probable match below it is not joined

    [outcomes]
    post_id = "id"
    occurred_at = "posted"
    email = "mail"                         # or customer_id, or both, or neither
    outcome_type = { column = "site", values = { "Stars" = "review", "ad" = "" } }

    [[match]]                              # a field of the post and what it is compared with
    name = "name"
    post = "author"
    contact = "full_name"                  # a column of the contacts file
    compare = "similar"
    at_least = 0.92

    [[match]]
    name = "order"
    post = "bought_on"
    compare = "order"                      # the customer's orders, in the tables
    within_days = 2
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Limits

from retaliation_risk.adapters._mapping_file import Cell, Written, read_shape
from retaliation_risk.tables.contract import COMPETING, DIRECT, INDIRECT

OUTCOME_TYPES = (*INDIRECT, *DIRECT, *COMPETING)

_STRICT = ConfigDict(extra="forbid", strict=True)
_Chance = Annotated[float, Limits(gt=0, lt=1)]


class Posts(BaseModel):
    """Where each fact about a post, or any other act, stands."""

    model_config = _STRICT

    occurred_at: Cell
    outcome_type: Cell
    post_id: Cell | None = None
    known_at: Cell | None = None
    reach: Cell | None = None
    customer_id: Cell | None = None
    email: Cell | None = None


class Field(BaseModel):
    """A field on which a post and a customer agree or not; ``m`` and ``u`` are estimated where they are not told."""

    model_config = _STRICT

    name: str
    post: Cell
    compare: Literal["exact", "similar", "order"]
    contact: str | None = None
    at_least: Annotated[float, Limits(gt=0, le=1)] | None = None
    within_days: Annotated[int, Limits(ge=0)] | None = None
    m: _Chance | None = None
    u: _Chance | None = None
    block: bool = False


class OutcomesMapping(Written):
    """The whole file."""

    outcomes: Posts
    match: list[Field] = Limits(default_factory=list)
    confidence: Annotated[float, Limits(gt=0.5, lt=1)] = 0.9

    @property
    def columns(self) -> list[str]:
        """Columns of the posts' file that it names."""
        cells = [getattr(self.outcomes, name) for name in Posts.model_fields]
        cells += [field.post for field in self.match]
        return list(dict.fromkeys(name for cell in cells if cell is not None for name in cell.columns))

    @property
    def contact_columns(self) -> list[str]:
        """Columns of the contacts' file that it names, beside ``customer_id``."""
        return list(dict.fromkeys(field.contact for field in self.match if field.contact))


def read_outcomes_mapping(path: Path) -> OutcomesMapping:
    """Read and check a mapping file of outcomes.

    Raises
    ------
    DataError
        RR107 if there is no such file, RR150 with everything wrong in it, RR151 with every line not filled in.
    """
    return read_shape(path, OutcomesMapping, known=_known, lacking=_lacking)


def _lacking(found: OutcomesMapping) -> Iterator[str]:
    names = [field.name for field in found.match]
    if len(set(names)) < len(names):
        yield f"match has a name twice among {', '.join(names)}."
    if not (found.match or found.outcomes.customer_id or found.outcomes.email):
        yield "[outcomes] names neither customer_id nor email, and there is no [[match]]: nothing says whose a post is."
    kind = found.outcomes.outcome_type
    told = [kind.constant] if kind.constant is not None else (kind.values or {}).values()
    if strange := [word for word in told if word not in ("", *OUTCOME_TYPES)]:
        yield f"outcome_type cannot be {', '.join(map(repr, strange))}; there are {', '.join(OUTCOME_TYPES)}."
    for field in found.match:
        yield from (f"match {field.name!r} {wrong}" for wrong in _wrong(field))


def _wrong(field: Field) -> Iterator[str]:
    """Say what a field lacks, or has and must not have, for the way in which it is compared."""
    needs = {"contact": field.compare != "order", "at_least": field.compare == "similar",
             "within_days": field.compare == "order"}  # fmt: skip
    for key, needed in needs.items():
        if (getattr(field, key) is not None) != needed:
            yield f"compares by {field.compare!r} and {'needs' if needed else 'has no use for'} {key}."
    if field.block and (field.compare != "exact" or field.m is None):
        yield 'can be a block only with compare = "exact" and a given m.'


def _known(place: list[str]) -> list[str]:
    """Return the keys that may stand at a place of the file."""
    if not place:
        return list(OutcomesMapping.model_fields)
    if len(place) == 1:
        return list(Posts.model_fields)
    return list(Field.model_fields if place[0] == "match" and len(place) == 2 else Cell.model_fields)

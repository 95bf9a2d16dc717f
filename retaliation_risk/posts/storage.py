"""A model of posts as JSON: weights only, nothing that runs when it is opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from retaliation_risk.errors import ArgumentError, ArtefactError
from retaliation_risk.posts.classifier import LABELS, MOST_TERMS, PostsModel

MOST_BYTES = 20_000_000
NOTE = "An aid for reading posts, never truth about anybody who wrote one."

_Number = Annotated[float, Field(allow_inf_nan=False)]


class _Stored(BaseModel):
    """What the file holds."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal[1]
    note: str
    terms: list[Annotated[str, Field(min_length=1, max_length=500)]] = Field(max_length=MOST_TERMS)
    idf: list[_Number]
    coefficients: list[_Number]
    intercept: _Number
    learned_from: dict[Literal[LABELS], int]  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _whole(self) -> _Stored:
        if not 0 < len(self.terms) == len(self.idf) == len(self.coefficients) == len(set(self.terms)):
            raise ValueError("terms, idf and coefficients are not as many, or a term comes twice")
        return self


def save_posts(model: PostsModel, path: Path) -> None:
    """Write a model; RR108 if the file exists. The words in it come from the posts: it is as personal as they are."""
    if Path(path).exists():
        raise ArgumentError("RR108", f"{str(path)!r} exists already.")
    told = {"format": 1, "note": NOTE, **vars(model)}
    Path(path).write_text(json.dumps(told, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def load_posts(path: Path) -> PostsModel:
    """Read a model that :func:`save_posts` wrote.

    Raises
    ------
    ArgumentError
        RR107 if there is no such file.
    ArtefactError
        RR157 for a file that is too large, or anything but such a model.
    """
    if not Path(path).is_file():
        raise ArgumentError("RR107", f"there is no file {str(path)!r}.")
    if (size := Path(path).stat().st_size) > MOST_BYTES:
        raise ArtefactError(
            "RR157", f"{Path(path).name} has {size:,} bytes; at most {MOST_BYTES:,} are read."
        )
    try:
        found = _Stored.model_validate_json(Path(path).read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise ArtefactError("RR157", f"{Path(path).name}: {place}: {first['msg'][:200]}.") from None
    return PostsModel(
        tuple(found.terms),
        tuple(found.idf),
        tuple(found.coefficients),
        found.intercept,
        dict(found.learned_from),
    )

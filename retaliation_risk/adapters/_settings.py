"""What a firm decides and no export tells: which statuses are open, what a rating means, whose clock it was."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from retaliation_risk.errors import DataError

_KEYS = {"statuses": dict, "csat": dict, "time_zone": str, "rename": dict}
_WORDS = {"open": False, "done": True}


@dataclass(frozen=True)
class Settings:
    """Choices of a firm.

    Attributes
    ----------
    statuses : mapping of str to bool
        Whether a ticket in this status is done.
    csat : pair of float, optional
        Worst and best rating of the firm's own scale.
    time_zone : str
        Zone of times that are written without one.
    rename : mapping of str to str
        The helpdesk's column names that are others in the file: the helpdesk's to yours.
    """

    statuses: Mapping[str, bool] = field(default_factory=dict)
    csat: tuple[float, float] | None = None
    time_zone: str = "UTC"
    rename: Mapping[str, str] = field(default_factory=dict)


def read_settings(path: Path | None) -> Settings:
    """Read the choices of a firm from a TOML file.

    Parameters
    ----------
    path : Path, optional
        Such as::

            time_zone = "Europe/Berlin"
            [statuses]
            "Waiting for parts" = "open"
            "Done by phone" = "done"
            [csat]
            worst = 1
            best = 5
            [rename]
            issue = "360001"

    Raises
    ------
    DataError
        RR107 if there is no such file, RR181 for what is not of this form.

    Examples
    --------
    >>> read_settings(None)
    Settings(statuses={}, csat=None, time_zone='UTC', rename={})
    """
    if path is None:
        return Settings()
    told = _read(path)
    for key, value in told.items():
        if key not in _KEYS or not isinstance(value, _KEYS[key]):
            raise _bad(path, f"has {key} = {value!r}; known are {', '.join(_KEYS)}")
    return Settings(
        {name: _is_done(path, name, word) for name, word in told.get("statuses", {}).items()},
        _scale(path, told["csat"]) if "csat" in told else None,
        _zone(path, told.get("time_zone", "UTC")),
        {name: str(yours) for name, yours in told.get("rename", {}).items()},
    )


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise DataError("RR107", f"there is no file {path}.")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _bad(path, f"is no TOML ({error})") from error


def _is_done(path: Path, name: str, word: object) -> bool:
    if not isinstance(word, str) or word not in _WORDS:
        raise _bad(path, f"says that the status {name!r} is {word!r}; it must be 'open' or 'done'")
    return _WORDS[word]


def _scale(path: Path, scale: Mapping[str, Any]) -> tuple[float, float]:
    numbers = [value for value in scale.values() if isinstance(value, int | float)]
    if set(scale) != {"worst", "best"} or len(numbers) < 2 or scale["worst"] == scale["best"]:
        raise _bad(path, f"has csat = {dict(scale)!r}; it must have two different numbers, worst and best")
    return float(scale["worst"]), float(scale["best"])


def _zone(path: Path, name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _bad(path, f"has time_zone = {name!r}, which is no zone such as 'Europe/Berlin'") from error


def _bad(path: Path, why: str) -> DataError:
    return DataError("RR181", f"{path.name} {why}.")

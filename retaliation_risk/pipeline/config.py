"""One file of settings for every command of a pipeline: flags over the environment over ``run.toml`` over the defaults."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from retaliation_risk._texts import toml_of
from retaliation_risk._validate import one_of, positive, within
from retaliation_risk.artefacts import Gate
from retaliation_risk.errors import ArgumentError
from retaliation_risk.histories import Definitions
from retaliation_risk.policies import WEEKDAYS, Capacity, Team
from retaliation_risk.run import Settings

#: Environment variables are this and the key in capitals; ``RETALIATION_RISK_DRIFT__PSI`` is ``psi`` in ``[drift]``.
PREFIX = "RETALIATION_RISK_"
#: Variables with the prefix that are no settings of a run: real data, the secret of contacts, tools of the tests; and all
#: that begin with SERVE_, which are the readout service's.
OTHERS = tuple(PREFIX + name for name in ("DATA", "CONTACT_SECRET", "AXE", "EXECUTED"))
SERVICE = f"{PREFIX}SERVE_"
#: What a challenger can be better at; True where more is better.
CONTESTS = {"auroc": True, "auprc": True, "brier": False, "events_reached": True, "reach_averted": True}


@dataclass(frozen=True)
class Minimum:
    """Events below which nothing is trained, and the effect that the power calculation is for.

    Parameters
    ----------
    events : int
        Least number of outcomes known by now.
    hazard_ratio : float
        Between customers who were let down twice and the rest; above 0, not 1.
    power : float
        Chance that such an effect is found, in [0.05, 0.9999].
    """

    events: int = 50
    hazard_ratio: float = 2.0
    power: float = 0.8

    def __post_init__(self) -> None:
        within("events", self.events, 0, 10**9)
        positive("hazard_ratio", self.hazard_ratio)
        within("power", self.power, 0.05, 0.9999)


@dataclass(frozen=True)
class Contest:
    """When a challenger is better than the champion.

    Parameters
    ----------
    metric : str
        What they are compared by, of :data:`CONTESTS`.
    margin : float
        The whole interval of the difference, in the direction that is better, must lie above it. Below 0: not much worse is
        good enough.
    """

    metric: str = "auroc"
    margin: float = 0.0

    def __post_init__(self) -> None:
        one_of("metric", self.metric, tuple(CONTESTS))
        within("margin", self.margin, -1e9, 1e9)


@dataclass(frozen=True)
class Walk:
    """Who answers customers in a replay.

    Parameters
    ----------
    teams : tuple of mapping
        The tables ``[[replay.teams]]``, each as :class:`retaliation_risk.policies.Team`: name, answers, per, only.
    working_days : tuple of str
    cool_down_days : int
        Days from an answer until the customer can stand in the queue again.
    lead_days : int
        Days that must lie between answer and act, from 1.
    """

    teams: tuple[dict[str, Any], ...] = ({"name": "service", "answers": 10},)
    working_days: tuple[str, ...] = WEEKDAYS[:5]
    cool_down_days: int = 30
    lead_days: int = 1

    def __post_init__(self) -> None:
        within("lead_days", self.lead_days, 1, 3650)
        self.capacity  # noqa: B018 (what is wrong with a team is told at once)

    @property
    def capacity(self) -> Capacity:
        """The same as policies take it."""
        return Capacity(tuple(map(_team, self.teams)), self.working_days, self.cool_down_days)


@dataclass(frozen=True)
class Config:
    """Settings of every command; each command reads what it needs.

    Parameters
    ----------
    settings : Settings
        What is asked: the keys outside of any table, and the table ``[definitions]``.
    minimum : Minimum
        The table ``[minimum]``, for ``train``.
    contest : Contest
        The table ``[contest]``, for ``compare``.
    drift : Gate
        The table ``[drift]``, for ``drift``.
    replay : Walk
        The table ``[replay]``, for ``replay``.
    """

    settings: Settings = field(default_factory=Settings)
    minimum: Minimum = field(default_factory=Minimum)
    contest: Contest = field(default_factory=Contest)
    drift: Gate = field(default_factory=Gate)
    replay: Walk = field(default_factory=Walk)


#: Tables of the file, and what each is read into.
TABLES: dict[str, type] = {
    "definitions": Definitions, "minimum": Minimum, "contest": Contest, "drift": Gate, "replay": Walk,
}  # fmt: skip


def read_config(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Config:
    """Read settings from a file, the environment and flags; what is said nearer to the command wins.

    Parameters
    ----------
    path : Path, optional
        TOML; keys as the parameters of :class:`Settings`, tables as :data:`TABLES`.
    environ : mapping of str, optional
        ``os.environ`` without it; ``{}`` for none.
    flags : mapping, optional
        By key, ``drift.psi`` for one inside a table; None stands for a flag that was not given. Texts are read as TOML
        values where they are some.

    Raises
    ------
    ArgumentError
        RR107 if there is no such file, RR116 for a key that does not exist, with the nearest that does, for a value of the
        wrong kind, and for text that is no TOML; RR111 for a value out of its range.

    Examples
    --------
    >>> config = read_config(environ={"RETALIATION_RISK_CAPACITY": "20"}, flags={"drift.psi": 0.3, "model": None})
    >>> config.settings.capacity, config.drift.psi, config.settings.model
    (20, 0.3, 'cox')
    """
    told: dict[tuple[str, ...], Any] = {}
    for layer in (_file(path), _environment(os.environ if environ is None else environ), _flags(flags or {})):
        told.update(layer)
    found = _checked(told)
    tables = {name: kind(**found.pop(name, {})) for name, kind in TABLES.items()}
    definitions = tables.pop("definitions")
    settings = Settings(**found, definitions=definitions)
    if settings.playbook is not None and not settings.playbook.is_file():
        raise ArgumentError("RR107", f"playbook {str(settings.playbook)!r} does not exist.")
    return Config(settings=settings, **tables)


def _file(path: Path | None) -> dict[tuple[str, ...], Any]:
    if path is None:
        return {}
    try:
        found = toml_of(Path(path).read_bytes())
    except OSError as error:
        raise ArgumentError("RR107", f"{str(path)!r} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise ArgumentError("RR116", f"{str(path)!r} is no TOML ({error}).") from error
    told = dict(_keys(found))
    if isinstance(told.get(("playbook",)), str):
        # A file beside the settings is named from there, wherever the command is run.
        told["playbook",] = str(Path(path).parent / told["playbook",])
    return told


def _keys(found: Mapping[str, Any], inside: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in found.items():
        if isinstance(value, dict) and not inside:
            yield from _keys(value, (name,))
        else:
            yield (*inside, name), value


def _environment(environ: Mapping[str, str]) -> dict[tuple[str, ...], Any]:
    names = (name for name in environ if name.startswith(PREFIX) and name not in OTHERS)
    names = (name for name in names if not name.startswith(SERVICE))
    return {tuple(name.removeprefix(PREFIX).lower().split("__")): _value(environ[name]) for name in names}


def _flags(flags: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    given = {name: value for name, value in flags.items() if value is not None}
    return {tuple(name.split(".")): _value(value) for name, value in given.items()}


def _value(text: Any) -> Any:
    """Read a text as a TOML value where it is one: numbers, dates and lists; else it is the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"] if isinstance(text, str) else text
    except tomllib.TOMLDecodeError:
        return text


def _checked(told: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """Check kinds and names of all keys at once, and return them as Settings and the tables take them."""
    nested: dict[str, Any] = {}
    for key, value in told.items():
        place = nested
        for table in key[:-1]:
            place = place.setdefault(table, {})
            if not isinstance(place, dict):
                raise ArgumentError("RR116", f"{table!r} is a value and a table at once.")
        place[key[-1]] = _prepared(key[-1], value)
    try:
        found = _shape()(**nested)
    except ValidationError as error:
        raise ArgumentError("RR116", " ".join(map(_told, error.errors()))) from None
    return found.model_dump(exclude_unset=True)


def _prepared(name: str, value: Any) -> Any:
    """Give times their type, and cut lists that came as text at commas."""
    if name == "now" and isinstance(value, str | date):
        return _moment(value)
    if isinstance(value, bool):
        raise ArgumentError("RR116", f"{name} is {str(value).lower()}; no setting is true or false.")
    if isinstance(value, str) and name in ("compare", "evidence", "passed_over", "working_days"):
        return [part for part in value.replace(" ", "").split(",") if part]
    return value


def _moment(value: str | date) -> pd.Timestamp:
    try:
        moment = pd.Timestamp(value)
    except ValueError:
        raise ArgumentError("RR116", f"now is {value!r}, which is no time; write 2026-01-31.") from None
    return moment if moment.tzinfo is None else moment.tz_convert("UTC").tz_localize(None)


def _team(found: Mapping[str, Any]) -> Team:
    """Check one table of ``[[replay.teams]]`` as the rest of the file is."""
    keys = sorted(each.name for each in fields(Team))
    try:
        create_model("team", __config__=ConfigDict(extra="forbid"), **_declared(Team))(**found)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors())
        raise ArgumentError(
            "RR116", f"[[replay.teams]] has {dict(found)} ({said}); keys are {keys}."
        ) from None
    if missing := {"name", "answers"} - set(found):
        raise ArgumentError("RR116", f"[[replay.teams]] has {dict(found)}, without {sorted(missing)}.")
    return Team(**found)


@cache
def _shape() -> type[BaseModel]:
    """Return the file as one type: the fields of Settings, and a table for each entry of TABLES."""
    strict = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    tables: dict[str, Any] = {
        name: (create_model(name, __config__=strict, **_declared(kind)), {}) for name, kind in TABLES.items()
    }
    return create_model("run.toml", __config__=strict, **{**_declared(Settings), **tables})


def _declared(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {each.name: (hints[each.name], None) for each in fields(kind)}


def _told(problem: Any) -> str:
    """Say in words what pydantic found; an unknown key with the nearest known one."""
    place = [str(part) for part in problem["loc"]]
    key = ".".join(place)
    if problem["type"] != "extra_forbidden":
        return f"{key} is {problem['input']!r}: {problem['msg'][0].lower()}{problem['msg'][1:]}."
    kind = TABLES.get(place[0]) if len(place) > 1 else None
    known = _names(kind) if kind else [*_names(Settings), *TABLES]
    near = difflib.get_close_matches(place[-1], known, n=1, cutoff=0.5)
    return f"there is no {key!r}" + (
        f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}."
    )


def _names(kind: type) -> Iterable[str]:
    return [each.name for each in fields(kind) if each.name != "definitions"]

"""What is known of a trained model apart from its parameters, and how that is written as JSON and read back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from string import Formatter
from typing import Any

import numpy as np
import pandas as pd

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError, ArtefactError, RetaliationRiskError
from retaliation_risk.histories import Aggregate, Definitions, Feature
from retaliation_risk.histories.logs import spec_of
from retaliation_risk.histories.manifest import feature_as_dict, feature_from_dict


@dataclass(frozen=True)
class Window:
    """What the model learned from, in UTC.

    Parameters
    ----------
    first, last : Timestamp
        Earliest and latest moment of the training rows.
    known_by : Timestamp
        Nothing learned later than this was used, outcomes included; at or after ``last``.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    known_by: pd.Timestamp

    def __post_init__(self) -> None:
        for name, moment in vars(self).items():
            if not isinstance(moment, pd.Timestamp) or moment.tzinfo is not None:
                raise ArgumentError(
                    "RR111", f"{name} is {moment!r}; it must be a pandas Timestamp without zone."
                )
        if not self.first <= self.last <= self.known_by:
            raise ArgumentError(
                "RR111", f"window is {self.as_dict()}; first, last and known_by must follow in this order."
            )

    def as_dict(self) -> dict[str, str]:
        """Return the moments as ISO 8601 texts that end in Z."""
        return {name: f"{moment.isoformat()}Z" for name, moment in vars(self).items()}

    @classmethod
    def from_dict(cls, found: Mapping[str, str]) -> Window:
        """Read what :meth:`as_dict` wrote."""
        return cls(**{each.name: pd.Timestamp(found[each.name].removesuffix("Z")) for each in fields(cls)})


@dataclass(frozen=True)
class About:
    """What a model is: enough to compute its features again, to ask it, and to judge whether one should.

    Parameters
    ----------
    model : str
        Name in :data:`retaliation_risk.models.MODELS`, or one of your own.
    features : tuple of Feature
        Declarations of the columns that the model reads, and of those that their formulas need.
    horizon_days : float
        Days ahead that the risk is of, above 0.
    outcome : str
        What is predicted: retaliation, or a type of outcome or event.
    window : Window
        What the model learned from.
    definitions : Definitions
        What counted as a failed recovery.
    settings : mapping
        Settings of the training, as JSON values.
    metrics : mapping of str to float
        Flat. An interval stands as ``<metric>_low`` and ``<metric>_high``; NaN where undefined.
    """

    model: str
    features: tuple[Feature, ...]
    horizon_days: float
    outcome: str
    window: Window
    definitions: Definitions = field(default_factory=Definitions)
    settings: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        positive("horizon_days", self.horizon_days)
        names = [feature.name for feature in self.features]
        if len(set(names)) != len(names):
            raise ArgumentError("RR111", f"features are {names}; each name must stand there once.")

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values; NaN becomes null."""
        return {
            "model": self.model,
            "outcome": self.outcome,
            "horizon_days": self.horizon_days,
            "window": self.window.as_dict(),
            "features": [feature_as_dict(feature) for feature in self.features],
            "definitions": self.definitions.as_dict(),
            "settings": plain("settings", self.settings),
            "metrics": plain("metrics", self.metrics),
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> About:
        """Read what :meth:`as_dict` wrote, with formulas of nothing but arithmetic and columns that exist.

        Raises
        ------
        ArtefactError
            RR510 where it cannot be read as such.
        """
        try:
            return cls(
                model=str(found["model"]),
                features=tuple(_feature(each) for each in found["features"]),
                horizon_days=found["horizon_days"],
                outcome=str(found["outcome"]),
                window=Window.from_dict(found["window"]),
                definitions=Definitions.from_dict(found["definitions"]),
                settings=dict(found["settings"]),
                metrics={k: math.nan if v is None else float(v) for k, v in found["metrics"].items()},
            )
        except (
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
            SyntaxError,
            RecursionError,
            MemoryError,
        ) as error:
            if isinstance(error, ArtefactError) and error.code == "RR510":
                raise
            why = error.found if isinstance(error, RetaliationRiskError) else repr(error)
            raise ArtefactError(
                "RR510", f"What the manifest says of the model cannot be read ({why})."
            ) from error


def declared(features: Sequence[Feature], columns: Sequence[str]) -> tuple[Feature, ...]:
    """Return the features of these columns and all that their formulas need, in the order declared.

    Raises
    ------
    ArgumentError
        RR403 if a column is not declared.

    Examples
    --------
    >>> from retaliation_risk.features import FEATURES
    >>> [feature.name for feature in declared(FEATURES, ["log_tickets_365d"])]
    ['tickets_365d', 'log_tickets_365d']
    """
    named = {feature.name: feature for feature in features}
    wanted: set[str] = set()
    waiting = list(columns)
    while waiting:
        name = waiting.pop()
        if name not in named:
            raise ArgumentError("RR403", f"column {name!r} of the model is not among the features given.")
        wanted.add(name)
        value = named[name].value
        waiting += [need for need in getattr(value, "names", ()) if need not in wanted]
    return tuple(feature for feature in features if feature.name in wanted)


def plain(name: str, value: Any) -> Any:
    """Return a value as strict JSON: numpy numbers as Python's, NaN as null; raise RR111 where it is none.

    Examples
    --------
    >>> plain("metrics", {"auroc": np.float64(0.5), "auprc": float("nan")})
    {'auroc': 0.5, 'auprc': None}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(f"{name}.{key}", item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(name, item) for item in value]
    found = value.item() if isinstance(value, np.generic) else value
    if isinstance(found, float) and not math.isfinite(found):
        return None
    if found is None or isinstance(found, bool | int | float | str):
        return found
    raise ArgumentError(
        "RR111", f"{name} holds {value!r}; it must be text, a number, true, false or a list of them."
    )


def _feature(found: Mapping[str, Any]) -> Feature:
    """Read one feature; what it counts must be declared, and its texts must be harmless where they are used."""
    feature = feature_from_dict(found)
    if not (isinstance(feature.name, str) and feature.name.isidentifier()):
        raise ArtefactError("RR510", f"the manifest names a feature {feature.name!r}.")
    _harmless_phrase(feature.phrase)
    if isinstance(feature.value, Aggregate):
        spec = spec_of(feature.value.log)
        spec.mask(feature.value.where)
        spec.column(feature.value.column)
    return feature


def _harmless_phrase(phrase: str) -> None:
    """Refuse a sentence with any other hole than ``{value}``, ``{value:.0f}`` and their like."""
    for _, name, form, conversion in Formatter().parse(phrase):
        if name not in (None, "value") or conversion or not re.fullmatch(r"(\.[0-9]f)?", form or ""):
            raise ArtefactError("RR510", f"phrase {phrase!r} of the manifest asks for more than the value.")

"""What all models share: scikit-learn's parameters, and fitted state as plain JSON."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from retaliation_risk.models._design import Design
from retaliation_risk.models._outcomes import warn_few_events

Floats = npt.NDArray[np.float64]

_NAMES = "feature_names_in_"


@runtime_checkable
class Model(Protocol):
    """What every model can do; survival models also have ``predict_survival(X, times)``."""

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> Self:
        """Learn from features ``X`` and the outcome frame ``y``."""
        ...

    def predict_risk(self, X: pd.DataFrame, horizon_days: float) -> npt.NDArray[np.float64]:
        """Probability of retaliation within the horizon, shape (n_customers,)."""
        ...

    def to_parameters(self) -> dict[str, Any] | None:
        """Everything needed to predict, as JSON; None where a model cannot be written so."""
        ...


class Explained(NamedTuple):
    """Risks with all that is said of them; None where a model does not say it.

    Attributes
    ----------
    risk : array, shape (n_customers,)
    low, high : array, shape (n_customers,), or None
        Ends of the 95 % interval.
    parts : mapping of str to array, shape (n_customers,), or None
        What each feature adds to the log hazard or the log-odds; a feature that is not there adds nothing.
    """

    risk: Floats
    low: Floats | None
    high: Floats | None
    parts: Mapping[str, Floats] | None


class Fitted(BaseEstimator):  # type: ignore[misc]
    """A model whose fitted state is a few arrays, numbers and texts, listed in ``_state``.

    Attributes
    ----------
    feature_names_in_ : array of str, shape (n_features,)
        Columns of ``X`` at fit, in its order. Models find columns by name, so another order is the same table.
    n_features_in_ : int
    collinear_ : tuple of tuple of str
        Columns that are exact combinations of others, each followed by those; empty where no design was made.
    """

    _state: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let every ``fit`` note the columns it saw, so that no model has to."""
        super().__init_subclass__(**kwargs)
        if "fit" in vars(cls):
            cls.fit = _noting(vars(cls)["fit"])

    @property
    def n_features_in_(self) -> int:
        """Number of columns of ``X`` at fit."""
        return len(self.feature_names_in_)

    @property
    def collinear_(self) -> tuple[tuple[str, ...], ...]:
        """Columns that are exact combinations of others, each followed by those."""
        design = getattr(self, "design_", None)
        return design.collinear if isinstance(design, Design) else ()

    def explained_risk(self, X: pd.DataFrame, horizon_days: float) -> Explained:
        """Return risks, their intervals and contributions at once, each as its own method gives it to the last bit."""
        model: Any = self
        risk = model.predict_risk(X, horizon_days)
        interval = getattr(model, "risk_interval", None)
        low, high = interval(X, horizon_days) if interval else (None, None)
        contributions = getattr(model, "contributions", None)
        parts = contributions(X).items() if contributions else None
        told = None if parts is None else {str(name): part.to_numpy() for name, part in parts}
        return Explained(risk, low, high, told)

    def to_parameters(self) -> dict[str, Any]:
        """Return class, settings and fitted state as a JSON-able dictionary (no pickle, no NaN).

        Returns
        -------
        dict
            Keys ``model``, ``settings``, ``state``; :func:`retaliation_risk.models.from_parameters` reads it.
        """
        check_is_fitted(self)
        state = {name: encode(getattr(self, name)) for name in (*self._state, _NAMES)}
        return {"model": type(self).__name__, "settings": self.get_params(deep=False), "state": state}

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        """Build a fitted model from :meth:`to_parameters`; its predictions are exactly the same."""
        model = cls(**parameters["settings"])
        for name in cls._state:
            setattr(model, name, decode(parameters["state"][name]))
        # Parameters of earlier versions do not hold the names.
        if _NAMES in parameters["state"]:
            model.feature_names_in_ = decode(parameters["state"][_NAMES])
        return model


def _noting(fit: Callable[..., Any]) -> Callable[..., Any]:
    """``fit`` that notes its columns when it is done, and warns where few events had no ridge to hold them."""

    @functools.wraps(fit)
    def noted(self: Fitted, X: pd.DataFrame, y: pd.DataFrame, *args: Any, **kwargs: Any) -> Any:
        fit(self, X, y, *args, **kwargs)
        self.feature_names_in_ = np.array([str(name) for name in X.columns], dtype=object)
        design = getattr(self, "design_", None)
        if isinstance(design, Design) and getattr(self, "ridge", None) == 0:
            warn_few_events(int(np.sum(y["event"])), len(design.used), stacklevel=2)
        return self

    return noted


def encode(value: Any) -> Any:
    """Write arrays, designs and mappings as JSON values; NaN becomes null.

    Examples
    --------
    >>> encode(np.array([1.0, np.nan]))
    {'array': [1.0, None], 'dtype': 'float64'}
    """
    if isinstance(value, np.ndarray):
        return {"array": _plain(value.tolist()), "dtype": str(value.dtype)}
    if isinstance(value, Design):
        fields = {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"design": fields | {"features": list(value.features)}}
    if isinstance(value, dict):
        return {"mapping": [[key, encode(item)] for key, item in value.items()]}
    return value


def decode(value: Any) -> Any:
    """Read what :func:`encode` wrote."""
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return np.array(value["array"], dtype=value["dtype"])
    if "design" in value:
        fields = {name: decode(item) for name, item in value["design"].items()}
        collinear = tuple(tuple(names) for names in fields.get("collinear", ()))
        return Design(**fields | {"features": tuple(fields["features"]), "collinear": collinear})
    return {key: decode(item) for key, item in value["mapping"]}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and np.isnan(value) else value

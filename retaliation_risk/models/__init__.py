"""Models: features and an outcome frame in, each customer's risk of retaliation out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from retaliation_risk.errors import ArtefactError
from retaliation_risk.models._base import Model
from retaliation_risk.models.aft import AFT
from retaliation_risk.models.baseline import KaplanMeier, Prevalence
from retaliation_risk.models.boosting import Boosting
from retaliation_risk.models.classifier import Logistic
from retaliation_risk.models.competing import ExitOrVoice
from retaliation_risk.models.cox import Cox
from retaliation_risk.models.hazard import Hazard
from retaliation_risk.models.landmark_cox import LandmarkCox
from retaliation_risk.models.logit import Logit
from retaliation_risk.models.rule import Rule
from retaliation_risk.models.supermodel import Supermodel
from retaliation_risk.models.time_effects import (
    Term,
    TimeEffects,
    constancy_tests,
    effect_curves,
    fit_time_effects,
)

__all__ = [
    "AFT",
    "MODELS",
    "Boosting",
    "Cox",
    "ExitOrVoice",
    "Hazard",
    "KaplanMeier",
    "LandmarkCox",
    "Logistic",
    "Logit",
    "Model",
    "Prevalence",
    "Rule",
    "Supermodel",
    "Term",
    "TimeEffects",
    "constancy_tests",
    "effect_curves",
    "fit_time_effects",
    "from_parameters",
]

#: Every model by the name used on the command line: ``MODELS[name](horizon_days, seed)`` is unfitted.
MODELS: Mapping[str, Callable[[float, int], Model]] = MappingProxyType(
    {
        "prevalence": lambda horizon_days, seed: Prevalence(horizon_days=horizon_days),
        "kaplan_meier": lambda horizon_days, seed: KaplanMeier(),
        "rule": lambda horizon_days, seed: Rule(horizon_days=horizon_days),
        "cox": lambda horizon_days, seed: Cox(),
        "landmark_cox": lambda horizon_days, seed: LandmarkCox(),
        "supermodel": lambda horizon_days, seed: Supermodel(),
        "aft": lambda horizon_days, seed: AFT(),
        "hazard": lambda horizon_days, seed: Hazard(seed=seed),
        "exit_or_voice": lambda horizon_days, seed: ExitOrVoice(),
        "logit": lambda horizon_days, seed: Logit(horizon_days=horizon_days),
        "logistic": lambda horizon_days, seed: Logistic(horizon_days=horizon_days, seed=seed),
        "boosting": lambda horizon_days, seed: Boosting(horizon_days=horizon_days, seed=seed),
    }
)

_WRITABLE = (
    Prevalence, KaplanMeier, Rule, Cox, LandmarkCox, Logit, Logistic, AFT, Supermodel, Hazard, ExitOrVoice,
)  # fmt: skip


def from_parameters(parameters: Mapping[str, Any]) -> Model:
    """Build the fitted model that ``to_parameters`` wrote.

    Raises
    ------
    ArtefactError
        RR501 when the class is not one that can be written as parameters, or a key is missing.
    """
    classes = {kind.__name__: kind for kind in _WRITABLE}
    if lacking := [key for key in ("model", "settings", "state") if key not in parameters]:
        raise ArtefactError("RR501", f"The model's parameters lack {lacking}.")
    if parameters["model"] not in classes:
        raise ArtefactError(
            "RR501", f"model is {parameters['model']!r}; it must be one of {', '.join(classes)}."
        )
    model: Model = classes[parameters["model"]].from_parameters(parameters)
    return model

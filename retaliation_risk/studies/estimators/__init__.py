"""Estimators that researchers of service failures use; each module is one family.

Every function takes a DataFrame and gives back a tidy one: ``term, estimate, se, statistic, p, low, high, n``.
"""

from retaliation_risk.studies.estimators.choice import (
    Choice,
    average_marginal_effects,
    choice_probabilities,
    fit_choice,
)
from retaliation_risk.studies.estimators.growth import (
    Growth,
    GrowthFit,
    fit_growth,
    growth_curves,
    time_slopes,
)
from retaliation_risk.studies.estimators.mediation import Mediated, fit_paths, mediated_effects
from retaliation_risk.studies.estimators.meta import (
    Meta,
    effects_from_counts,
    effects_from_d,
    effects_from_odds_ratios,
    effects_from_r,
    meta_analysis,
)
from retaliation_risk.studies.estimators.moderation import (
    Moderated,
    Moderation,
    Regions,
    fit_moderation,
    johnson_neyman,
    simple_slopes,
)
from retaliation_risk.studies.estimators.power import (
    Power,
    SampleSize,
    power_by_simulation,
    sample_size_for,
)
from retaliation_risk.studies.estimators.repeated import (
    Contrast,
    Repeated,
    planned_contrasts,
    repeated_anova,
)

__all__ = [
    "Choice",
    "Contrast",
    "Growth",
    "GrowthFit",
    "Mediated",
    "Meta",
    "Moderated",
    "Moderation",
    "Power",
    "Regions",
    "Repeated",
    "SampleSize",
    "average_marginal_effects",
    "choice_probabilities",
    "effects_from_counts",
    "effects_from_d",
    "effects_from_odds_ratios",
    "effects_from_r",
    "fit_choice",
    "fit_growth",
    "fit_moderation",
    "fit_paths",
    "growth_curves",
    "johnson_neyman",
    "mediated_effects",
    "meta_analysis",
    "planned_contrasts",
    "power_by_simulation",
    "repeated_anova",
    "sample_size_for",
    "simple_slopes",
    "time_slopes",
]

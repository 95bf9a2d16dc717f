"""Estimators that researchers of service failures use; each module is one family.

They take moments or DataFrames and give back tidy tables: ``term, estimate, se``, a statistic, ``p, low, high``.
"""

from retaliation_risk.studies.estimators._coefficients import Coefficients
from retaliation_risk.studies.estimators.choice import (
    Choice,
    average_marginal_effects,
    choice_probabilities,
    fit_choice,
)
from retaliation_risk.studies.estimators.fit_indices import compare_fits, fit_indices
from retaliation_risk.studies.estimators.growth import (
    Growth,
    GrowthFit,
    fit_growth,
    growth_curves,
    time_slopes,
)
from retaliation_risk.studies.estimators.indirect import indirect_effects
from retaliation_risk.studies.estimators.measurement import (
    average_variance_extracted,
    composite_reliability,
    cronbach_alpha,
    factor_loadings,
    fit_factor_model,
    fornell_larcker,
    htmt,
    reliability,
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
from retaliation_risk.studies.estimators.method_check import (
    adjust_for_marker,
    compare_method_models,
    first_factor_share,
)
from retaliation_risk.studies.estimators.moderation import (
    Moderated,
    Moderation,
    Regions,
    fit_moderation,
    johnson_neyman,
    simple_slopes,
)
from retaliation_risk.studies.estimators.path import (
    PathFit,
    explained_variance,
    fit_path_model,
    path_estimates,
)
from retaliation_risk.studies.estimators.power import (
    Power,
    SampleSize,
    power_by_simulation,
    sample_size_for,
)
from retaliation_risk.studies.estimators.product import (
    fit_latent_product,
    latent_product,
    product_moments,
    product_reliability,
)
from retaliation_risk.studies.estimators.repeated import (
    Contrast,
    Repeated,
    planned_contrasts,
    repeated_anova,
)
from retaliation_risk.studies.estimators.standardized import standardized_estimates

__all__ = [
    "Choice",
    "Coefficients",
    "Contrast",
    "Growth",
    "GrowthFit",
    "Mediated",
    "Meta",
    "Moderated",
    "Moderation",
    "PathFit",
    "Power",
    "Regions",
    "Repeated",
    "SampleSize",
    "adjust_for_marker",
    "average_marginal_effects",
    "average_variance_extracted",
    "choice_probabilities",
    "compare_fits",
    "compare_method_models",
    "composite_reliability",
    "cronbach_alpha",
    "effects_from_counts",
    "effects_from_d",
    "effects_from_odds_ratios",
    "effects_from_r",
    "explained_variance",
    "factor_loadings",
    "first_factor_share",
    "fit_choice",
    "fit_factor_model",
    "fit_growth",
    "fit_indices",
    "fit_latent_product",
    "fit_moderation",
    "fit_path_model",
    "fit_paths",
    "fornell_larcker",
    "growth_curves",
    "htmt",
    "indirect_effects",
    "johnson_neyman",
    "latent_product",
    "mediated_effects",
    "meta_analysis",
    "path_estimates",
    "planned_contrasts",
    "power_by_simulation",
    "product_moments",
    "product_reliability",
    "reliability",
    "repeated_anova",
    "sample_size_for",
    "simple_slopes",
    "standardized_estimates",
    "time_slopes",
]

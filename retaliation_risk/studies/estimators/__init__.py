"""Estimators that studies of customers use, each in its own module; all take moments or tables and return tables."""

from retaliation_risk.studies.estimators.fit_indices import compare_fits, fit_indices
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
from retaliation_risk.studies.estimators.method_check import (
    adjust_for_marker,
    compare_method_models,
    first_factor_share,
)
from retaliation_risk.studies.estimators.path import (
    PathFit,
    explained_variance,
    fit_path_model,
    path_estimates,
)
from retaliation_risk.studies.estimators.product import (
    fit_latent_product,
    latent_product,
    product_moments,
    product_reliability,
)
from retaliation_risk.studies.estimators.standardized import standardized_estimates

__all__ = [
    "PathFit",
    "adjust_for_marker",
    "average_variance_extracted",
    "compare_fits",
    "compare_method_models",
    "composite_reliability",
    "cronbach_alpha",
    "explained_variance",
    "factor_loadings",
    "first_factor_share",
    "fit_factor_model",
    "fit_indices",
    "fit_latent_product",
    "fit_path_model",
    "fornell_larcker",
    "htmt",
    "indirect_effects",
    "latent_product",
    "path_estimates",
    "product_moments",
    "product_reliability",
    "reliability",
    "standardized_estimates",
]

"""Features: the declared families, and the dictionary made from them."""

from retaliation_risk.features.dictionary import dictionary, markdown_table
from retaliation_risk.features.families import FEATURES, INFLUENCE, MODEL_FEATURES, SIGNS
from retaliation_risk.features.missing import missing_features

__all__ = [
    "FEATURES",
    "INFLUENCE",
    "MODEL_FEATURES",
    "SIGNS",
    "dictionary",
    "markdown_table",
    "missing_features",
]

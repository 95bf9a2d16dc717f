"""Features: the declared families, and the dictionary made from them."""

from retaliation_risk.features.dictionary import dictionary, markdown_table
from retaliation_risk.features.families import FEATURES, INFLUENCE, MODEL_FEATURES

__all__ = ["FEATURES", "INFLUENCE", "MODEL_FEATURES", "dictionary", "markdown_table"]

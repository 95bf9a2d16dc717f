"""Features: the declared families, and the dictionary made from them."""

from retaliation_risk.features.dictionary import dictionary, markdown_table
from retaliation_risk.features.families import FEATURES, INFLUENCE, MODEL_FEATURES, SIGNS

__all__ = ["FEATURES", "INFLUENCE", "MODEL_FEATURES", "SIGNS", "dictionary", "markdown_table"]

"""Features: the declared families, and the dictionary made from them."""

from retaliation_risk.features.dictionary import dictionary
from retaliation_risk.features.families import FEATURES, INFLUENCE

__all__ = ["FEATURES", "INFLUENCE", "dictionary"]

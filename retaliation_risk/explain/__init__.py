"""What is said of a customer to the person on the phone: why she is at risk, and what she went through."""

from retaliation_risk.explain.experience import in_words
from retaliation_risk.explain.why import HIGH, RAISED, Reason, band, reasons, say

__all__ = ["HIGH", "RAISED", "Reason", "band", "in_words", "reasons", "say"]

"""Interactions of constructs measured with error, in worlds of known truth; and what was printed, computed again."""

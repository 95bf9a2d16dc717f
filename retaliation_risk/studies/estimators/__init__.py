"""Estimators that researchers of service failures use; each module is one family, imported by its own name.

Every function takes a DataFrame and gives back a tidy one: ``term, estimate, se, statistic, p, low, high, n``.
"""

__all__: list[str] = []

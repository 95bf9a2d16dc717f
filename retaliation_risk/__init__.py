"""Find the customers about to retaliate against a firm, in time to make it good."""

from retaliation_risk._version import __version__

__all__ = ["__version__"]

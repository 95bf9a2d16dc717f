"""Customers with a known truth: a seeded simulator in which every constant has a source."""

from retaliation_risk.simulate.constants_outcomes import SCHOOLS
from retaliation_risk.simulate.parameters import DEFAULTS, Parameters, declaration
from retaliation_risk.simulate.truth import Simulated
from retaliation_risk.simulate.world import simulate

__all__ = ["DEFAULTS", "SCHOOLS", "Parameters", "Simulated", "declaration", "simulate"]

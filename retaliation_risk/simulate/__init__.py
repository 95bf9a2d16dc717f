"""Customers with a known truth: a seeded simulator in which every constant has a source."""

from retaliation_risk.simulate.blocks import BLOCK, Made, simulate_tables
from retaliation_risk.simulate.constants_outcomes import SCHOOLS
from retaliation_risk.simulate.parameters import DEFAULTS, Parameters, declaration
from retaliation_risk.simulate.truth import Simulated
from retaliation_risk.simulate.world import simulate

__all__ = [
    "BLOCK",
    "DEFAULTS",
    "SCHOOLS",
    "Made",
    "Parameters",
    "Simulated",
    "declaration",
    "simulate",
    "simulate_tables",
]

"""A run: tables in, a run folder out, whole or not at all."""

from retaliation_risk.run.run import run
from retaliation_risk.run.settings import Settings

__all__ = ["Settings", "run"]

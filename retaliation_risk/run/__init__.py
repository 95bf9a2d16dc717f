"""A run: tables in, a run folder out, whole or not at all."""

from retaliation_risk.run.run import run
from retaliation_risk.run.settings import COMPARED, Settings

__all__ = ["COMPARED", "Settings", "run"]

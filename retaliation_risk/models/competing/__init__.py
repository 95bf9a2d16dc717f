"""Customers leave or complain in public, whichever comes first: cumulative incidence, Fine-Gray rows, cause-specific Cox."""

from __future__ import annotations

from retaliation_risk.models.competing.exit_or_voice import ExitOrVoice
from retaliation_risk.models.competing.fine_gray import FineGrayRows, fine_gray_rows, fit_fine_gray
from retaliation_risk.models.competing.incidence import Incidence, aalen_johansen, incidence_table

__all__ = [
    "ExitOrVoice",
    "FineGrayRows",
    "Incidence",
    "aalen_johansen",
    "fine_gray_rows",
    "fit_fine_gray",
    "incidence_table",
]

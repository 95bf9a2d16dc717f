"""A run folder, told on one page: ``summarise`` makes a dict, ``render_html`` a page of it, ``write_report`` both."""

from retaliation_risk.report.render import render_html, write_report
from retaliation_risk.report.summarise import summarise

__all__ = ["render_html", "summarise", "write_report"]

"""A run folder, told on one page: summarised as a dict, rendered as HTML, written into the folder."""

from retaliation_risk.report.render import render_html, write_report
from retaliation_risk.report.summarise import summarise

__all__ = ["render_html", "summarise", "write_report"]

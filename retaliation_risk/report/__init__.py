"""A run folder, told on one page: summarised as a dict, rendered as HTML, written into the folder."""

from retaliation_risk.report.pdf import render_pdf
from retaliation_risk.report.render import render_html, write_report
from retaliation_risk.report.summarise import summarise
from retaliation_risk.report.terminal import terminal_page

__all__ = ["render_html", "render_pdf", "summarise", "terminal_page", "write_report"]

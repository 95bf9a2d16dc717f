"""``python -m retaliation_risk`` is ``retaliation-risk``."""

from retaliation_risk.cli import main

main(prog_name="retaliation-risk")

"""Run all papers and put what was found into the page: ``python -m retaliation_risk.studies docs/studies.md``."""

from __future__ import annotations

import sys
from pathlib import Path

from retaliation_risk.studies import PAPERS, run_studies
from retaliation_risk.studies.page import into, render_markdown
from retaliation_risk.studies.running import N_CUSTOMERS
from retaliation_risk.studies.writing import how_simulated

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    page = Path(sys.argv[1])
    made = render_markdown(PAPERS, run_studies(PAPERS), how_simulated(N_CUSTOMERS, 0))
    page.write_text(into(page.read_text(encoding="utf-8"), made), encoding="utf-8")

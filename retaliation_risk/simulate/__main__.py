"""Write the sample: ``python -m retaliation_risk.simulate FOLDER``; the folder must not exist."""

from __future__ import annotations

import sys
from pathlib import Path

from retaliation_risk.simulate.sample import write_sample

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write_sample(Path(sys.argv[1]))

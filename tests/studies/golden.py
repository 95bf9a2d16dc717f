"""R's numbers, and how near to them is equal."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

GOLDEN = Path(__file__).parent.parent / "golden"


def numbers(name):
    """Numbers of one JSON file of tests/golden."""
    return json.loads((GOLDEN / f"{name}.json").read_text())


def data(name):
    """The rows that R saw."""
    return pd.read_csv(GOLDEN / f"{name}.csv")


def close(ours, theirs, rtol=1e-8):
    """Equal to ``rtol`` of the value, or of the largest value beside it where this one is next to 0."""
    theirs = np.array(theirs, dtype=float)
    ours = np.asarray(ours, dtype=float).reshape(theirs.shape)
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * np.nanmax(np.abs(theirs), initial=0))

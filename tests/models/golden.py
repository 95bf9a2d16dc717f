"""What the comparisons with R share: its numbers, how near is equal, and the public data where they are."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

GOLDEN = Path(__file__).parent.parent / "golden"


def numbers(name):
    """Numbers of one JSON file of tests/golden."""
    return json.loads((GOLDEN / f"{name}.json").read_text())


def close(ours, theirs, rtol=1e-8):
    """Equal to 1e-8 of the value, or of the largest value beside it where this one is next to 0."""
    theirs = np.array(theirs, dtype=float)
    ours = np.asarray(ours, dtype=float).reshape(theirs.shape)
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * np.nanmax(np.abs(theirs)))


def check_fit(fit, theirs):
    """Coefficients, both kinds of errors and the likelihood, as fit_numbers of write.R has them."""
    close(fit.coefficients, theirs["coefficients"])
    close(np.sqrt(np.diag(fit.covariance)), theirs["se"])
    close(fit.robust, theirs["robust"])
    close([fit.log_likelihood_null, fit.log_likelihood], theirs["loglik"])


def recurrent(name):
    """One of the public data sets of recurrent events, or a skip that says how to have it."""
    folder = os.environ.get("RETALIATION_RISK_DATA")
    path = Path(folder or ".") / "recurrent_events" / f"{name}.csv"
    if not folder or not path.exists():
        pytest.skip(f"needs RETALIATION_RISK_DATA with recurrent_events/{name}.csv")
    return pd.read_csv(path)

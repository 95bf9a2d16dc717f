"""What a table of differences claims: p values, and those that hold for the whole family."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retaliation_risk.evaluate._judges import ALL
from retaliation_risk.metrics.delong import normal_p_value
from retaliation_risk.metrics.multiple import holm

CLAIMS = ["p_value", "p_holm", "family"]
FAMILIES = ("models", "policies")
_CEILING = "oracle"  # no policy one could have, so nothing is claimed of it


def add_claims(scores: pd.DataFrame) -> pd.DataFrame:
    """Add ``p_value``, ``p_holm`` and ``family`` to the differences over all moments; all else claims nothing.

    Models bring the p value of DeLong. That of policies is from the normal curve with the standard error of the
    bootstrap: counting draws beyond 0 could say no less than 2 / (B + 1), which a family multiplies.
    """
    found = scores.assign(p_value=scores.get("p_value", np.nan))
    if found.empty:
        return found.assign(p_holm=np.nan, family="")
    claims = found["metric"].str.contains("_minus_") & (found["split"] == ALL) & found["low"].notna()
    claims &= found["policy"] != _CEILING
    policies = claims & (found["policy"] != "")
    tested = [normal_p_value(*row) for row in found.loc[policies, ["value", "standard_error"]].to_numpy()]
    found.loc[policies, "p_value"] = tested
    found["p_value"] = found["p_value"].where(claims).astype(float)
    found["family"] = np.select([claims & ~policies, policies], FAMILIES, default="")
    found["p_holm"] = np.nan
    for family in FAMILIES:
        mine = found["family"] == family
        found.loc[mine, "p_holm"] = holm(found.loc[mine, "p_value"].to_numpy())
    return found

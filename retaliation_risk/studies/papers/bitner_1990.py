"""Bitner, Booms and Tetreault 1990: good and bad encounters, told by customers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2_contingency

from retaliation_risk.errors import ArgumentError
from retaliation_risk.studies.frame import PRINTED, Claim, Estimate, Study

SATISFACTORY, DISSATISFACTORY = 347, 352


def groups_by_outcome(counts: npt.ArrayLike) -> pd.DataFrame:
    """Test whether kinds of incidents differ in how they end: chi-square on a table of counts keyed in by its reader.

    Parameters
    ----------
    counts : array of int, shape (n_groups, n_outcomes)
        Incidents of each group (rows) that ended in each way (columns), such as the paper's three groups by two outcomes.

    Returns
    -------
    DataFrame
        One row: ``statistic``, ``df``, ``p``, ``cramers_v`` in [0, 1] and ``n``.

    Raises
    ------
    ArgumentError
        RR111 for fewer than two rows or columns, negative counts, or an empty row or column.

    Examples
    --------
    >>> groups_by_outcome([[20, 10], [10, 20]]).round(3).to_numpy().tolist()
    [[6.667, 1.0, 0.01, 0.333, 60.0]]
    """
    table = np.asarray(counts, dtype=np.float64)
    if (
        table.ndim != 2
        or min(table.shape) < 2
        or (table < 0).any()
        or not table.any(0).all()
        or not table.any(1).all()
    ):
        raise ArgumentError(
            "RR111", f"counts are {table.tolist()}; two rows and columns or more, each with incidents."
        )
    tested = chi2_contingency(table, correction=False)
    n = table.sum()
    v = np.sqrt(tested.statistic / (n * (min(table.shape) - 1)))
    row = {"statistic": tested.statistic, "df": float(tested.dof), "p": tested.pvalue, "cramers_v": v, "n": n}
    return pd.DataFrame([row])


def _incidents() -> Estimate:
    total = float(SATISFACTORY + DISSATISFACTORY)
    return Estimate(total, total, total)


STUDY = Study(
    "bitner_1990",
    "Bitner, Booms & Tetreault 1990, Journal of Marketing 54(1) 71-84",
    "Critical incidents told by customers of airlines, hotels and restaurants, sorted by hand into "
    "groups and categories.",
    (
        Claim(
            "B1",
            "700 incidents were collected",
            "number",
            source="abstract; 347 satisfactory and 352 dissatisfactory from a secondary source",
            published=700,
            unit="incidents",
            test=_incidents,
            tolerance=5,
            data=PRINTED,
            reads_as="the two counts added up; 700 is taken as round to the nearest ten",
        ),
        Claim(
            "B2",
            "groups of incidents differ in how many were satisfactory",
            "order",
            source="abstract",
            why_not="the counts of the groups were not seen; groups_by_outcome tests them once they are "
            "keyed in",
        ),
    ),
    doi="10.2307/1252174",
)

"""Chances learned from other customers: of being answered, and of retaliating if answered and if not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Fold = tuple[Ints, Ints]

#: Inverse strength of the ridge on standardised columns: weak, so that confounding is taken out and not half of it.
_FREEDOM = 10.0
_NEVER = 1e-9


def folds_of(customer: Ints, n_folds: int) -> list[Fold]:
    """Rows to learn from and rows to predict, all rows of a customer on one side."""
    return list(GroupKFold(n_splits=n_folds).split(customer, groups=customer))


def propensities(covariates: Floats, answered: Bools, folds: list[Fold]) -> Floats:
    """Chance of being answered of each row, shape (n,), in (0, 1), by a logistic regression on other customers."""
    found = np.empty(len(answered))
    for learn, ask in folds:
        found[ask] = _chances(covariates[learn], answered[learn], np.ones(len(learn)), covariates[ask])
    # Certainty would divide by 0 before such rows are left out.
    return np.clip(found, _NEVER, 1 - _NEVER)


def outcome_chances(
    covariates: Floats, answered: Bools, event: Bools, known: Floats, folds: list[Fold]
) -> dict[bool, Floats]:
    """Chance of retaliating of each row if not answered (False) and if answered (True), each shape (n,).

    One logistic regression an arm, on other customers whose outcome is known, weighted for those lost from sight.
    """
    found = {arm: np.empty(len(event)) for arm in (False, True)}
    for arm, (learn, ask) in _arms(folds):
        rows = learn[(answered[learn] == arm) & (known[learn] > 0)]
        found[arm][ask] = _chances(covariates[rows], event[rows], known[rows], covariates[ask])
    return found


def _arms(folds: list[Fold]) -> Iterator[tuple[bool, Fold]]:
    return ((arm, fold) for arm in (False, True) for fold in folds)


def _chances(columns: Floats, hit: Bools, weight: Floats, asked: Floats) -> Floats:
    if not len(hit) or hit.all() or not hit.any():
        # Nothing to tell apart: the share itself, as good as it is.
        return np.full(len(asked), float(hit.mean()) if len(hit) else 0.0)
    model = _logistic().fit(columns, hit, logisticregression__sample_weight=weight)
    chance: Floats = model.predict_proba(asked)[:, 1]
    return chance


def _logistic() -> Pipeline:
    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=_FREEDOM, max_iter=1000),
    )

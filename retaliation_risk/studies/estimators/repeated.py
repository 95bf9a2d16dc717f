"""Repeated measures: one rating per person and wave, compared within persons and between groups of them.

Every effect is a set of orthonormal contrasts of the cells. Each person has one score per contrast, so that the analysis
of an effect is that of its scores: their mean for the effect itself, differences of group means for its interaction.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import helmert
from scipy.stats import f as fisher

from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.metrics.multiple import holm
from retaliation_risk.studies.estimators._coefficients import Floats, complete, numeric, tidy, varying


@dataclass(frozen=True)
class Repeated:
    """Who was asked what, when.

    Attributes
    ----------
    outcome, person : str
        Columns.
    within : tuple of str
        Factors that change within a person, such as the wave: one row per person and combination of their levels.
    between : str, optional
        The group of a person, such as the order of good and bad recoveries.
    """

    outcome: str
    person: str
    within: tuple[str, ...]
    between: str | None = None


@dataclass(frozen=True)
class Contrast:
    """A question asked before the data were seen: a weighted sum of means.

    Attributes
    ----------
    term : str
        What to call it.
    levels : mapping of level to float
        Weights of the levels of the within factor; those not named have none.
    groups : mapping of group to float
        Weights of the groups, if it is about their differences; else all persons count alike.
    """

    term: str
    levels: Mapping[Hashable, float]
    groups: Mapping[Hashable, float] = field(default_factory=dict)


def repeated_anova(frame: pd.DataFrame, design: Repeated) -> pd.DataFrame:
    """Within-subject analysis of variance, corrected for want of sphericity.

    Parameters
    ----------
    frame : DataFrame
        Long: one row per person and combination of levels, none missing.
    design : Repeated

    Returns
    -------
    DataFrame
        ``term, df1, df2, statistic, p, epsilon_gg, p_gg, epsilon_hf, p_hf, partial_eta_squared, n``: F tests of each
        within effect, its interaction with the group and the group itself. Sums of squares are of type III: groups
        count alike, however many persons they have. Effects of one degree of freedom need no correction.

    Raises
    ------
    DataError
        RR101, RR640 (also for persons without one of the cells), RR641, RR642 with no more persons than groups.
    ArgumentError
        RR111 where a cell or a person's group stands twice.

    References
    ----------
    Greenhouse and Geisser (1959), doi:10.1007/BF02289823; Huynh and Feldt (1976), doi:10.3102/10769986001001069.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> data = pd.DataFrame({"person": np.repeat(np.arange(30), 3), "wave": np.tile(["w1", "w2", "w3"], 30)})
    >>> data["rating"] = rng.normal(size=30)[data["person"]] - (data["wave"] == "w3") + rng.normal(size=90)
    >>> found = repeated_anova(data, Repeated("rating", "person", ("wave",)))
    >>> found[["term", "df1", "df2", "statistic", "epsilon_gg", "p_gg"]].round(3).values.tolist()
    [['wave', 2, 58, 2.448, 0.982, 0.096]]
    """
    wide, group, _ = _wide(frame, design)
    Y, sizes = wide.to_numpy(), np.bincount(group)
    if len(Y) <= len(sizes):
        raise DataError("RR642", f"{len(Y)} persons in {len(sizes)} groups of {design.between!r}.")
    levels = [len(level) for level in _levels(wide)]
    rows: list[tuple[object, ...]] = []
    for effect in _effects(len(design.within)):
        scores = Y @ _contrasts(levels, effect).T
        means = np.array([scores[group == g].mean(axis=0) for g in range(len(sizes))])
        left = scores - means[group]
        name = ":".join(design.within[k] for k in effect)
        if effect:
            rows.append((name, *_test(np.ones((1, len(sizes))), means, sizes, left)))
        if design.between:
            rows.append(
                (
                    ":".join(filter(None, [design.between, name])),
                    *_test(helmert(len(sizes)), means, sizes, left),
                )
            )
    return pd.DataFrame(rows, columns=["term", *_COLUMNS]).assign(n=len(Y))


def planned_contrasts(
    frame: pd.DataFrame, design: Repeated, contrasts: Sequence[Contrast], *, level: float = 0.95
) -> pd.DataFrame:
    """Weighted sums of means of waves and groups, each with the error of its own scores.

    Parameters
    ----------
    frame : DataFrame
        As for :func:`repeated_anova`; ``design`` has one within factor.
    design : Repeated
    contrasts : sequence of Contrast
    level : float, default 0.95
        Of each interval alone.

    Returns
    -------
    DataFrame
        Tidy, with ``df`` and ``p_holm``, the p-values for asking all at once. Without groups it is the t test of the
        persons' scores; with groups, variances may differ between them (Welch and Satterthwaite).

    Raises
    ------
    DataError
        As :func:`repeated_anova`.
    ArgumentError
        RR111 for levels or groups that are not there, or groups of fewer than two persons.

    Examples
    --------
    >>> data = pd.DataFrame({"person": [1, 1, 2, 2, 3, 3], "wave": ["before", "after"] * 3,
    ...                      "rating": [6.0, 4, 5, 4, 7, 3]})
    >>> fall = Contrast("fall", {"before": 1, "after": -1})
    >>> found = planned_contrasts(data, Repeated("rating", "person", ("wave",)), [fall])
    >>> found[["term", "estimate", "se", "df", "n"]].round(3).values.tolist()
    [['fall', 2.333, 0.882, 2.0, 3]]
    """
    if len(design.within) != 1:
        raise ArgumentError(
            "RR111", f"within is {design.within}; contrasts take one factor: join them into one column."
        )
    wide, group, names = _wide(frame, design)
    found = [_contrast(wide, group, names, one) for one in contrasts]
    estimate, variance, df, n = (np.array(values) for values in zip(*found, strict=True))
    table = tidy([one.term for one in contrasts], estimate, np.sqrt(variance), df=df, n=n, level=level)
    return table.assign(df=df, p_holm=holm(table["p"]))


def _contrast(
    wide: pd.DataFrame, group: npt.NDArray[np.int64], names: list[Hashable], contrast: Contrast
) -> tuple[float, float, float, int]:
    """Estimate, variance, degrees of freedom and persons of one contrast."""
    weights = _weights(contrast.levels, list(wide.columns.get_level_values(0)), "level", contrast.term)
    scores = wide.to_numpy() @ weights
    if not contrast.groups:
        group, names, share = np.zeros_like(group), ["everybody"], np.ones(1)
    else:
        share = _weights(contrast.groups, names, "group", contrast.term)
    used = np.flatnonzero(share)
    sizes = np.bincount(group, minlength=len(share))[used]
    if (sizes < 2).any():
        raise ArgumentError(
            "RR111", f"contrast {contrast.term!r}: {names[used[sizes.argmin()]]!r} has fewer than 2 persons."
        )
    parts = [scores[group == g] for g in used]
    variances = np.array(
        [w**2 * part.var(ddof=1) / len(part) for w, part in zip(share[used], parts, strict=True)]
    )
    estimate = sum(w * part.mean() for w, part in zip(share[used], parts, strict=True))
    if not variances.sum() > 0:
        raise DataError("RR641", f"the scores of contrast {contrast.term!r} are the same for all persons.")
    df = variances.sum() ** 2 / np.sum(variances**2 / (sizes - 1))
    return float(estimate), float(variances.sum()), float(df), int(sizes.sum())


def _weights(given: Mapping[Hashable, float], there: list[Hashable], kind: str, term: str) -> Floats:
    unknown = [name for name in given if name not in there]
    if unknown or not any(given.values()):
        raise ArgumentError(
            "RR111", f"contrast {term!r}: {kind} weights are {dict(given)}; the {kind}s are {there}."
        )
    return np.array([given.get(name, 0.0) for name in there])


_COLUMNS = ("df1", "df2", "statistic", "p", "epsilon_gg", "p_gg", "epsilon_hf", "p_hf", "partial_eta_squared")


def _test(hypothesis: Floats, means: Floats, sizes: npt.NDArray[np.int64], left: Floats) -> tuple[float, ...]:
    """F test that ``hypothesis @ means`` is 0, of scores with group means and what those leave of each person."""
    d, df_error = left.shape[1], len(left) - len(sizes)
    apart = hypothesis @ means
    between = hypothesis @ np.diag(1 / sizes) @ hypothesis.T
    explained = float(np.trace(apart.T @ np.linalg.solve(between, apart)))
    E = left.T @ left
    error = float(np.trace(E))
    if error <= 1e-20 * np.sum(means**2):
        raise DataError(
            "RR641", "persons of a group do not differ in how they change; there is nothing to compare with."
        )
    df1, df2 = len(hypothesis) * d, df_error * d
    statistic = (explained / df1) / (error / df2)
    gg = error**2 / (d * np.sum(E**2))
    hf = (
        max(gg, min(1.0, ((df_error + 1) * d * gg - 2) / (d * (df_error - d * gg))))
        if df_error > d * gg
        else 1.0
    )
    p, p_gg, p_hf = (float(fisher.sf(statistic, df1 * e, df2 * e)) for e in (1.0, gg, hf))
    return (df1, df2, statistic, p, float(gg), p_gg, float(hf), p_hf, explained / (explained + error))


def _effects(n_factors: int) -> Iterator[tuple[int, ...]]:
    """Yield main effects first, then interactions, and last none of the factors: the level of a person."""
    for size in range(1, n_factors + 1):
        yield from combinations(range(n_factors), size)
    yield ()


def _contrasts(levels: Sequence[int], effect: tuple[int, ...]) -> Floats:
    """Orthonormal contrasts of the cells for an effect, shape (degrees of freedom, n_cells)."""
    parts = [helmert(n) if k in effect else np.full((1, n), n**-0.5) for k, n in enumerate(levels)]
    return np.asarray(reduce(np.kron, parts))


def _levels(wide: pd.DataFrame) -> list[pd.Index]:
    return [wide.columns.unique(k) for k in range(wide.columns.nlevels)]


def _wide(
    frame: pd.DataFrame, design: Repeated
) -> tuple[pd.DataFrame, npt.NDArray[np.int64], list[Hashable]]:
    """One row per person and one column per cell, the code of each person's group, and the groups' names."""
    factors = [design.person, *design.within, *([design.between] if design.between else [])]
    found = complete(frame, factors).assign(
        **{design.outcome: numeric(frame, [design.outcome])[design.outcome]}
    )
    varying(found, [design.outcome, *factors])
    twice = found[found.duplicated([design.person, *design.within])]
    if len(twice):
        raise ArgumentError(
            "RR111", f"{design.person} {twice.iloc[0][design.person]} has a cell of {design.within} twice."
        )
    wide = found.pivot(index=design.person, columns=list(design.within), values=design.outcome)
    cells = pd.MultiIndex.from_product(
        [sorted(found[name].unique()) for name in design.within], names=design.within
    )
    wide = wide.reindex(columns=cells if len(design.within) > 1 else cells.get_level_values(0))
    if lacking := int(wide.isna().any(axis=1).sum()):
        raise DataError(
            "RR640", f"{lacking} of {len(wide)} persons of {design.person!r} lack a cell of {design.within}."
        )
    return wide, *_groups(found, design, wide.index)


def _groups(
    found: pd.DataFrame, design: Repeated, persons: pd.Index
) -> tuple[npt.NDArray[np.int64], list[Hashable]]:
    if design.between is None:
        return np.zeros(len(persons), dtype=np.int64), ["everybody"]
    pairs = found[[design.person, design.between]].drop_duplicates()
    twice = pairs[pairs.duplicated(design.person)]
    if len(twice):
        raise ArgumentError(
            "RR111",
            f"{design.person} {twice.iloc[0][design.person]} is in two groups of {design.between!r}.",
        )
    group = pairs.set_index(design.person)[design.between].reindex(persons)
    names, codes = np.unique(group.to_numpy(), return_inverse=True)
    return codes.astype(np.int64), names.tolist()

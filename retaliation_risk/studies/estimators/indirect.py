"""Effects of one variable on another along the arrows of a path model: each way, all indirect ones, direct, total."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.errors import ArgumentError
from retaliation_risk.studies.estimators._results import tidy
from retaliation_risk.studies.estimators._structure import Structure
from retaliation_risk.studies.estimators.path import PathFit

Floats = npt.NDArray[np.float64]
Way = tuple[int, ...]  # places of terms, from the cause to the effect


def indirect_effects(
    fit: PathFit, cause: str, effect: str, *, level: float = 0.95, draws: int = 20_000, seed: int = 0
) -> pd.DataFrame:
    """Direct, indirect and total effects, with errors by the delta method and intervals by products of draws.

    Parameters
    ----------
    fit : PathFit
    cause, effect : str
        Variables of the model, observed or latent, with a way of arrows ``~`` from the one to the other.
    level : float, default 0.95
        Of both intervals, in (0, 1).
    draws : int, default 20_000
        Of the parameters from their normal distribution, at least 100.
    seed : int, default 0
        Of the draws.

    Returns
    -------
    DataFrame
        ``term``, ``estimate``, ``se``, ``z``, ``p``, ``low``, ``high`` (delta method) and ``mc_low``, ``mc_high``
        (percentiles of the draws: a product is skewed, which the delta method does not see). A row for each way, such as
        ``fair -> betrayal -> revenge``, then ``indirect`` (their sum), ``direct`` (0, without an error, where there is no
        such arrow), ``total``.

    Raises
    ------
    ArgumentError
        RR111 for a name that is not in the model, or no way between the two.

    References
    ----------
    Delta method: Sobel (1982), doi:10.2307/270723. Draws: MacKinnon, Lockwood and Williams (2004),
    doi:10.1207/s15327906mbr3901_4.

    Examples
    --------
    >>> from retaliation_risk.studies.moments import moments_of
    >>> from retaliation_risk.studies.estimators.path import fit_path_model
    >>> moments = moments_of({"n": 200, "sd": {"fair": 1, "betrayal": 1, "revenge": 1}, "r": [[-0.5], [-0.2, 0.6]]})
    >>> fit = fit_path_model("revenge ~ betrayal; betrayal ~ fair", moments)
    >>> indirect_effects(fit, "fair", "revenge")[["term", "estimate", "se", "mc_low", "mc_high"]].round(2)
                              term  estimate    se  mc_low  mc_high
    0  fair -> betrayal -> revenge      -0.3  0.05    -0.4    -0.21
    1                     indirect      -0.3  0.05    -0.4    -0.21
    2                       direct       0.0   NaN     NaN      NaN
    3                        total      -0.3  0.05    -0.4    -0.21
    """
    _refuse_arguments(fit, cause, effect, draws)
    ways = _ways_between(fit, cause, effect)
    sums = _sums(ways)
    terms = [_written(fit, cause, way) for way in ways if len(way) > 1] + ["indirect", "direct", "total"]
    values = fit.implied.values
    estimates = sums @ np.array([values[list(way)].prod() for way in ways])
    gradients = sums @ np.stack([_slope(fit, values, way) for way in ways])
    errors = np.sqrt(np.einsum("ri,ij,rj->r", gradients, fit.covariance, gradients))
    errors = np.where(gradients.any(axis=1), errors, np.nan)
    table = tidy(terms, estimates, errors, level)
    drawn = _draw(fit, ways, draws, seed) @ sums.T
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    known = np.isfinite(errors)
    return table.assign(mc_low=np.where(known, low, np.nan), mc_high=np.where(known, high, np.nan))


def _refuse_arguments(fit: PathFit, cause: str, effect: str, draws: int) -> None:
    for word, name in (("cause", cause), ("effect", effect)):
        if name not in fit.structure.names:
            raise ArgumentError(
                "RR111", f"{word} is {name!r}; it must be one of {', '.join(fit.structure.names)}."
            )
    if not draws >= 100:
        raise ArgumentError("RR111", f"draws is {draws!r}; it must be at least 100.")


def _ways_between(fit: PathFit, cause: str, effect: str) -> list[Way]:
    """All ways from the cause to the effect, the longest first, the direct one (if there is one) last."""
    names = fit.structure.names
    ways = list(_ways(fit.structure, names.index(cause), names.index(effect)))
    if not ways:
        raise ArgumentError(
            "RR111", f"no way of arrows leads from {cause!r} to {effect!r}; there must be one."
        )
    return sorted(ways, key=len, reverse=True)


def _ways(structure: Structure, start: int, end: int) -> Iterator[Way]:
    for t, term in enumerate(structure.model.terms):
        if term.op == "~" and structure.column[t] == start:
            to = int(structure.row[t])
            rest = [()] if to == end else _ways(structure, to, end)
            yield from ((t, *way) for way in rest)


def _sums(ways: list[Way]) -> Floats:
    """Which ways each row of the table adds up, shape (rows, ways): each indirect one, then all, direct, total."""
    direct = np.array([len(way) == 1 for way in ways], dtype=np.float64)
    each = np.eye(len(ways))[direct == 0]
    return np.vstack([each, 1 - direct, direct, np.ones(len(ways))])


def _written(fit: PathFit, cause: str, way: Way) -> str:
    return " -> ".join([cause, *(fit.structure.names[fit.structure.row[t]] for t in way)])


def _slope(fit: PathFit, values: Floats, way: Way) -> Floats:
    """Derive the product along a way by each parameter, shape (k,)."""
    found = np.zeros(fit.structure.n_parameters)
    for place, t in enumerate(way):
        if fit.structure.parameter[t] >= 0:
            others = [*way[:place], *way[place + 1 :]]
            found[fit.structure.parameter[t]] += values[others].prod()
    return found


def _draw(fit: PathFit, ways: list[Way], draws: int, seed: int) -> Floats:
    """Products along each way for draws of the parameters, shape (draws, ways)."""
    used = sorted({int(k) for way in ways for k in fit.structure.parameter[list(way)] if k >= 0})
    values = np.broadcast_to(fit.implied.values, (draws, len(fit.implied.values))).copy()
    if used:
        covariance = fit.covariance[np.ix_(used, used)]
        drawn = np.random.default_rng(seed).multivariate_normal(fit.parameters[used], covariance, draws)
        for place, k in enumerate(used):
            values[:, fit.structure.parameter == k] = drawn[:, [place]]
    return np.stack([values[:, list(way)].prod(axis=1) for way in ways], axis=1)

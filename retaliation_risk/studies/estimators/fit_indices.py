"""How well a path model fits: chi-square, the usual indices with lavaan's definitions, and two models compared."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import chi2, ncx2

from retaliation_risk.errors import ArgumentError
from retaliation_risk.studies.estimators._likelihood import discrepancy, log_determinant
from retaliation_risk.studies.estimators.path import PathFit

Floats = npt.NDArray[np.float64]


def fit_indices(fit: PathFit) -> pd.DataFrame:
    """Fit of a model as a table.

    Parameters
    ----------
    fit : PathFit
        With N its weight, F its discrepancy, p observed variables.

    Returns
    -------
    DataFrame
        ``index``, ``value``, ``low``, ``high``; the last two NaN but for RMSEA (90 %). Rows:

        - ``n``, ``parameters`` (free ones), ``chi2`` (N F), ``df``, ``p`` (NaN where df is 0);
        - ``chi2_baseline``, ``df_baseline``: of no covariance at all, but for those among given variables;
        - ``cfi`` in [0, 1], ``tli`` (may leave it): from 1, higher is better;
        - ``rmsea`` (from 0, lower is better), ``p_rmsea_below_05`` (of its being at most .05);
        - ``srmr`` (from 0, lower is better): root mean square of residual correlations, variances with them;
        - ``log_likelihood`` (of what the model explains, given the given), ``aic``, ``bic``.

    References
    ----------
    Bentler (1990), doi:10.1037/0033-2909.107.2.238; Tucker and Lewis (1973), doi:10.1007/BF02291170; Browne and Cudeck
    (1992), doi:10.1177/0049124192021002005.

    Examples
    --------
    >>> from retaliation_risk.studies.moments import moments_of
    >>> from retaliation_risk.studies.estimators.path import fit_path_model
    >>> moments = moments_of({"n": 200, "sd": {"fair": 1, "betrayal": 1, "revenge": 1}, "r": [[-0.5], [-0.2, 0.6]]})
    >>> fit = fit_path_model("revenge ~ betrayal; betrayal ~ fair", moments)
    >>> fit_indices(fit).set_index("index").value[["chi2", "df", "cfi", "rmsea"]].round(3).to_dict()
    {'chi2': 4.211, 'df': 1.0, 'cfi': 0.978, 'rmsea': 0.127}
    """
    value, df = fit.weight * fit.discrepancy, fit.degrees_of_freedom
    base, base_df = _baseline(fit)
    cfi, tli = _against_baseline(value, df, base, base_df)
    rmsea, low, high, close = _rmsea(value, df, fit.weight)
    likelihood, k = _log_likelihood(fit), fit.structure.n_parameters
    rows: dict[str, tuple[float, ...]] = {
        "n": (fit.moments.n,),
        "parameters": (k,),
        "chi2": (value,),
        "df": (df,),
        "p": (float(chi2.sf(value, df)) if df else np.nan,),
        "chi2_baseline": (base,),
        "df_baseline": (base_df,),
        "cfi": (cfi,),
        "tli": (tli,),
        "rmsea": (rmsea, low, high),
        "p_rmsea_below_05": (close,),
        "srmr": (_srmr(fit),),
        "log_likelihood": (likelihood,),
        "aic": (2 * k - 2 * likelihood,),
        "bic": (k * np.log(fit.moments.n) - 2 * likelihood,),
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "low", "high"], dtype=np.float64)
    return table.rename_axis("index").reset_index()


def compare_fits(narrow: PathFit, wide: PathFit) -> pd.DataFrame:
    """Likelihood ratio test of a model against a wider one that holds it.

    Parameters
    ----------
    narrow, wide : PathFit
        Of the same moments; that ``narrow`` is a special case of ``wide`` is not checked, but for its degrees of freedom.

    Returns
    -------
    DataFrame of one row
        ``chi2`` (difference, from 0), ``df``, ``p``: small where the narrow model fits worse.

    Raises
    ------
    ArgumentError
        RR111 where the models are of other variables, or ``wide`` is not wider.
    """
    if sorted(narrow.moments.names) != sorted(wide.moments.names) or narrow.weight != wide.weight:
        raise ArgumentError(
            "RR111",
            f"narrow is of {', '.join(narrow.moments.names)} and wide of {', '.join(wide.moments.names)}; "
            "both must be of the same moments, by the same likelihood.",
        )
    df = narrow.degrees_of_freedom - wide.degrees_of_freedom
    if df <= 0:
        raise ArgumentError(
            "RR111", f"wide has {-df} degrees of freedom more than narrow; it must have fewer."
        )
    value = max(narrow.weight * (narrow.discrepancy - wide.discrepancy), 0.0)
    return pd.DataFrame({"chi2": [value], "df": [df], "p": [float(chi2.sf(value, df))]})


def _given(fit: PathFit) -> npt.NDArray[np.bool_]:
    return np.isin(fit.structure.model.observed, fit.structure.model.given)


def _baseline(fit: PathFit) -> tuple[float, int]:
    """Chi-square and degrees of freedom of a model without covariances, but for those among given variables."""
    given = _given(fit)
    kept = np.outer(given, given) | np.eye(len(given), dtype=bool)
    p, q = len(given), int(given.sum())
    return fit.weight * discrepancy(fit.sample, np.where(kept, fit.sample, 0.0)), (
        p * (p - 1) - q * (q - 1)
    ) // 2


def _against_baseline(value: float, df: int, base: float, base_df: int) -> tuple[float, float]:
    over, base_over = max(value - df, 0.0), max(base - base_df, value - df, 0.0)
    cfi = 1 - over / base_over if base_over > 0 else 1.0
    if df == 0 or base_df == 0 or base == base_df:
        return cfi, 1.0 if df == 0 else float("nan")
    return cfi, (base / base_df - value / df) / (base / base_df - 1)


def _rmsea(value: float, df: int, weight: int) -> tuple[float, float, float, float]:
    """RMSEA, its 90 % interval, and p of its being at most .05."""
    if df == 0:
        return 0.0, 0.0, 0.0, float("nan")
    point = np.sqrt(max(value / df - 1, 0.0) / weight)
    low, high = (np.sqrt(_noncentrality(value, df, share) / (df * weight)) for share in (0.95, 0.05))
    return point, low, high, float(ncx2.sf(value, df, weight * df * 0.05**2))


def _noncentrality(value: float, df: int, share: float) -> float:
    """Find the one at which ``value`` is this quantile; 0 where even that of the central chi-square is beyond it."""

    def beyond(center: float) -> float:
        return float((ncx2.cdf(value, df, center) if center > 0 else chi2.cdf(value, df)) - share)

    return 0.0 if beyond(0.0) < 0 else _root(beyond, value + df)


def _root(function: Callable[[float], float], end: float) -> float:
    """Where a falling function from a value above 0 meets 0."""
    while function(end) > 0:
        end *= 2
    return float(brentq(function, 0.0, end, xtol=1e-12))


def _srmr(fit: PathFit) -> float:
    sds = np.sqrt(np.diag(fit.sample))
    apart = (fit.sample - fit.implied.observed) / np.outer(sds, sds)
    return float(np.sqrt((apart[np.tril_indices(len(sds))] ** 2).mean()))


def _log_likelihood(fit: PathFit) -> float:
    """Sum the normal log likelihood of the observed variables, less that of the given ones."""
    given = _given(fit)
    of_all = fit.discrepancy + log_determinant("the covariances", fit.sample) + len(given)
    of_given = (
        log_determinant("the covariances", fit.sample[np.ix_(given, given)]) + given.sum()
        if given.any()
        else 0.0
    )
    explained = len(given) - given.sum()
    return float(-0.5 * fit.moments.n * (explained * np.log(2 * np.pi) + of_all - of_given))

"""Is one model better than another on the same customers? Paired differences, and which survive many being looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.evaluate import FEWEST_EVENTS
from retaliation_risk.metrics import auroc, brier, events_reached, holm

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Resamples that are looked at together: some 60 MB of weights for thirty thousand rows.
AT_ONCE = 250


@dataclass(frozen=True)
class Rows:
    """Outcomes to judge by: the rows of a predictions frame, and how many can be answered at each moment."""

    frame: pd.DataFrame
    capacity: int

    @cached_property
    def event(self) -> Bools:
        """Whether each row has the outcome."""
        return self.frame["event"].to_numpy(dtype=bool)

    @cached_property
    def ipcw(self) -> Floats:
        """What each known outcome stands for; 0 where it is not known."""
        return self.frame["weight"].to_numpy(dtype=np.float64)

    @cached_property
    def moments(self) -> list[npt.NDArray[np.intp]]:
        """Positions of the rows of each moment, in order of time."""
        codes = pd.factorize(self.frame["split"], sort=True)[0]
        return [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]


def within(rows: Rows, risk: Floats, drawn: Floats) -> Floats:
    """AUROC at each moment, mean over moments: what a queue is ordered by, and no reward for knowing the date.

    NaN where a moment has no event.
    """
    each = [auroc(rows.event[at], risk[at], weight=drawn[:, at] * rows.ipcw[at]) for at in rows.moments]
    return np.mean(each, axis=0)


def pooled(rows: Rows, risk: Floats, drawn: Floats) -> Floats:
    """AUROC over the rows of all moments, as ``evaluate`` has it."""
    return np.asarray(auroc(rows.event, risk, weight=drawn * rows.ipcw))


def squared(rows: Rows, risk: Floats, drawn: Floats) -> Floats:
    """Brier score; lower is better."""
    return np.asarray(brier(rows.event, risk, weight=drawn * rows.ipcw))


def reached(rows: Rows, risk: Floats, drawn: Floats) -> Floats:
    """Share of events within capacity, a queue by risk at each moment; ties at its edge in proportion."""
    found = events_reached(
        rows.event, risk, capacity=rows.capacity, group=rows.frame["split"], weight=drawn, ipcw=rows.ipcw
    )
    return np.asarray(found)


METRICS: Mapping[str, Callable[[Rows, Floats, Floats], Floats]] = {
    "auroc_within": within,
    "auroc": pooled,
    "brier": squared,
    "reached": reached,
}

#: Metrics of which less is better.
LOWER = ("brier",)


def compare(
    predictions: pd.DataFrame, baselines: Sequence[str], *, capacity: int, n_bootstrap: int, seed: int = 0
) -> pd.DataFrame:
    """Judge every model, and every model against each baseline, on resampled customers.

    Parameters
    ----------
    predictions : DataFrame
        The predictions frame of ``rolling_origin``, its rows in any order.
    baselines : sequence of str
        Models to compare with. A model is judged where it and all of them have a risk.
    capacity : int
        Customers that can be answered at each moment, above 0.
    n_bootstrap : int
        Resamples of the customers, with all their rows; the same for all models.
    seed : int, default 0
        Of the resamples; they are those of ``evaluate``.

    Returns
    -------
    DataFrame
        ``model, baseline, metric, value, low, high, p, holm, n, n_events, customers, moments``. With an empty baseline the
        value is the model's own, else the difference to the baseline's on the same rows. ``low`` and ``high`` are the
        95 % percentiles; ``p`` is twice the smaller share of resamples on either side of 0, and ``holm`` is that
        adjusted for all models that are compared with one baseline on one metric. From fewer than ten customers with an
        event (``customers``) there is no interval and no p.
    """
    customer, drawn = _drawn(predictions["customer_id"], n_bootstrap, seed)
    found = []
    for kept, models in _places(predictions, baselines):
        rows = Rows(predictions[kept].reset_index(drop=True), capacity)
        names = dict.fromkeys((*models, *baselines))
        values = {name: _values(rows, f"risk_{name}", drawn, customer[kept]) for name in names}
        for model in models:
            found += [line | _counts(rows) for line in _lines(model, values, baselines)]
    return _adjusted(_without_few(pd.DataFrame(found)))


def _places(predictions: pd.DataFrame, baselines: Sequence[str]) -> Iterator[tuple[Bools, list[str]]]:
    """Rows that models are judged on, and the models that share them; a model without any risk is left out."""
    risks = predictions.filter(regex="^risk_").notna().rename(columns=lambda name: name.removeprefix("risk_"))
    usable = risks[list(baselines)].all(axis=1)
    shared: dict[bytes, list[str]] = {}
    for name in risks:
        shared.setdefault((risks[name] & usable).to_numpy().tobytes(), []).append(name)
    for mask, models in shared.items():
        kept = np.frombuffer(mask, dtype=bool)
        if kept.any():
            yield kept, models


def _drawn(ids: pd.Series, n: int, seed: int) -> tuple[npt.NDArray[np.intp], Floats]:
    """Code of each row's customer, and how often each customer was drawn, shape (1 + n, customers), everybody once first."""
    codes, customers = pd.factorize(ids, sort=True)
    size = len(customers)
    # Each draw from a seed of its own, as in evaluate: its intervals are ours.
    picks = (np.random.default_rng((seed, k)).integers(size, size=size, dtype=np.uint32) for k in range(n))
    counts = [np.bincount(each, minlength=size) for each in picks]
    return codes, np.array([np.ones(size), *counts])


def _values(rows: Rows, column: str, drawn: Floats, customer: npt.NDArray[np.intp]) -> dict[str, Floats]:
    """Each metric on the rows themselves and on every resample, shape (1 + n,)."""
    risk = rows.frame[column].to_numpy(dtype=np.float64)
    starts = range(0, len(drawn), AT_ONCE)
    blocks = [
        {name: metric(rows, risk, drawn[at : at + AT_ONCE][:, customer]) for name, metric in METRICS.items()}
        for at in starts
    ]
    return {name: np.concatenate([block[name] for block in blocks]) for name in METRICS}


def _lines(
    model: str, values: Mapping[str, Mapping[str, Floats]], baselines: Sequence[str]
) -> Iterator[dict[str, object]]:
    """One line per metric: the model's own, then its difference to each baseline but itself."""
    for metric in METRICS:
        yield (
            {"model": model, "baseline": "", "metric": metric}
            | _interval(values[model][metric])
            | {"p": np.nan}
        )
        for base in baselines:
            if base != model:
                # Two ways to one risk differ in the last digits; that is no difference.
                extra = np.round(values[model][metric] - values[base][metric], 12)
                label = {"model": model, "baseline": base, "metric": metric}
                yield label | _interval(extra)


def _interval(values: Floats) -> dict[str, float]:
    """Value, interval and p; resamples in which the value is undefined say nothing, as in ``evaluate``."""
    drawn = values[1:][~np.isnan(values[1:])]
    if np.isnan(values[0]) or not len(drawn):
        return {"value": float(values[0]), "low": np.nan, "high": np.nan, "p": np.nan}
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"value": float(values[0]), "low": float(low), "high": float(high), "p": p_value(drawn)}


def _counts(rows: Rows) -> dict[str, int]:
    return {
        "n": len(rows.event),
        "n_events": int(rows.event.sum()),
        "customers": int(rows.frame.loc[rows.event, "customer_id"].nunique()),
        "moments": len(rows.moments),
    }


def _without_few(found: pd.DataFrame) -> pd.DataFrame:
    few = found["customers"] < FEWEST_EVENTS
    return found.assign(**{name: found[name].mask(few) for name in ("low", "high", "p")})


def _adjusted(found: pd.DataFrame) -> pd.DataFrame:
    family = found.groupby(["baseline", "metric"])["p"]
    return found.assign(holm=family.transform(holm))


def p_value(drawn: Floats) -> float:
    """Twice the smaller share of resampled differences on either side of 0; at least 2 / (resamples + 1).

    >>> p_value(np.array([0.1, 0.2, 0.3])), p_value(np.zeros(3))
    (0.5, 1.0)
    """
    below, above = (1 + (drawn <= 0).sum()), (1 + (drawn >= 0).sum())
    return float(min(1.0, 2 * min(below, above) / (len(drawn) + 1)))

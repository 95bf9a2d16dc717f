"""One fit in a process of its own: ``python -m benchmarks.survival.one ENGINE KIND FILE`` prints JSON."""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._measure import peak_mb
from benchmarks.survival.data import read

Fit = Callable[[], Any]


def ours(kind: str, path: Path) -> Fit:
    from retaliation_risk.models.partial import fit_partial

    start, stop, event, X = read(path)
    late = {} if kind == "right-censored" else {"start": start}
    return lambda: fit_partial(X, stop=stop, event=event, **late).coefficients


def lifelines(kind: str, path: Path) -> Fit:
    import pandas as pd
    from lifelines import CoxPHFitter

    start, stop, event, X = read(path)
    frame = pd.DataFrame(X).rename(columns=str).assign(stop=stop, event=event)
    late = {} if kind == "right-censored" else {"entry_col": "start"}
    if late:
        frame = frame.assign(start=start)
    return lambda: CoxPHFitter().fit(frame, "stop", "event", **late).params_.to_numpy()


def lifelines_time_varying(kind: str, path: Path) -> Fit:
    import pandas as pd
    from lifelines import CoxTimeVaryingFitter

    start, stop, event, X = read(path)
    frame = (
        pd.DataFrame(X).rename(columns=str).assign(start=start, stop=stop, event=event, id=np.arange(len(X)))
    )

    def fit() -> Any:
        fitter = CoxTimeVaryingFitter()
        return fitter.fit(
            frame, event_col="event", id_col="id", start_col="start", stop_col="stop"
        ).params_.to_numpy()

    return fit


def statsmodels(kind: str, path: Path) -> Fit:
    from statsmodels.duration.hazard_regression import PHReg

    start, stop, event, X = read(path)
    late = {} if kind == "right-censored" else {"entry": start}
    return lambda: PHReg(stop, X, status=event, ties="efron", **late).fit().params


def scikit_survival(kind: str, path: Path) -> Fit:
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    _, stop, event, X = read(path)
    outcome, columns = Surv.from_arrays(event == 1, stop), np.ascontiguousarray(X)
    return lambda: CoxPHSurvivalAnalysis(ties="efron").fit(columns, outcome).coef_


ENGINES = {
    "ours": ours,
    "lifelines": lifelines,
    "lifelines time-varying": lifelines_time_varying,
    "statsmodels": statsmodels,
    "scikit-survival": scikit_survival,
}


def main() -> None:
    engine, kind, path = sys.argv[1:]
    fit = ENGINES[engine](kind, Path(path))
    warnings.simplefilter("ignore")
    began, used = time.perf_counter(), time.process_time()
    coefficients = [float(one) for one in fit()]
    found = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - used}
    print(json.dumps(found | {"memory_mb": peak_mb(), "coefficients": coefficients}))


if __name__ == "__main__":
    main()

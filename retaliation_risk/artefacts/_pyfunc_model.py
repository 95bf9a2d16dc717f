"""The script that MLflow stores beside an artefact and runs to open it ("models from code"); no pickle takes part.

It is copied into the store as it is, so what is read there is what runs: the artefact is checked like any other, and rows
go through the door of scoring.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from retaliation_risk.artefacts import check_scoring, load_artefact


def pyfunc_model() -> Any:
    """Return the artefact's model as MLflow asks for it: a ``PythonModel`` that opens nothing before ``load_context``."""
    from mlflow.pyfunc import PythonModel

    class ArtefactModel(PythonModel):  # type: ignore[misc]
        def load_context(self, context: Any) -> None:
            """Open the artefact if it is the one that was logged, or the one with a digest of the caller's."""
            folder = Path(context.artifacts["artefact"])
            self.artefact = load_artefact(folder, digest=context.model_config["digest"])

        def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
            """Return one column, ``risk``, on the index of the rows."""
            X, _ = check_scoring(self.artefact.reference, model_input)
            horizon_days = self.artefact.manifest.about.horizon_days
            return pd.DataFrame({"risk": self.artefact.model.predict_risk(X, horizon_days)}, index=X.index)

    return ArtefactModel()


# MLflow runs this file under a name that it makes up. Imported as a part of the package, it does nothing.
if not __name__.startswith("retaliation_risk."):
    from mlflow.models import set_model

    set_model(pyfunc_model())

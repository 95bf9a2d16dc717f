"""The sample: the report of the demo with the tables behind it; ``python reports/sample/make.py`` remakes it."""

import json
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
DEMO = ("--customers", "4000", "--bootstraps", "100", "--seed", "7")
# What the page is made of; the readouts, the model, the charts (they stand in the page) and other queues stay out.
KEPT = (
    "report.html", "report.json", "run.json", "validation.json", "features.json", "playbook.toml", "scores.csv",
    "calibration.csv", "effects.csv", "capacity.csv", "decision.csv", "survival.csv", "incidence.csv", "experiences.csv",
    "served.csv", "needed.csv", "one_more.csv", "queue_risk_only.csv", "queue_influence_only.csv",
)  # fmt: skip
LIBRARIES = (
    "duckdb",
    "jinja2",
    "lifelines",
    "matplotlib",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "statsmodels",
)


def versions():
    """Return the versions that the bytes of the sample depend on."""
    return {"python": sys.version.split()[0], **{name: version(name) for name in LIBRARIES}}


def make(folder):
    """Run the demo and keep what the sample holds in ``folder``, which is made."""
    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "sample"
        command = [sys.executable, "-m", "retaliation_risk", "demo", *DEMO, "--out", str(run)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        folder.mkdir(exist_ok=True)
        for name in KEPT:
            shutil.copyfile(run / name, folder / name)
    text = json.dumps(versions(), indent=1) + "\n"
    (folder / "versions.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    make(HERE)

"""``python -m tests.fuzz.guided TARGET SECONDS``: one target under atheris, which ends the process when it is done."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

# What numba compiles must stay as it was written.
COMPILED = [
    "retaliation_risk.evaluate._bootstrap",
    "retaliation_risk.histories.cuts",
    "retaliation_risk.histories.derive",
    "retaliation_risk.histories.kernel",
    "retaliation_risk.metrics._pairs",
    "retaliation_risk.metrics._queue_walk",
]

with atheris.instrument_imports(include=["retaliation_risk", "json", "tomllib"], exclude=COMPILED):
    from tests.fuzz.targets import seed, survive


def main(name: str, seconds: str) -> None:
    """Fuzz one target; a finding is kept in the folder ``findings``."""
    corpus = tempfile.mkdtemp(prefix="corpus-")
    (Path(corpus) / "sound").write_bytes(seed(name))
    Path("findings").mkdir(exist_ok=True)
    options = [f"-max_total_time={seconds}", "-timeout=30", "-rss_limit_mb=4096", "-max_len=20000",
               f"-artifact_prefix=findings/{name.replace('/', '-')}-"]  # fmt: skip
    atheris.Setup([sys.argv[0], corpus, *options], lambda content: survive(name, content) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Run ``python -m benchmarks.shards [EVENTS]``: seconds and peak memory of all processes, for several limits.

Two shared cores at a load above 4, 24 GiB, November 2026: 2e6 ticket events, 8e4 customers, 12 month ends (9.6e5 rows),
80 features, from Parquet to a feature store (reading and checking included). Trust the memory, not the seconds:

=========  ====  ======  =======  ===========
limit      jobs  shards  seconds  peak memory
=========  ====  ======  =======  ===========
none          1       1       19      2.00 GB
2 GB          2      10       25      1.49 GB
1.2 GB        2      38       32      1.13 GB
1 GB          1       7       28      0.74 GB
=========  ====  ======  =======  ===========

2e7 events, one moment, limit 4 GB, 2 jobs: 16 shards, 77 s, 2.55 GB; most of it while the tables are read and checked.
The second job gains little here: the tables are read, checked and sorted by one process, which takes half of the time.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.histories.test_shards import _MEASURED, watched, write_events

LIMITS = (("None", 1), ("2GB", 2), ("1.2GB", 2), ("1GB", 1), ("500MB", 1))


def main(events: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_events(folder / "tables", events)
        (script := folder / "script.py").write_text(_MEASURED)
        for memory, jobs in LIMITS:
            started = time.perf_counter()
            out = folder / memory
            peak, _ = watched([sys.executable, *map(str, (script, folder / "tables", out, memory, jobs))])
            shards = len(list((out / "features").iterdir()))
            seconds = time.perf_counter() - started
            print(f"{memory:>8} {jobs} jobs {shards:>4} shards {seconds:6.1f} s {peak / 1e9:5.2f} GB")


if __name__ == "__main__":
    main(int(float(sys.argv[1])) if len(sys.argv) > 1 else 2_000_000)

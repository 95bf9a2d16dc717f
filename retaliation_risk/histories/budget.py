"""Memory: how much there may be, and into how many shards the customers are cut so that it suffices."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from retaliation_risk._validate import positive
from retaliation_risk.errors import ArgumentError

MB = 1_000_000
PROCESS = 390 * MB
"""An interpreter that has imported numpy, pandas, numba and DuckDB, before any data; more while numba compiles."""

LEAST = 100 * MB
"""Least that a process needs for data."""

WORTH_A_PROCESS = 200 * MB
"""Fewer data are done sooner than another process starts."""

PER_THREAD = 100 * MB
"""What DuckDB wants for each of its threads."""

ROW_BYTES = {"customers": 600, "tickets": 1000, "ticket_events": 700}
OTHER_ROW_BYTES = 250
"""Peak memory per row while a shard is built: working tables, sorting, and the log in memory. Measured, rounded up."""

CELL_BYTES = 4 * 8
"""Peak memory per value of the result: kernel, columns, frame, and what DuckDB buffers of it."""

_UNITS = {
    "B": 1,
    "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40,
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """How the work is cut: processes, shards, and what DuckDB may use in each process (bytes; None: no limit)."""

    jobs: int
    shards: int
    database_bytes: int | None

    @property
    def threads(self) -> int:
        """Threads of DuckDB in each process."""
        return _threads(self.jobs, self.database_bytes)


def memory_bytes(memory: str | None) -> int | None:
    """Return a size such as ``"4GB"`` in bytes; None stays None: no limit.

    Examples
    --------
    >>> memory_bytes("1.5GB"), memory_bytes("512 MiB")
    (1500000000, 536870912)
    """
    if memory is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?I?B)\s*", memory.upper())
    if not found:
        raise ArgumentError("RR111", f"memory is {memory!r}; it must be a size such as 4GB or 512MB.")
    size = int(float(found[1]) * _UNITS[found[2]])
    if size < PROCESS + LEAST:
        raise ArgumentError(
            "RR111", f"memory is {memory!r}; it must be at least {(PROCESS + LEAST) // MB}MB."
        )
    return size


def reading_settings(memory: int | None) -> dict[str, str | int]:
    """Return DuckDB's settings for reading, checking and sorting the tables, in one process and before any other."""
    limit = None if memory is None else (memory - PROCESS) * 6 // 10
    return database_settings(limit, _threads(1, limit))


def database_settings(limit: int | None, threads: int) -> dict[str, str | int]:
    """Return DuckDB's settings that hold a process to its part."""
    limits = {} if limit is None else {"memory_limit": f"{limit // MB}MB"}
    return {"threads": threads, **limits}


def plan(
    memory: int | None, jobs: int | None, rows: Mapping[str, int], n_asked: int, n_features: int
) -> Plan:
    """Return the plan for tables of so many rows, ``n_asked`` rows of the result, and a limit on memory in bytes.

    With more than one job the limit is divided: one part for the process that waits, and equal parts for the others.

    Examples
    --------
    >>> plan(10**9, 1, {"customers": 80_000, "tickets": 400_000, "ticket_events": 2_000_000}, 80_000, 40).shards
    4
    >>> plan(None, 1, {"customers": 80_000}, 80_000, 40).shards
    1
    """
    if jobs is not None:
        positive("jobs", jobs)
    need = n_asked * (n_features + 3) * CELL_BYTES
    need += sum(n * ROW_BYTES.get(name, OTHER_ROW_BYTES) for name, n in rows.items())
    wanted = jobs or min(os.cpu_count() or 1, 1 + need // WORTH_A_PROCESS)
    if memory is None:
        return Plan(wanted, wanted, None)
    wanted = max(1, min(wanted, (memory - PROCESS) // (PROCESS + LEAST)))
    free = memory - PROCESS if wanted == 1 else (memory - PROCESS) // wanted - PROCESS
    rounds = -(-need // (free * wanted))
    return Plan(wanted, max(1, rounds) * wanted, free * 4 // 10)


def _threads(jobs: int, limit: int | None) -> int:
    threads = max(1, (os.cpu_count() or 1) // jobs)
    return threads if limit is None else max(1, min(threads, limit // PER_THREAD))

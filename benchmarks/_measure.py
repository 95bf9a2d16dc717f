"""Run a function in a fresh process: wall seconds, peak memory and a digest of what it returned.

The function is named, not passed: ``measure("package.module:function", argument, ...)``. Arguments and result are JSON.
Imports happen before the clock starts.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Measured:
    """What one run took.

    ``cpu_seconds`` are of all its threads: on a machine that others use as well, steadier than the wall's. ``memory_mb`` is
    the peak of the process, interpreter and imports included.
    """

    seconds: float
    cpu_seconds: float
    memory_mb: float
    result: Any
    digest: str


class RunFailed(RuntimeError):
    """The function raised, ran out of memory or out of time; the message is the last line it said."""


def measure(
    target: str, *arguments: Any, timeout: float | None = None, env: Mapping[str, str] | None = None
) -> Measured:
    """Run ``target`` (``module:function``) with the arguments in a fresh Python process."""
    command = [sys.executable, "-m", "benchmarks._measure", target, json.dumps(arguments)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**environ, **(env or {})},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RunFailed(f"no result after {timeout:.0f} s") from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise RunFailed(said[-1] if said else f"ended with code {done.returncode} (out of memory?)")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def peak_mb() -> float:
    """Peak resident memory of this process in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would count the parent's memory at the fork
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _run(target: str, arguments: list[Any]) -> dict[str, Any]:
    module, function = target.split(":")
    called = getattr(importlib.import_module(module), function)
    start, used = time.perf_counter(), time.process_time()
    result = called(*arguments)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - used
    digest = hashlib.sha256(json.dumps(result, sort_keys=True).encode()).hexdigest()
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "memory_mb": peak_mb(),
        "result": result,
        "digest": digest,
    }


if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1], json.loads(sys.argv[2]))))

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

LOOK_SECONDS = 0.1
"""How often the memory of a running process is looked at."""


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
    target: str,
    *arguments: Any,
    timeout: float | None = None,
    limit_mb: float | None = None,
    env: Mapping[str, str] | None = None,
) -> Measured:
    """Run ``target`` (``module:function``) with the arguments in a fresh Python process.

    After ``timeout`` seconds, or when it holds more than ``limit_mb`` of memory, it is killed: :class:`RunFailed`.
    """
    command = [sys.executable, "-m", "benchmarks._measure", target, json.dumps(arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env={**environ, **(env or {})}, **pipes) as process:
        try:
            stdout, stderr = _watched(process, timeout, limit_mb)
        finally:
            process.kill()
    if process.returncode != 0:
        said = stderr.strip().splitlines()
        raise RunFailed(said[-1] if said else f"ended with code {process.returncode} (out of memory?)")
    return Measured(**json.loads(stdout.splitlines()[-1]))


def _watched(
    process: subprocess.Popen[str], timeout: float | None, limit_mb: float | None
) -> tuple[str, str]:
    """Wait for the process, looking at its memory again and again; return what it said."""
    start = time.monotonic()
    while True:
        try:
            return process.communicate(timeout=LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if timeout is not None and time.monotonic() - start > timeout:
                raise RunFailed(f"no result after {timeout:.0f} s") from None
            if limit_mb is not None and _resident_mb(process.pid) > limit_mb:
                raise RunFailed(f"more than {limit_mb / 1024:.0f} GB") from None


def _resident_mb(pid: int) -> float:
    """Memory that a process holds now, in MB; 0 where the system does not tell, or it has just ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * resource.getpagesize() / 2**20


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

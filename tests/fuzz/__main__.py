"""``python -m tests.fuzz [--engine hypothesis|atheris] [--minutes N] [TARGET...]``: fuzz the readers until the time is over.

hypothesis damages sound files in the ways files are damaged; atheris (coverage-guided, ``pip install atheris``) looks for
branches that nothing reached yet. Both stop at a finding, print its target and keep its bytes in the folder ``findings``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import traceback
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from tests.fuzz.strategies import damaged
from tests.fuzz.targets import TARGETS, seed, survive

ROUND = 50
"""Examples of one target before the next has its turn."""


def main() -> int:
    """Return how many targets had a finding."""
    asked = _arguments()
    run = _hypothesis if asked.engine == "hypothesis" else _atheris
    return run(asked.targets or list(TARGETS), asked.minutes)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all without")
    parser.add_argument("--engine", choices=["hypothesis", "atheris"], default="hypothesis")
    parser.add_argument("--minutes", type=float, default=1.0, help="in all, shared by the targets")
    return parser.parse_args()


def _hypothesis(names: list[str], minutes: float) -> int:
    """Give each target a round of examples in turn, with a new seed each time; a target with a finding rests."""
    end, tried, found = time.monotonic() + minutes * 60, dict.fromkeys(names, 0), set()
    for turn in count():
        for name in names:
            if time.monotonic() > end:
                sys.stdout.write("".join(f"{name}: {n} inputs\n" for name, n in tried.items()))
                return len(found)
            if name not in found:
                tried[name] += ROUND
                found |= _round(name, turn)
    return len(found)


def _round(name: str, turn: int) -> set[str]:
    last = [b""]

    @seeded(turn)
    @settings(max_examples=ROUND, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(damaged(seed(name)))
    def examples(content: bytes) -> None:
        last[0] = content
        survive(name, content)

    try:
        examples()
    except Exception:
        sys.stdout.write(f"FINDING {name}\n{traceback.format_exc(limit=-6)}kept: {_keep(name, last[0])}\n")
        sys.stdout.flush()
        return {name}
    return set()


def _keep(name: str, content: bytes) -> Path:
    folder = Path("findings")
    folder.mkdir(exist_ok=True)
    path = folder / f"{name.replace('/', '-')}-{abs(hash(content)) % 10**8}"
    path.write_bytes(content)
    return path


def _atheris(names: list[str], minutes: float) -> int:
    """Run each target in a process of its own: the fuzzer ends its process."""
    found = 0
    for name in names:
        share = [name, str(max(1, round(minutes * 60 / len(names))))]
        fuzzer = [sys.executable, "-m", "tests.fuzz.guided", *share]
        done = subprocess.run(fuzzer, capture_output=True, text=True, check=False)
        runs = [line for line in done.stderr.splitlines() if line.startswith("Done ")]
        sys.stdout.write(f"{name}: {runs[-1] if runs else ''}\n")
        if done.returncode:
            found += 1
            sys.stdout.write(f"FINDING {name}\n{(done.stdout + done.stderr)[-3000:]}\n")
        sys.stdout.flush()
    return found


if __name__ == "__main__":
    sys.exit(main())

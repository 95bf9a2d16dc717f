"""Counts and times for Prometheus: by page and status, never by customer."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from threading import Lock

#: Upper ends of the histogram of answer times, in seconds.
BUCKETS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ABOUT = {
    "requests_total": "Requests answered, by page, method and status.",
    "request_seconds": "Time to answer a request, by page.",
    "readouts_total": "Readouts shown, by tenant.",
    "events_total": "Events taken, by tenant and what became of them.",
    "stale": "1 where the last readout of a tenant was stale, else 0.",
    "ready": "1 where the event log of a tenant could be read at the last look, else 0.",
    "run_switches_total": "Switches to another run folder, by tenant and outcome.",
}
_Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Numbers of one process, safe among threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, Counter[_Labels]] = defaultdict(Counter)
        self._levels: dict[str, dict[_Labels, float]] = defaultdict(dict)
        self._times: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = defaultdict(float)

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Add to a counter."""
        with self._lock:
            self._counts[name][tuple(labels.items())] += by

    def level(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        with self._lock:
            self._levels[name][tuple(labels.items())] = value

    def time(self, route: str, seconds: float) -> None:
        """Add the time of an answer to the histogram of its page."""
        with self._lock:
            self._times.setdefault(route, [0] * (len(BUCKETS) + 1))[bisect_left(BUCKETS, seconds)] += 1
            self._seconds[route] += seconds

    def text(self, tenant: str) -> str:
        """Return the numbers in the text format of Prometheus; those of other tenants are left out.

        Examples
        --------
        >>> metrics = Metrics()
        >>> metrics.count("readouts_total", tenant="shop")
        >>> print(metrics.text("shop"), end="")
        # HELP retaliation_risk_readouts_total Readouts shown, by tenant.
        # TYPE retaliation_risk_readouts_total counter
        retaliation_risk_readouts_total{tenant="shop"} 1
        """
        with self._lock:
            return "".join(f"{line}\n" for line in self._lines(tenant))

    def _lines(self, tenant: str) -> Iterator[str]:
        for kind, families in (("counter", self._counts), ("gauge", self._levels)):
            for name, values in families.items():
                yield from _head(name, kind)
                own = {
                    labels: value
                    for labels, value in values.items()
                    if dict(labels).get("tenant", tenant) == tenant
                }
                yield from (_line(name, labels, value) for labels, value in sorted(own.items()))
        if self._times:
            yield from _head("request_seconds", "histogram")
        for route, tallies in self._times.items():
            yield from self._histogram(route, tallies)

    def _histogram(self, route: str, tallies: list[int]) -> Iterator[str]:
        total = 0
        for end, tally in zip((*map(str, BUCKETS), "+Inf"), tallies, strict=True):
            total += tally
            yield _line("request_seconds_bucket", (("route", route), ("le", end)), total)
        yield _line("request_seconds_sum", (("route", route),), self._seconds[route])
        yield _line("request_seconds_count", (("route", route),), total)


def _head(name: str, kind: str) -> tuple[str, str]:
    full = f"retaliation_risk_{name}"
    return f"# HELP {full} {_ABOUT[name]}", f"# TYPE {full} {kind}"


def _line(name: str, labels: _Labels, value: float) -> str:
    told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
    return f"retaliation_risk_{name}{{{told}}} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

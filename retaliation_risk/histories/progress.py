"""Progress: what a long computation says of itself while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Progress:
    """How far the work has come; ``total`` is 0 while nothing can be said yet.

    Examples
    --------
    >>> Progress("walking histories", rows=100, total=400, rows_per_second=50).seconds_left
    6.0
    """

    step: str
    rows: int = 0
    total: int = 0
    rows_per_second: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """Expected seconds to the end, at the rate so far; None before there is one."""
        return (self.total - self.rows) / self.rows_per_second if self.rows_per_second else None

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON-able values."""
        return {**asdict(self), "seconds_left": self.seconds_left}


Report = Callable[[Progress], None]

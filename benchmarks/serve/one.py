"""One server process: the service as it is, or the same app whose service knows one answer only."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from retaliation_risk.serve import server
from retaliation_risk.serve.service import Service
from retaliation_risk.serve.settings import ServeSettings

LIMITLESS = 10**6


class Constant:
    """Stands where the service stands, and gives the answer that it was made with, whoever is asked for."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def find(self, *, customer_id: str | None = None, **_: Any) -> str | None:
        """Know everybody."""
        return customer_id

    def readout(self, customer_id: str) -> Any:
        """Give the answer."""
        return self.answer

    def ready(self) -> dict[str, str]:
        """Be ready."""
        return {"log": "ok"}

    def close(self) -> None:
        """Have nothing to close."""


def settings_of(folder: Path, port: int) -> ServeSettings:
    """Return settings that keep all state in the world's folder and limit nobody."""
    return ServeSettings(
        run=folder / "run",
        tables=folder / "tables",
        log=str(folder / "live.sqlite"),
        keys=folder / "keys.sqlite",
        audit=folder / "audit",
        secrets=(b"a secret for a benchmark",),
        clock="run",
        other_tables=True,
        port=port,
        rate_per_minute=LIMITLESS,
    )


def serve(kind: str, folder: Path, port: int, customer_id: str) -> None:
    """Serve until told to stop; ``constant`` answers with the readout of one customer."""
    settings = settings_of(folder, port)
    if kind == "constant":
        with closing(Service.open(settings)) as service:
            answer = service.readout(customer_id)
        server.Service.open = lambda settings: Constant(answer)  # type: ignore[method-assign,assignment]
    server.serve({settings.tenant: settings})


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])

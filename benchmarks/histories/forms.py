"""The two forms of the benchmark, and for each our side and the peers."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.histories import peer_featuretools
from benchmarks.histories.asked import NAMES, NAMES_CONSTANT


@dataclass(frozen=True)
class Peer:
    """Who computes the same table with the function ``target``.

    With ``one_file`` it writes a file, not a folder of parts. One that is ``slow`` is run once, and not in a quick run. One
    that does not know all features says what it computes in ``columns``.
    """

    name: str
    target: str
    one_file: bool = False
    slow: bool = False
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """A table that is asked for: what tells its rows apart (``keys``), and what they hold (``columns``)."""

    name: str
    ours: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    title: str
    peers: tuple[Peer, ...]


FORMS = {
    form.name: form
    for form in (
        Form(
            "landmarks",
            "ours:checked",
            ("customer_id", "moment"),
            NAMES,
            "24 features of all customers at 12 month ends",
            (
                Peer("ours, through the door", "ours:through_the_door"),
                Peer("DuckDB", "peer_duckdb:run", one_file=True),
                Peer("DuckDB, a moment at a time", "peer_duckdb:run_loop"),
                Peer("polars", "peer_polars:run"),
                Peer("pandas", "peer_pandas:run", one_file=True),
                Peer(
                    "featuretools",
                    "peer_featuretools:run",
                    one_file=True,
                    slow=True,
                    columns=peer_featuretools.NAMES,
                ),
            ),
        ),
        Form(
            "intervals",
            "ours:intervals",
            ("customer_id", "start"),
            ("stop", "event", *NAMES_CONSTANT),
            "20 features on every interval (start, stop] of all customers",
            (
                Peer("ours, through the door", "ours:intervals_through_the_door"),
                Peer("DuckDB", "intervals_duckdb:run"),
                Peer("polars", "intervals_polars:run"),
                Peer("pandas", "intervals_pandas:run"),
            ),
        ),
    )
}

"""Run ``python -m benchmarks.scoring [--quick] [--json] [--save]``: risks of a million customers from stored features.

The store holds every feature of simulated customers, repeated under other ids; models are trained on a simulated world and
stored. The peer is what one would write in a notebook: pandas reads the columns, the same model predicts once. It needs the
extra ``bench`` (pyarrow).
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import duckdb

from benchmarks._measure import measure
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import compute_features
from retaliation_risk.histories.manifest import Manifest, read_manifest
from retaliation_risk.histories.shards import Shard, file_name, sha256
from retaliation_risk.pipeline import read_config, train
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames

MODELS = ("cox", "logistic", "boosting")
SIMULATED, PARTS = 4_000, 8
FLAGS = {"n_bootstrap": 20, "test_moments": 1, "minimum.events": 5}
RESULTS = Path(__file__).with_name("results.json")


@click.command()
@click.option("--quick", is_flag=True, help="100,000 customers and one model.")
@click.option("--json", "as_json", is_flag=True)
@click.option("--save", is_flag=True, help=f"Write {RESULTS.name}.")
def main(quick: bool, as_json: bool, save: bool) -> None:
    size, models = (100_000, MODELS[:1]) if quick else (1_000_000, MODELS)
    with TemporaryDirectory() as place:
        store = make_store(Path(place), size)
        rows = [row(size, model, store, Path(place) / model) for model in models]
    if save:
        RESULTS.write_text(json.dumps(rows, indent=2) + "\n")
    print(json.dumps(rows, indent=2) if as_json else "\n".join(map(told, rows)))


def make_store(place: Path, size: int) -> Path:
    """Train the models, and write a store of ``size`` customers at one moment."""
    tables = tables_from_frames(simulate(SIMULATED, seed=1).frames)
    for model in MODELS:
        train(
            tables,
            place / model,
            read_config(environ={}, flags={**FLAGS, "model": model, "now": "2025-06-01"}),
        )
    compute_features(tables, ["2025-09-01"], FEATURES, place / "small")
    small, store = read_manifest(place / "small"), place / "store"
    (store / "features").mkdir(parents=True)
    shards = []
    for number in range(PARTS):
        target = store / "features" / file_name(number)
        duckdb.connect().execute(
            f"""COPY (SELECT * REPLACE (customer_id || '-' || lpad(copy::VARCHAR, 4, '0') AS customer_id)
                FROM '{place}/small/features/*.parquet', range({PARTS * -(-size // PARTS // small.n_rows)}) AS copies(copy)
                WHERE copy % {PARTS} = {number}
                QUALIFY row_number() OVER (ORDER BY copy, customer_id) <= {size // PARTS}
                ORDER BY customer_id, moment) TO '{target}' (FORMAT parquet)"""
        )
        count = duckdb.connect().execute(f"SELECT count(*) FROM '{target}'").fetchall()[0][0]
        shards.append(Shard(target.name, count, sha256(target)))
    Manifest(small.question, small.tables, tuple(shards), small.probe).write(store)
    return store


def row(size: int, model: str, store: Path, trained: Path) -> dict[str, object]:
    """Measure both, each in a process of its own."""
    arguments = (str(store), str(trained / "model"))
    ours = measure("benchmarks.scoring.one:ours", *arguments)
    peer = measure("benchmarks.scoring.one:pandas_whole", *arguments)
    return {
        "peer": "pandas, one frame",
        "model": model,
        "size": ours.result["n"],
        "seconds_ours": round(ours.seconds, 2),
        "seconds_peer": round(peer.seconds, 2),
        "memory_ours_mb": round(ours.memory_mb),
        "memory_peer_mb": round(peer.memory_mb),
        "agree": ours.result == peer.result,
    }


def told(found: dict[str, object]) -> str:
    return (
        f"{found['model']:>9} {found['size']:>9,} customers: {found['seconds_ours']:>6} s, {found['memory_ours_mb']:>5} MB; "
        f"{found['peer']} {found['seconds_peer']:>6} s, {found['memory_peer_mb']:>5} MB; "
        f"{'the same risks' if found['agree'] else 'RISKS DIFFER'}"
    )


if __name__ == "__main__":
    main()

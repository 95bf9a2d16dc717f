"""What is served: simulated tables, a run made of the first of their customers, and a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from retaliation_risk.run import Settings, run
from retaliation_risk.serve.keys import KeyStore
from retaliation_risk.simulate import simulate_tables
from retaliation_risk.tables import read_tables

TRAINED_ON = 4_000
TENANT = "default"


@dataclass(frozen=True)
class World:
    """Folder of everything, a key of scope write, and whom one may ask for."""

    folder: Path
    key: str
    customers: list[str]


def make_world(folder: Path, size: int) -> World:
    """Simulate ``size`` customers, and train on the first block of them, which is a world of its own."""
    simulate_tables(size, folder / "tables", seed=1, block=TRAINED_ON)
    simulate_tables(min(size, TRAINED_ON), folder / "first", seed=1, block=TRAINED_ON)
    settings = Settings(compare=("prevalence", "cox"), test_moments=1, n_bootstrap=20)
    run(read_tables(folder / "first"), folder / "run", settings)
    keys = KeyStore(folder / "keys.sqlite")
    _, token = keys.create(name="benchmark", tenant=TENANT, scope="write", now=datetime.now(UTC))
    keys.close()
    return World(folder, token, customers_of(folder / "tables"))


def customers_of(tables: Path) -> list[str]:
    """Return the ids of all customers, in order."""
    found = read_tables(tables).query("SELECT customer_id FROM customers ORDER BY customer_id")
    return [str(each) for each in found["customer_id"]]

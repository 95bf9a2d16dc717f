"""What a readout rests on and events do not change: a finished run, its model, and the tables it was made of."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.artefacts import Artefact, declared, load_artefact
from retaliation_risk.errors import ArtefactError, DataError
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import Asked, Definitions, Feature, Histories, build_histories, prepare
from retaliation_risk.policies import Playbook, read_playbook
from retaliation_risk.run.readout import HISTORY
from retaliation_risk.serve.forget import accepted_sums
from retaliation_risk.serve.row_store import RowStore
from retaliation_risk.tables import Tables, read_tables

Floats = npt.NDArray[np.float64]
SCHEMA_VERSION = 1
NO_MODEL = "rule"


@dataclass(frozen=True)
class Base:
    """A run opened for serving.

    Attributes
    ----------
    name : str
        Of the run folder.
    folder, tables : Path
    artefact : Artefact or None
        The trained model; None where the run could not fit one.
    features : tuple of Feature
        What is asked for a readout: what the model reads, the playbook looks at and the history tells.
    horizon_days : float
    definitions : Definitions
    moment, end : int
        The run's own moment, and the end of observation of the tables; microseconds.
    histories : Histories
        Of everybody in the tables.
    present : tuple of str
        Names of the tables.
    rows : RowStore
        The rows behind the histories, by customer.
    risk, influence : array, shape (n_customers,)
        As the run told them; NaN where it told none.
    playbook : Playbook
    """

    name: str
    folder: Path
    tables: Path
    artefact: Artefact | None
    features: tuple[Feature, ...]
    horizon_days: float
    definitions: Definitions
    moment: int
    end: int
    histories: Histories
    present: tuple[str, ...]
    rows: RowStore
    risk: Floats
    influence: Floats
    playbook: Playbook

    @cached_property
    def columns(self) -> pd.Index:
        """Columns that the model reads, in the order in which its design has them."""
        return pd.Index(sorted(() if self.artefact is None else self.artefact.manifest.columns))

    @cached_property
    def asked(self) -> Asked:
        """The features, ready to be asked for."""
        return prepare(self.features)

    @cached_property
    def named(self) -> dict[str, Feature]:
        """Features by name."""
        return {feature.name: feature for feature in self.features}

    @cached_property
    def names(self) -> pd.Index:
        """Names of the features, in their order."""
        return pd.Index(list(self.named))

    @cached_property
    def places(self) -> npt.NDArray[np.int64]:
        """Where :attr:`columns` stand among :attr:`names`."""
        return np.asarray(self.names.get_indexer(self.columns), dtype=np.int64)

    @cached_property
    def likeliest(self) -> npt.NDArray[np.int64]:
        """Positions of everybody, by the run's risk, the highest first; at the end those of whom it told none."""
        return np.argsort(np.where(np.isnan(self.risk), np.inf, -self.risk), kind="stable")

    @cached_property
    def typical(self) -> dict[str, float]:
        """What the model takes for usual, where that is not 0."""
        usual = {} if self.artefact is None else dict(getattr(self.artefact.model, "typical_", {}))
        return {name: value for name, value in usual.items() if value != 0}

    @cached_property
    def base_rate(self) -> float | None:
        """Mean risk of those whom the run scored: what a risk is compared with; None without any, or where it is 0."""
        known = self.risk[~np.isnan(self.risk)]
        return float(known.mean()) if known.size and known.mean() > 0 else None

    def code(self, customer_id: str) -> int | None:
        """Position of a customer in the histories; None for somebody whom the tables do not know."""
        try:
            found = self.histories.customer_ids.get_loc(customer_id)
        except KeyError:
            return None
        assert isinstance(found, int), "ids are unique"
        return found

    def risk_of(self, customer_id: str) -> float | None:
        """Risk of a customer as the run told it; None where it told none."""
        return self._told(self.risk, customer_id)

    def influence_of(self, customer_id: str) -> float | None:
        """Influence of a customer as the run told it; None without a public account."""
        return self._told(self.influence, customer_id)

    def _told(self, of: Floats, customer_id: str) -> float | None:
        code = self.code(customer_id)
        return None if code is None or np.isnan(of[code]) else float(of[code])


def open_base(run: Path, folder: Path, *, other_tables: bool = False) -> Base:
    """Open a run folder and the tables it was made of.

    Parameters
    ----------
    run : Path
        Finished run folder.
    folder : Path
        Folder of tables.
    other_tables : bool, default False
        Whether tables may be served that the run was not made of.

    Raises
    ------
    ArtefactError
        RR710, no run folder; RR705, other tables; RR510 to RR519, a model that must not be opened.
    DataError, ContractError
        Tables that cannot be read.
    """
    facts = _facts(run)
    artefact = load_artefact(run / "model") if (run / "model").is_dir() else None
    tables = read_tables(folder)
    if not other_tables:
        _same_tables(tables, facts, run, folder)
    definitions = _definitions(artefact, facts)
    playbook = read_playbook(run / "playbook.toml")
    histories = build_histories(tables, definitions)
    told = _told(run / "readout.sqlite", histories.customer_ids)
    return Base(
        name=run.resolve().name,
        folder=run,
        tables=folder,
        artefact=artefact,
        features=_asked(artefact, playbook, histories),
        horizon_days=float(facts["settings"]["horizon_days"]),
        definitions=definitions,
        moment=_us(pd.Timestamp(facts["moments"]["now"])),
        end=_us(histories.now),
        histories=histories,
        present=tables.names,
        rows=RowStore.take(tables),
        risk=told[0],
        influence=told[1],
        playbook=playbook,
    )


def _facts(run: Path) -> dict[str, Any]:
    """Read run.json, and see that it is of a kind known here."""
    path = run / "run.json"
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version = facts["schema_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError(
            "RR710", f"{str(path)!r} cannot be read as a run ({type(error).__name__})."
        ) from error
    if version != SCHEMA_VERSION:
        raise ArtefactError("RR710", f"{str(path)!r} has schema version {version}, not {SCHEMA_VERSION}.")
    return facts


def _same_tables(tables: Tables, facts: dict[str, Any], run: Path, folder: Path) -> None:
    """Refuse tables whose files are not those of the run, by their checksums; an erasure makes new ones that are."""
    of_run = {(source["file"], source["sha256"]) for source in facts["inputs"]}
    here = {(source.file, source.sha256) for source in tables.sources}
    lost = {file for file, _ in of_run} - {file for file, _ in here}
    if odd := sorted(lost | {file for file, _ in here - of_run - accepted_sums(run)}):
        raise ArtefactError("RR705", f"{str(folder)!r} and the run differ in {', '.join(odd)}.")


def _definitions(artefact: Artefact | None, facts: dict[str, Any]) -> Definitions:
    if artefact is not None:
        return artefact.manifest.about.definitions
    return Definitions.from_dict(facts["settings"]["definitions"])


def _asked(artefact: Artefact | None, playbook: Playbook, histories: Histories) -> tuple[Feature, ...]:
    """Choose the features; the model's own declarations hold, since it was trained on them."""
    of_model: Sequence[Feature] = () if artefact is None else artefact.manifest.about.features
    if off := histories.switched_off(of_model):
        name, why = next(iter(off.items()))
        raise DataError("RR403", f"the model reads {name!r}, which {why}.")
    there = {feature.name for feature in FEATURES} - histories.switched_off(FEATURES).keys()
    looked_at = {column for rule in playbook.rules for column in rule.columns}
    wanted = [name for name in (*HISTORY, *sorted(looked_at)) if name in there]
    named = {feature.name: feature for feature in declared(FEATURES, wanted)}
    return tuple((named | {feature.name: feature for feature in of_model}).values())


def _told(path: Path, customer_ids: pd.Index) -> tuple[Floats, Floats]:
    """Risk and influence of each customer, as the run told them."""
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            found = connection.execute("SELECT customer_id, risk, influence FROM readout").fetchall()
    except sqlite3.Error as error:
        raise ArtefactError("RR710", f"{str(path)!r} cannot be read ({error}).") from error
    frame = pd.DataFrame(found, columns=["customer_id", "risk", "influence"]).set_index("customer_id")
    aligned = frame.astype(np.float64).reindex(customer_ids)
    return aligned["risk"].to_numpy(), aligned["influence"].to_numpy()


def _us(moment: pd.Timestamp) -> int:
    return int(moment.asm8.astype("datetime64[us]").astype(np.int64))

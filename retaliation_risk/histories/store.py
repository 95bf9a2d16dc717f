"""The feature store: a folder of Parquet shards with a manifest, computed within a limit on memory, and brought up to date.

::

    manifest.json            features, definitions, moments, rows, and the sha256 of every shard
    customers.parquet        customer_id, fingerprint: what tells who was touched by new rows
    features/shard-*.parquet customer_id, moment, one column per feature; sorted by customer_id and moment
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import duckdb
import numpy.typing as npt
import pandas as pd

from retaliation_risk._cells import quiet_sql
from retaliation_risk._folders import fresh_folder, scratch_folder
from retaliation_risk.errors import ArgumentError, ArtefactError, GateError
from retaliation_risk.histories.budget import memory_bytes
from retaliation_risk.histories.calendar import judged
from retaliation_risk.histories.declare import Feature
from retaliation_risk.histories.definitions import Definitions
from retaliation_risk.histories.manifest import Manifest, read_manifest
from retaliation_risk.histories.progress import Progress, Report
from retaliation_risk.histories.question import Source, asked
from retaliation_risk.histories.shards import OPTIONS, make_shards
from retaliation_risk.histories.staging import Job, literal, stage_tables, take_pairs

_UTC = "strftime(moment, '%Y-%m-%dT%H:%M:%S.%fZ')"
CUSTOMERS = "customers.parquet"
SHARDS = "features"


@dataclass(frozen=True)
class Summary:
    """What was done.

    Parameters
    ----------
    out : str
        The store.
    n_customers, n_rows, n_features : int
        Customers in the tables; rows and features of the answer.
    shards, jobs : int
        Files of the answer; processes at a time.
    touched, removed : int
        Customers whose rows were computed; customers no longer in the tables.
    computed_rows, copied_rows : int
        Rows computed, and rows taken over from the store before.
    switched_off : mapping of str to str
        Features left out for want of a table, and why.
    """

    out: str
    n_customers: int
    n_rows: int
    n_features: int
    shards: int
    jobs: int
    touched: int
    removed: int
    computed_rows: int
    copied_rows: int
    switched_off: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON-able values."""
        return asdict(self)


def compute_features(  # noqa: PLR0913 (what is asked, of what and whom, where to, and three limits)
    source: Source,
    moments: Sequence[object] | pd.DataFrame,
    features: Sequence[Feature],
    out: Path,
    *,
    definitions: Definitions | None = None,
    memory: str | None = "4GB",
    jobs: int | None = None,
    progress: Report | None = None,
    skip_missing: bool = False,
    at_risk: bool = False,
) -> Summary:
    """Compute features shard by shard, within a limit on memory, into a new feature store.

    Parameters
    ----------
    source : Path, Export or Tables
        A folder or database file; tables already in memory stay there, on top of the limit.
    moments : sequence of timestamps, or DataFrame
        Each moment is asked for every customer first seen before it. A frame with ``customer_id`` and ``moment`` is
        asked as it is, each pair once.
    features : sequence of Feature
        As for :meth:`Histories.as_of`.
    out : Path
        Folder of the store; must not exist. It appears when whole.
    definitions : Definitions, optional
        What counts as a failed recovery and as a second failure.
    memory : str or None, default "4GB"
        Most memory of all processes together; None: no limit. It decides the number of shards, never a value.
    jobs : int, optional
        Processes at a time; as many as there are cores and memory suffices for without it.
    progress : callable, optional
        Called with a :class:`Progress` at every step.
    skip_missing : bool, default False
        Leave out features whose tables are not there, and say so in the summary, instead of raising RR403.
    at_risk : bool, default False
        Ask only for customers at risk at each moment, as :meth:`Histories.at_risk` gives them: not gone, observed, recorded,
        and not opted out of profiling. Without an observation table everybody counts as observed, also after the end of
        the tables. Does not go with a frame of moments.

    Raises
    ------
    ArgumentError
        If ``out`` exists (RR108), a pair names an unknown customer (RR402), a feature cannot be computed (RR403), or
        the limit is too small (RR111).
    ContractError
        If the tables break their contract.
    """
    question = asked(features, definitions, moments, at_risk)
    job = Job(question, memory_bytes(memory), jobs, progress or silent, skip_missing)
    with fresh_folder(Path(out)) as work, scratch_folder(work) as scratch:

        def choose(cursor: duckdb.DuckDBPyConnection) -> bool:
            copy_fingerprints(cursor, work)
            if isinstance(moments, pd.DataFrame):
                take_pairs(cursor, moments)
            return False

        staged = stage_tables(source, job, scratch, choose)
        (work / SHARDS).mkdir()
        shards = make_shards(staged, work / SHARDS, job.report)
        manifest = Manifest(staged.question, staged.tables, shards, staged.probe)
        manifest.write(work)
    summary = summarised(out, manifest, staged.plan.jobs, touched=manifest.tables["customers"])
    return replace(summary, switched_off=staged.switched_off)


def summarised(
    out: Path, manifest: Manifest, jobs: int, *, touched: int, removed: int = 0, copied_rows: int = 0
) -> Summary:
    """Return the summary of a finished store."""
    return Summary(
        out=str(out),
        n_customers=manifest.tables["customers"],
        n_rows=manifest.n_rows,
        n_features=len(manifest.question.features),
        shards=len(manifest.shards),
        jobs=jobs,
        touched=touched,
        removed=removed,
        computed_rows=manifest.n_rows - copied_rows,
        copied_rows=copied_rows,
    )


def copy_fingerprints(cursor: duckdb.DuckDBPyConnection, work: Path) -> None:
    """Write the staged fingerprints into a store."""
    rows = "SELECT customer_id, fingerprint FROM staged.fingerprints ORDER BY customer_id"
    cursor.execute(f"COPY ({rows}) TO {literal(work / CUSTOMERS)} ({OPTIONS})")


def read_features(store: Path, features: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the rows of a store in the order of customer_id and moment, as :meth:`Histories.as_of` would.

    Parameters
    ----------
    store : Path
        Written by :func:`compute_features` or :func:`update_features`.
    features : sequence of str, optional
        Columns to read beside ``customer_id`` and ``moment``; all of them without.
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        names = (
            "*"
            if features is None
            else ", ".join(["customer_id, moment", *(f'"{name}"' for name in features)])
        )
        frame: pd.DataFrame = connection.execute(
            f"SELECT {names} FROM {store_relation(store)} ORDER BY customer_id, moment"
        ).df()
    return frame.astype({"moment": "datetime64[us]"})


def stored_landmarks(
    store: Path, now: pd.Timestamp, *, horizon_days: float, n_test: int
) -> tuple[tuple[pd.Timestamp, ...], tuple[pd.Timestamp, ...]]:
    """Return the moments of a store whose horizon has passed by ``now``, and those to judge at; see :func:`landmarks`.

    Raises
    ------
    ArgumentError
        RR111 for a store that was made for pairs.
    GateError
        RR405 if no horizon has passed.
    """
    asked = read_manifest(Path(store)).question.moments
    if asked is None:
        raise ArgumentError(
            "RR111", f"{str(store)!r} holds pairs of customers and moments; it must be for moments."
        )
    times = [pd.Timestamp(moment, unit="us") for moment in asked]
    moments = [moment for moment in times if moment + pd.Timedelta(days=horizon_days) <= now]
    if not moments:
        raise GateError(
            "RR405", f"no moment of {str(store)!r} lies {horizon_days:g} days before {now.isoformat()}."
        )
    return tuple(moments), judged(moments, horizon_days=horizon_days, n_test=n_test)


def stored_rows(
    store: Path,
    customer_ids: npt.ArrayLike,
    moments: npt.ArrayLike,
    features: Sequence[Feature],
    definitions: Definitions | None = None,
) -> pd.DataFrame:
    """Return rows of a store as :meth:`Histories.as_of` would give them, in the order asked.

    Raises
    ------
    ArtefactError
        RR502 if the store was made with other features or definitions, or lacks a row: it must be brought up to date.
    """
    question = read_manifest(Path(store)).question
    if question.definitions != (definitions or Definitions()) or not set(features) <= set(question.features):
        raise ArtefactError("RR502", f"{str(store)!r} was computed with other features or definitions.")
    names = [feature.name for feature in features]
    keys = pd.DataFrame({"customer_id": customer_ids, "moment": moments}).astype({"moment": "datetime64[us]"})
    found = keys.merge(read_features(store, names), how="left", on=list(keys), indicator=True, validate="1:1")
    if lost := int((found["_merge"] != "both").sum()):
        raise ArtefactError("RR502", f"{str(store)!r} lacks {lost:,} of the {len(found):,} rows asked for.")
    return found.drop(columns="_merge")


def write_file(store: Path, path: Path) -> None:
    """Write all rows of a store into one Parquet or CSV file, sorted by customer_id and moment, whole or not at all."""
    suffix, partial = path.suffix.lower(), path.with_name(f".{path.name}.partial-{os.getpid()}")
    if suffix not in (".csv", ".parquet"):
        raise ArgumentError("RR111", f"out is {str(path)!r}; a file ends in .csv or .parquet.")
    cells = (
        "*"
        if suffix == ".parquet"
        else f"* REPLACE ({quiet_sql('customer_id')} AS customer_id, {_UTC} AS moment)"
    )
    options = OPTIONS if suffix == ".parquet" else "FORMAT csv, HEADER true"
    with duckdb.connect(config={"temp_directory": f"{partial}.spill"}) as connection:
        rows = f"SELECT {cells} FROM (FROM {store_relation(store)} ORDER BY customer_id, moment)"
        try:
            connection.execute(f"COPY ({rows}) TO {literal(partial)} ({options})")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
            shutil.rmtree(f"{partial}.spill", ignore_errors=True)


def store_relation(store: Path) -> str:
    """Return SQL for all rows of a store."""
    files = [Path(store) / SHARDS / shard.file for shard in read_manifest(store).shards]
    return f"read_parquet([{', '.join(map(literal, files))}])"


def silent(_: Progress) -> None:
    """Report nothing."""

"""Bringing a feature store up to date: only customers whose rows changed are computed again."""

from __future__ import annotations

import os
import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from retaliation_risk._folders import fresh_folder, replaced_folder, scratch_folder
from retaliation_risk._version import __version__
from retaliation_risk.errors import ArtefactError
from retaliation_risk.histories.budget import database_settings, memory_bytes
from retaliation_risk.histories.manifest import Manifest, read_manifest
from retaliation_risk.histories.progress import Progress, Report
from retaliation_risk.histories.question import Source
from retaliation_risk.histories.shards import Shard, copy_sorted, file_name, make_shards, sha256
from retaliation_risk.histories.staging import Job, Staged, literal, probe, shard_of, stage_tables
from retaliation_risk.histories.store import (
    CUSTOMERS,
    SHARDS,
    Summary,
    copy_fingerprints,
    silent,
    store_relation,
    summarised,
)

_CHANGES = """
CREATE TABLE staged.changes AS
SELECT customer_id, new.fingerprint IS NOT NULL AS there, old.fingerprint IS NOT NULL AS was
FROM staged.fingerprints new FULL JOIN {old} old USING (customer_id)
WHERE {all} OR new.fingerprint IS DISTINCT FROM old.fingerprint;
CREATE TABLE staged.chosen AS SELECT customer_id FROM staged.changes WHERE there;
"""


@dataclass(frozen=True)
class Merge:
    """A store before, and the rows computed anew that take the place of some of its own."""

    store: Path
    before: Manifest
    staged: Staged
    patch: Path
    everything: bool

    def shard(self, connection: duckdb.DuckDBPyConnection, number: int, folder: Path) -> tuple[Shard, int]:
        """Write one shard of the new store; return it and how many of its rows were taken over."""
        old = self.before.shards[number]
        path, target = self.store / SHARDS / old.file, folder / file_name(number)
        if sha256(path) != old.sha256:
            raise ArtefactError("RR502", f"{str(path)!r} is not the file of its manifest.")
        mine = f"{shard_of('customer_id', len(self.before.shards))} = {number}"
        touched = connection.execute(f"SELECT count(*) FROM staged.changes WHERE {mine}").fetchall()[0][0]
        if not touched and not self.everything:
            _linked(path, target)
            return old, old.rows
        kept = f"SELECT * FROM read_parquet({literal(path)}) ANTI JOIN staged.changes USING (customer_id)"
        fresh = f"SELECT * FROM read_parquet([{', '.join(self._patches(number))}]) WHERE {mine}"
        copy_sorted(connection, fresh if self.everything else f"{kept} UNION ALL {fresh}", target)
        rows = _count(connection, f"read_parquet({literal(target)})")
        copied = 0 if self.everything else _count(connection, f"({kept})")
        return Shard(target.name, rows, sha256(target)), copied

    def _patches(self, number: int) -> list[str]:
        """Files with the new rows of a shard: as many work shards as fit into it, or the only one there is."""
        work = self.staged.plan.shards
        numbers = [0] if work == 1 else range(number, work, len(self.before.shards))
        return [literal(self.patch / file_name(one)) for one in numbers]


def update_features(
    store: Path,
    source: Source,
    *,
    out: Path | None = None,
    memory: str | None = "4GB",
    jobs: int | None = None,
    progress: Report | None = None,
) -> Summary:
    """Bring a feature store up to date with tables in which rows were added, changed or removed.

    Features, definitions and moments stay those of the store, and the result is what computing it anew would give, bit
    by bit. Customers are told apart by a fingerprint of their rows in the tables that the features need: who has the
    same as before keeps his rows, who is new or changed is computed, who is no longer there is left out. Pairs of
    customers no longer there go with them.

    Parameters
    ----------
    store : Path
        Written by :func:`compute_features`.
    source : Path, Export or Tables
        All rows, the old ones too.
    out : Path, optional
        Folder of the new store; must not exist. Without it the new store takes the place of the old one.
    memory, jobs, progress
        As for :func:`compute_features`.

    Returns
    -------
    Summary
        ``touched`` customers were computed, ``copied_rows`` were not. After a change of this package, or of how DuckDB
        hashes, everybody is touched.

    Raises
    ------
    ArtefactError
        If the store is none, or a file of it is not what its manifest says (RR502).
    """
    store, before = Path(store), read_manifest(Path(store))
    job = Job(before.question, memory_bytes(memory), jobs, progress or silent)
    place: AbstractContextManager[Path] = replaced_folder(store) if out is None else fresh_folder(Path(out))
    with place as work, scratch_folder(work) as scratch:
        merge = _computed(store, before, source, job, work, scratch)
        job.report(Progress("writing the store", merge.staged.n_asked, merge.staged.n_asked))
        manifest, copied, (touched, removed) = _merged(merge, work, scratch, job)
        manifest.write(work)
    return summarised(
        out or store, manifest, merge.staged.plan.jobs, touched=touched, removed=removed, copied_rows=copied
    )


def _computed(store: Path, before: Manifest, source: Source, job: Job, work: Path, scratch: Path) -> Merge:
    everything = before.package != __version__

    def choose(cursor: duckdb.DuckDBPyConnection) -> bool:
        nonlocal everything
        everything = everything or probe(cursor) != before.probe
        copy_fingerprints(cursor, work)
        old = f"read_parquet({literal(store / CUSTOMERS)})"
        cursor.execute(_CHANGES.format(old=old, all=str(everything).lower()))
        if before.question.moments is None:
            pairs = f"SELECT customer_id, moment FROM {store_relation(store)} SEMI JOIN staged.chosen USING (customer_id)"
            cursor.execute(f"CREATE TABLE staged.pairs AS {pairs}")
        return True

    n = len(before.shards)
    staged = stage_tables(
        source, job, scratch, choose, lambda wanted: 1 if wanted == 1 else -(-wanted // n) * n
    )
    (patch := scratch / "patch").mkdir()
    make_shards(staged, patch, job.report)
    return Merge(store, before, staged, patch, everything)


def _merged(merge: Merge, work: Path, scratch: Path, job: Job) -> tuple[Manifest, int, tuple[int, int]]:
    """Write all shards; return the manifest, the rows taken over, and the customers touched and removed."""
    (folder := work / SHARDS).mkdir()
    limit = None if job.memory is None else merge.staged.plan.database_bytes
    settings = {**database_settings(limit, 1), "temp_directory": str(scratch / "spill")}
    with duckdb.connect(config=settings) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH {literal(merge.staged.path)} AS staged (READ_ONLY)")
        made = [merge.shard(connection, number, folder) for number in range(len(merge.before.shards))]
        counts = "SELECT count(*) FILTER (there), count(*) FILTER (NOT there) FROM staged.changes"
        touched, removed = connection.execute(counts).fetchall()[0]
    shards = tuple(shard for shard, _ in made)
    manifest = Manifest(merge.before.question, merge.staged.tables, shards, merge.staged.probe)
    return manifest, sum(copied for _, copied in made), (touched, removed)


def _linked(path: Path, target: Path) -> None:
    """Take a file over without copying where the file system allows it; files of a store never change in place."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])

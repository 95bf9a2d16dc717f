"""Writing: what is read again is what was written, and a folder is whole or not there."""

import shutil
import tempfile
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings

from retaliation_risk.errors import ArgumentError
from retaliation_risk.tables import CONTRACT, read_tables, tables_from_frames, write_tables

from .worlds import EVENTS, folder, frames

FORMATS = pytest.mark.parametrize("format", ["parquet", "csv"])


@FORMATS
@given(drawn=frames())
@settings(max_examples=25)
def test_round_trip(format, drawn):
    tables = tables_from_frames(drawn)
    with tempfile.TemporaryDirectory() as place:
        write_tables(tables, Path(place) / "out", format=format)
        again = read_tables(Path(place) / "out")
    assert again.names == tables.names == tuple(CONTRACT)
    for name in tables.names:
        pd.testing.assert_frame_equal(again.frame(name), tables.frame(name))


@FORMATS
def test_the_order_of_rows_does_not_change_the_bytes(tmp_path, format):
    read = read_tables(folder(tmp_path / "in", ticket_events=EVENTS))
    frames = {name: read.frame(name) for name in read.names}
    for out, order in (("a", 1), ("b", -1)):
        write_tables(
            tables_from_frames({n: f.iloc[::order] for n, f in frames.items()}), tmp_path / out, format=format
        )
    written = [{path.name: path.read_bytes() for path in (tmp_path / out).iterdir()} for out in ("a", "b")]
    assert written[0] == written[1]
    assert set(written[0]) == {f"{name}.{format}" for name in read.names}


def test_csv_times_say_that_they_are_utc(tmp_path):
    write_tables(read_tables(folder(tmp_path / "in")), tmp_path / "out", format="csv")
    assert (tmp_path / "out" / "tickets.csv").read_text(encoding="utf-8").splitlines()[
        1
    ] == "T1,C1,2025-03-01T10:00:00Z,,,,true,"


def test_an_existing_folder_is_refused(tmp_path):
    tables = read_tables(folder(tmp_path / "in"))
    with pytest.raises(ArgumentError, match=r"^RR108 output exists: .*in' exists already"):
        write_tables(tables, tmp_path / "in")


def test_another_format_is_refused(tmp_path):
    tables = read_tables(folder(tmp_path / "in"))
    with pytest.raises(ArgumentError, match=r"^RR111 .*format is 'xlsx'; it must be one of parquet, csv"):
        write_tables(tables, tmp_path / "out", format="xlsx")


def test_a_failure_leaves_nothing(tmp_path):
    tables = read_tables(folder(tmp_path / "in"))
    shutil.rmtree(tmp_path / "in")
    tables.connection.execute("DROP TABLE tickets")
    with pytest.raises(duckdb.CatalogException, match="tickets"):
        write_tables(tables, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []

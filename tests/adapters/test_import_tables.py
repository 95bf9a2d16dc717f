from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from retaliation_risk.adapters import ADAPTERS, Options, detect, import_tables, report_text
from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.tables import read_tables
from tests.adapters.logs import HEADER, ROWS, write_log


def test_writes_tables_and_report_and_nothing_else(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.csv.gz")
    report = import_tables("servicenow", log, tmp_path / "tables")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv.gz", "tables"]
    names = [
        "customers.parquet", "import_report.json", "observation.parquet", "ticket_events.parquet",
        "tickets.parquet",
    ]  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == names
    assert report.file == "log.csv.gz"
    assert report.sha256 == hashlib.sha256(log.read_bytes()).hexdigest()


def test_what_was_written_can_be_read(tmp_path: Path) -> None:
    report = import_tables("servicenow", write_log(tmp_path / "log.csv"), tmp_path / "tables")
    tables = read_tables(tmp_path / "tables")
    assert {name: len(tables.frame(name)) for name in tables.names} == report.rows_out
    assert tables.query("SELECT DISTINCT is_complaint FROM tickets").values.tolist() == [[True]]


def test_report_on_disk_is_the_report_returned_and_knows_no_folder(tmp_path: Path) -> None:
    report = import_tables("servicenow", write_log(tmp_path / "log.csv"), tmp_path / "tables")
    text = (tmp_path / "tables" / "import_report.json").read_text(encoding="utf-8")
    assert json.loads(text) == json.loads(json.dumps(report.to_dict()))
    assert str(tmp_path) not in text


def test_same_input_same_bytes(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.csv")
    for name in ("one", "two"):
        import_tables("servicenow", log, tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_rename_reaches_the_adapter(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.csv", header=HEADER.replace("caller_id", "Caller"))
    report = import_tables("servicenow", log, tmp_path / "tables", Options(rename={"caller_id": "Caller"}))
    assert report.rows_out["customers"] == 6


def test_report_text_names_what_was_left_out(tmp_path: Path) -> None:
    text = report_text(import_tables("servicenow", write_log(tmp_path / "log.csv"), tmp_path / "tables"))
    for said in (
        "in: audit rows 37, incidents 12", "not known on their first row: 1 (INC05)",
        "kept as they are: contact_type fax 3", "tickets with history: 90.9 %",
        "missing tables: orders, loyalty, outcomes, influence",
    ):  # fmt: skip
        assert said in text


def test_an_existing_folder_is_never_touched(tmp_path: Path) -> None:
    out = tmp_path / "tables"
    out.mkdir()
    (out / "mine.txt").write_text("kept")
    with pytest.raises(ArgumentError, match=r"RR108 output exists: '.*tables' exists already\."):
        import_tables("servicenow", write_log(tmp_path / "log.csv"), out)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (gzip.compress(f"{HEADER}\n{ROWS}".encode())[:-30], "RR102"),
        (gzip.compress(b""), "RR103"),
        (gzip.compress(HEADER.encode()), "RR104"),
        (gzip.compress(f"{HEADER}\n{ROWS}".replace("Closed", "Gone").encode()), "RR206"),
    ],
)
def test_nothing_is_left_behind_by_a_failure(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "log.csv.gz").write_bytes(content)
    with pytest.raises(DataError, match=code):
        import_tables("servicenow", tmp_path / "log.csv.gz", tmp_path / "tables")
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv.gz"]


def test_nothing_is_left_behind_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **options: object) -> str:
        raise OSError("No space left on device")

    monkeypatch.setattr("retaliation_risk.adapters.json.dumps", full)
    log = write_log(tmp_path / "log.csv")
    with pytest.raises(OSError, match="No space left"):
        import_tables("servicenow", log, tmp_path / "tables")
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


def test_unknown_adapter(tmp_path: Path) -> None:
    with pytest.raises(
        ArgumentError, match="RR111 bad argument: kind is 'lotus'; it must be one of .*servicenow"
    ):
        import_tables("lotus", tmp_path / "log.csv", tmp_path / "tables")


def test_every_adapter_knows_its_own_and_refuses_what_is_not_there(tmp_path: Path) -> None:
    for adapter in ADAPTERS.values():
        assert not adapter.detect(tmp_path / "none.csv")
        with pytest.raises(DataError, match="RR107"):
            adapter.read(tmp_path / "none.csv")
    assert detect(write_log(tmp_path / "log.csv")) == "servicenow"
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert detect(tmp_path / "other.csv") is None

"""From a file nobody knows to a report, through the program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.imports.data import write_export
from retaliation_risk.cli import main
from tests.adapters.writers.any_csv import make_tickets, write_csv


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]):
    """Call the program in this process: exit code, stdout, stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments], prog_name="retaliation-risk")
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return call


def test_guess_then_import_then_check(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETALIATION_RISK_CONTACT_SECRET", "a secret of the firm")
    export = write_csv(
        tmp_path / "export.csv", make_tickets(60, seed=7), language="it", time_format="%d/%m/%Y %H:%M"
    )
    mapping, tables = tmp_path / "mapping.toml", tmp_path / "tables"
    code, out, err = cli("import", "guess", export, "--zone", "Europe/Rome", "--out", mapping)
    assert (code, out) == (0, "")
    assert err == "Columns with a meaning: 10, without: 1; 0 lines to fill in.\n"
    asked = ["--mapping", mapping, "--out", tables, "--exported-at", "2026-03-01", "--memory", "1GB"]
    code, out, err = cli("import", "mapping", export, *asked, "--json")
    assert (code, err) == (0, f"Tables written to {tables}.\n")
    report = json.loads(out)
    assert report["level"] == "snapshot"
    assert {"what", "why"} == set(report["switched_off"][0])
    assert report == json.loads((tables / "import_report.json").read_text(encoding="utf-8"))
    assert sorted(path.name for path in tables.iterdir()) == [
        "customers.parquet", "import_report.json", "ticket_events.parquet", "tickets.parquet",
    ]  # fmt: skip
    assert cli("check", tables)[0] == 0
    for path in tables.iterdir():
        assert b"example.org" not in path.read_bytes()


def test_guess_prints_and_never_writes_over_a_mapping(cli, tmp_path: Path) -> None:
    export = write_csv(tmp_path / "export.csv", make_tickets(60, seed=7))
    code, out, err = cli("import", "guess", export)
    assert code == 0
    assert out.startswith("# Drafted from export.csv: ")
    assert err.endswith("; 1 line to fill in.\n")
    assert json.loads(cli("import", "guess", export, "--json")[1])["mapping"] == out
    (tmp_path / "mapping.toml").write_text("mine")
    assert cli("import", "guess", export, "--out", tmp_path / "mapping.toml")[0] == 2
    assert (tmp_path / "mapping.toml").read_text() == "mine"


def test_an_import_needs_a_folder_to_write(cli, tmp_path: Path) -> None:
    code, _, err = cli("import", "mapping", tmp_path / "export.csv")
    assert code == 2
    assert "Missing option '--out'" in err


def test_an_export_of_another_vendor_is_named_and_nothing_is_written(cli, tmp_path: Path) -> None:
    (tmp_path / "zendesk").mkdir()
    ticket = {
        "id": 1,
        "requester_id": 2,
        "created_at": "2025-03-01T10:00:00Z",
        "status": "open",
        "via": {"channel": "web"},
    }
    (tmp_path / "zendesk" / "tickets.json").write_text(json.dumps({"tickets": [ticket], "next_page": None}))
    code, _, err = cli("import", "freshdesk", tmp_path / "zendesk", "--out", tmp_path / "tables")
    assert (code, err.count("RR")) == (2, 1)
    assert "looks like an export of zendesk" in " ".join(err.split())
    assert not (tmp_path / "tables").exists()


@pytest.mark.slow
def test_a_mapped_history_goes_all_the_way_to_a_report(cli, tmp_path: Path) -> None:
    write_export(tmp_path, 800)
    tables, out = tmp_path / "tables", tmp_path / "run"
    assert (
        cli(
            "import", "mapping", tmp_path / "export", "--mapping", tmp_path / "mapping.toml", "--out", tables
        )[0]
        == 0
    )
    assert cli("check", tables)[0] == 0
    asked = ["--outcome", "reopened", "--horizon-days", "30", "--capacity", "20", "--bootstraps", "20"]
    code, _, err = cli("run", tables, "--out", out, *asked)
    assert (code, (out / "report.html").is_file()) == (0, True), err
    assert "first_seen_at is the first ticket" in (out / "report.html").read_text(encoding="utf-8")

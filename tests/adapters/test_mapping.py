"""Any export by a mapping: what each line of the mapping does, and what is refused."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from retaliation_risk.adapters import Options, import_tables, report_text
from retaliation_risk.adapters._mapping_file import Cell, Mapping
from retaliation_risk.adapters._mapping_sql import value
from retaliation_risk.errors import ArgumentError, ContractError, DataError
from retaliation_risk.features import missing_features
from retaliation_risk.tables import read_tables

SNAPSHOT = """\
Nr;Kunde;Adresse;Auf;Zu;Stand;Weg;Sache;Teil;Rang;Note;Antwort
T1;K1;a@x.org;01.02.2025 10:00;03.02.2025 11:30;fertig;Telefon;A;B;hoch;4,5;1:30:00
T2;K1;a@x.org;05.07.2025 10:00;;offen;Fax;A;;tief;;
T3;K2;keine;13.07.2025 10:00;14.07.2025 10:00;zu;E-Mail;;;hoch;1;58:22:50
T3;K2;keine;13.07.2025 10:00;14.07.2025 10:00;zu;E-Mail;;;hoch;1;58:22:50
T4;;;13.07.2025 10:00;14.07.2025 10:00;zu;E-Mail;;;hoch;1;
"""
MAPPING = """\
zone = "Europe/Berlin"
time_format = "%d.%m.%Y %H:%M"
decimal = ","

[tickets]
ticket_id = "Nr"
customer_id = "Kunde"
opened_at = "Auf"
issue_key = ["Sache", "Teil"]
channel = { column = "Weg", values = { "Telefon" = "phone", "E-Mail" = "email" } }
severity = { column = "Rang", values = { "hoch" = 4, "tief" = 1 } }
is_complaint = { constant = true }

[customers]
email = "Adresse"
segment = { constant = "retail" }

[[events]]
event = "solved"
at = "Zu"

[[events]]
column = "Stand"
values = { "fertig" = "", "zu" = "closed", "offen" = "" }

[[events]]
event = "csat_rated"
value = { column = "Note", scale = [1, 5] }

[[events]]
event = "message_out"
after = "Antwort"
unit = "hh:mm:ss"
actor_type = "agent"
"""
SECRET = b"a secret of the firm"


def run(folder: Path, mapping: str = MAPPING, export: str = SNAPSHOT, name: str = "export.csv", **options):
    (folder / "mapping.toml").write_text(mapping, encoding="utf-8")
    (folder / name).write_text(export, encoding="utf-8")
    asked = Options(mapping=folder / "mapping.toml", **{"secret": SECRET, **options})
    return import_tables("mapping", folder / name, folder / "tables", asked, switched_off=missing_features)


def rows(folder: Path, table: str, *columns: str) -> list[tuple]:
    frame = read_tables(folder / "tables").frame(table)[list(columns)]
    cells = frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
    return [tuple(f"{c:%m-%d %H:%M:%S}" if isinstance(c, pd.Timestamp) else c for c in row) for row in cells]


def test_tickets_and_customers_by_hand(tmp_path: Path) -> None:
    run(tmp_path)
    # Berlin is an hour before UTC in February, two in July.
    assert rows(
        tmp_path, "tickets", "ticket_id", "customer_id", "opened_at", "channel", "issue_key", "severity"
    ) == [
        ("T1", "K1", "02-01 09:00:00", "phone", "A / B", 4),
        ("T2", "K1", "07-05 08:00:00", "fax", "A", 1),
        ("T3", "K2", "07-13 08:00:00", "email", None, 4),
    ]
    customers = rows(
        tmp_path, "customers", "customer_id", "first_seen_at", "history_from", "segment", "contact_key"
    )
    assert [row[:4] for row in customers] == [
        ("K1", "02-01 09:00:00", "02-01 09:00:00", "retail"), ("K2", "07-13 08:00:00", "02-01 09:00:00", "retail"),
    ]  # fmt: skip
    assert (len(customers[0][4]), customers[1][4]) == (64, None)


def test_what_only_the_export_shows_is_known_from_the_export_on(tmp_path: Path) -> None:
    exported_at = datetime.fromisoformat("2025-08-01T00:00")
    report = run(tmp_path, exported_at=exported_at)
    seen = ("ticket_id", "occurred_at", "event_type", "known_at", "actor_type", "value")
    known = "08-01 00:00:00"
    # T3 was answered 58 h 22 min 50 s after opening; when it was closed or rated the file does not say.
    assert rows(tmp_path, "ticket_events", *seen) == [
        ("T1", "02-01 10:30:00", "message_out", known, "agent", None),
        ("T1", "02-03 10:30:00", "solved", known, None, None),
        ("T1", known, "csat_rated", known, None, 0.875),
        ("T3", "07-14 08:00:00", "solved", known, None, None),
        ("T3", "07-15 18:22:50", "message_out", known, "agent", None),
        ("T3", known, "closed", known, None, None),
        ("T3", known, "csat_rated", known, None, 0.0),
    ]
    assert report.level == "snapshot"
    off = " ".join(each["what"] for each in report.switched_off)
    assert {"mean_csat_365d", "reopens_365d", "orders_365d"} <= set(off.replace(",", "").split())
    assert "tickets_90d" not in off


def test_the_report_says_what_happened(tmp_path: Path) -> None:
    text = report_text(run(tmp_path))
    for said in (
        "level: snapshot", "in: tickets 5", "out: customers 2, tickets 3, ticket_events 7",
        "left out: tickets: no customer: 1 (T4)", "kept as they are: Weg Fax 1", "duplicate rows: 1;",
        "the last time in the file, 2025-07-15T18:22:50Z, is taken for it", "1 different texts", "as at the export",
    ):  # fmt: skip
        assert said in text


def test_without_a_secret_no_address_is_read(tmp_path: Path) -> None:
    report = run(tmp_path, secret=None)
    assert "without a secret (RETALIATION_RISK_CONTACT_SECRET)" in " ".join(report.notes)
    assert rows(tmp_path, "customers", "contact_key") == [(None,), (None,)]


def test_customers_known_by_address_only_need_a_secret(tmp_path: Path) -> None:
    mapping = MAPPING.replace('customer_id = "Kunde"', 'customer_id = "Adresse"')
    with pytest.raises(ArgumentError, match=r"RR111 .*set RETALIATION_RISK_CONTACT_SECRET"):
        run(tmp_path, mapping, secret=None)
    report = run(tmp_path, mapping)
    assert report.left_out[0].ids == ("T3", "T4")  # neither has an address
    ids = rows(tmp_path, "customers", "customer_id", "contact_key")
    assert len(ids[0][0]) == 64
    assert ids[0][0] == ids[0][1]


def test_unknown_values_that_decide_are_an_error_with_counts_and_the_lines_to_add(tmp_path: Path) -> None:
    export = SNAPSHOT.replace("offen", "ruht").replace("tief", "egal")
    with pytest.raises(DataError) as error:
        run(tmp_path, export=export)
    assert str(error.value).startswith(
        'RR152 unknown value: Rang has \'egal\' (1 rows); to [tickets.severity.values] add "egal" = "...".'
        ' Stand has \'ruht\' (1 rows); to [events 2.values] add "ruht" = "...".'
    )
    assert not (tmp_path / "tables").exists()


HISTORY = """\
[tickets]
ticket_id = "id"
customer_id = "who"
opened_at = "at"

[customers]
file = "people"
customer_id = "id"
first_seen_at = "since"

[ticket_events]
file = "log"
ticket_id = "ticket"
occurred_at = { column = "ms", format = "epoch_ms" }
event_type = { column = "what", values = { "S" = "solved", "R" = "reopened", "V" = "" } }

[orders]
file = "orders"
customer_id = "who"
ordered_at = "at"
amount = { column = "sum", decimal = "," }
"""


def history(folder: Path) -> Path:
    export = folder / "export"
    export.mkdir()
    tickets = [
        {"id": 1, "who": "A", "at": "2025-01-02T09:00:00+01:00"},
        {"id": 2, "who": None, "at": "2025-01-02"},
    ]
    (export / "tickets.jsonl").write_text("".join(json.dumps(each) + "\n" for each in tickets))
    (export / "people.json").write_text(json.dumps([{"id": "A", "since": "2024-05-01"}]))
    (export / "log.csv").write_text(
        "ticket,ms,what\n1,1735900000000,S\n1,1735900000000,V\n1,1736000000500,R\n2,1736000000000,S\n"
    )
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT 'A' AS who, '2024-06-01' AS at, '1.234,5' AS sum) TO '{export}/orders.parquet'"
        )
    (folder / "mapping.toml").write_text(HISTORY)
    return export


def test_a_folder_with_a_file_of_events_is_a_history(tmp_path: Path) -> None:
    options = Options(mapping=tmp_path / "mapping.toml")
    report = import_tables("mapping", history(tmp_path), tmp_path / "tables", options)
    assert report.level == "history"
    assert report.rows_in == {"tickets": 2, "people": 1, "log": 4, "orders": 1}
    assert rows(tmp_path, "ticket_events", "ticket_id", "occurred_at", "event_type", "known_at") == [
        ("1", "01-03 10:26:40", "solved", "01-03 10:26:40"), ("1", "01-04 14:13:20", "reopened", "01-04 14:13:20"),
    ]  # fmt: skip
    assert rows(tmp_path, "orders", "customer_id", "amount") == [("A", 1234.5)]
    assert rows(tmp_path, "customers", "first_seen_at") == [("05-01 00:00:00",)]
    assert sorted(report.files) == ["log.csv", "orders.parquet", "people.json", "tickets.jsonl"]


def test_a_file_that_is_missing_or_empty_is_named(tmp_path: Path) -> None:
    export = history(tmp_path)
    options = Options(mapping=tmp_path / "mapping.toml")
    (export / "log.csv").write_text("ticket,ms,what\n")
    with pytest.raises(DataError, match=r"RR104 .*log\.csv has no rows\."):
        import_tables("mapping", export, tmp_path / "tables", options)
    (export / "log.csv").unlink()
    with pytest.raises(DataError, match=r"RR107 .*there is no file 'log' \(for ticket_events\) in"):
        import_tables("mapping", export, tmp_path / "tables", options)


def test_the_last_message_about_a_ticket_holds(tmp_path: Path) -> None:
    said = [
        {"type": "RECORD", "stream": "tickets", "record": {"id": 1, "who": who, "at": "2025-01-02T09:00:00Z"}}
        for who in ("A", "B")
    ]
    mapping = '[tickets]\nticket_id = "id"\ncustomer_id = "who"\nopened_at = "at"\n'
    report = run(tmp_path, mapping, "".join(json.dumps(each) + "\n" for each in said), "messages.jsonl")
    assert rows(tmp_path, "tickets", "ticket_id", "customer_id") == [("1", "B")]
    assert report.duplicates == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('channel = { column', 'chanel = { column', r"there is no 'tickets\.chanel'; did you mean 'channel'\?"),
        ("zone =", "zones =", r"there is no 'zones'; did you mean 'zone'\?"),
        ('event = "solved"', 'event = "sloved"', r"events\.0\.event is 'sloved'"),
        ('unit = "hh:mm:ss"', 'units = "hours"', r"there is no 'events\.3\.units'; did you mean 'unit'\?"),
        ('scale = [1, 5]', 'skale = [1, 5]', r"there is no 'events\.2\.value\.skale'; did you mean 'scale'\?"),
        ('scale = [1, 5]', 'scale = "1-5"', r"events\.2\.value\.scale is '1-5'"),
        ('opened_at = "Auf"\n', "", r"\[tickets\] does not say opened_at\."),
        ('event = "solved"\nat = "Zu"', 'event = "solved"', r"events\[1\] needs at, after or value"),
        ('event = "solved"\n', "", r"events\[1\] needs either event, or column with values"),
        ('after = "Antwort"', 'after = "Antwort"\nat = "Zu"', r"events\[4\] has both at and after"),
        ("[customers]", '[orders]\ncustomer_id = "Kunde"\n\n[customers]', r"\[orders\] does not say in which file"),
        ("[customers]", "[customers", r"is not TOML"),
        ("Europe/Berlin", "Europe/Berlim", r"Europe/Berlim"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Q", r"format specifier"),
    ],
)  # fmt: skip
def test_a_mapping_is_checked_whole_and_the_nearest_name_told(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in MAPPING
    with pytest.raises(DataError, match=rf"RR150 bad mapping: mapping\.toml.*{said}"):
        run(tmp_path, MAPPING.replace(old, new, 1))


def test_a_column_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"RR101 .*export\.csv has no 'Kundin'; did you mean 'Kunde'\?"):
        run(tmp_path, MAPPING.replace('"Kunde"', '"Kundin"'))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("05.07.2025", "31.02.2025", r"RR201 .*opened_at cannot be read as a time in 1 row: '31\.02\.2025 10:00'"),
        ("4,5", "7,5", r"RR201 .*value cannot be read as a number in 1 row: '7,5 outside \[1, 5\]'"),
        ("4,5", "gut", r"RR201 .*value cannot be read as a number in 1 row: 'gut outside"),
        ("1:30:00", "anderthalb", r"RR201 .*occurred_at cannot be read as a time in 1 row: 'anderthalb'"),
        ("T2;K1", "T1;K1", r"RR205 .*ticket_id is not unique: 'T1' in 2 rows"),
    ],
)  # fmt: skip
def test_cells_that_cannot_be_read_are_named_and_never_dropped(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(ContractError, match=said):
        run(tmp_path, export=SNAPSHOT.replace(old, new, 1))


def test_a_time_after_the_export_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="RR207"):
        run(tmp_path, exported_at=datetime.fromisoformat("2025-07-01T00:00"))


def test_a_mapping_must_be_given_and_be_there(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(SNAPSHOT, encoding="utf-8")
    with pytest.raises(ArgumentError, match="RR111 .*mapping is not given"):
        import_tables("mapping", tmp_path / "export.csv", tmp_path / "tables")
    with pytest.raises(DataError, match="RR107 .*mapping file"):
        import_tables(
            "mapping", tmp_path / "export.csv", tmp_path / "tables", Options(mapping=tmp_path / "no.toml")
        )


def test_memory_must_be_an_amount(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="RR111 .*memory is 'much'"):
        import_tables("mapping", tmp_path, tmp_path / "tables", memory="much")


@pytest.mark.parametrize(
    ("cell", "kind", "told", "read"),
    [
        (Cell(column="x"), "time", "2025-07-01 12:00", "2025-07-01 10:00:00"),
        (Cell(column="x"), "time", "2025-07-01T12:00:00+09:00", "2025-07-01T12:00:00+09:00"),
        (Cell(column="x", format="epoch"), "time", "1735689600.25", "2025-01-01 00:00:00.25"),
        (Cell(column="x", format=["%d/%m/%Y %H:%M", "%d/%m/%Y"], zone="UTC"), "time", "31/12/2025", "2025-12-31 00:00:00"),
        (Cell(column="x", format="%d/%m/%Y %H:%M %z"), "time", "01/07/2025 12:00 +0900", "2025-07-01 03:00:00"),
        (Cell(column="x", decimal=","), "float", "1.234,5", "1234.5"),
        (Cell(column="x", decimal=",", scale=(0, 10)), "float", "7,5", "0.75"),
        (Cell(column="x", scale=(5, 1)), "float", "2", "0.75"),
        (Cell(column="x", values={"a": "b"}), "str", " a ", "b"),
        (Cell(column="x", values={"a": ""}), "str", "a", None),
        (Cell(constant=True), "bool", "x", "true"),
    ],
)  # fmt: skip
def test_cells_are_read_as_the_mapping_says(cell: Cell, kind: str, told: str, read: str | None) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        sql = value(cell, kind, Mapping(zone="Europe/Berlin"))
        assert connection.execute(f"SELECT {sql} FROM (SELECT $1 AS x)", [told]).fetchall() == [(read,)]

"""The door: folders, parts, databases, renames."""
# ruff: noqa: DTZ001 (past the door, times without a zone are UTC)

import gzip
import sqlite3
from contextlib import closing
from datetime import datetime
from hashlib import sha256

import duckdb
import pytest

from retaliation_risk.errors import ContractError, DataError
from retaliation_risk.tables import CONTRACT, check_tables, read_tables, write_tables

from .worlds import CUSTOMERS, EVENTS, TICKETS, folder


def test_tables_are_complete_typed_and_filled(tmp_path):
    tables = read_tables(folder(tmp_path / "in", ticket_events=EVENTS))
    assert tables.names == ("customers", "tickets", "ticket_events")
    types = {
        "id": "VARCHAR",
        "str": "VARCHAR",
        "time": "TIMESTAMP",
        "float": "DOUBLE",
        "int": "BIGINT",
        "bool": "BOOLEAN",
    }
    for name in tables.names:
        described = tables.connection.execute(f"DESCRIBE {name}").fetchall()
        assert [row[:2] for row in described] == [(c.name, types[c.kind]) for c in CONTRACT[name].columns]
    assert tables.frame("tickets").is_complaint.tolist() == [True, True]
    assert tables.frame("tickets").channel.tolist() == [None, None]
    events = tables.frame("ticket_events")
    assert (
        events.known_at.tolist()
        == events.occurred_at.tolist()
        == [datetime(2025, 3, 1, 11), datetime(2025, 3, 2, 11)]
    )
    assert tables.rows() == {"customers": 2, "tickets": 2, "ticket_events": 2}


def test_sources_name_the_bytes(tmp_path):
    tables = read_tables(folder(tmp_path / "in"))
    assert [(s.file, s.sha256, s.rows) for s in tables.sources] == [
        ("customers.csv", sha256(CUSTOMERS.encode()).hexdigest(), 2),
        ("tickets.csv", sha256(TICKETS.encode()).hexdigest(), 2),
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace(",", "|"),
        lambda text: text.rstrip("\n"),
        lambda text: '"' + text.replace(",", '","').replace("\n", '"\n"').removesuffix('"'),
        lambda text: text.replace("ticket_id,customer_id", " ticket_id , customer_id "),
    ],
    ids=["bom", "crlf", "semicolon", "tab", "bar", "no last newline", "quoted", "spaces in the header"],
)
def test_dialects_of_csv(tmp_path, change):
    plain = read_tables(folder(tmp_path / "plain")).frame("tickets")
    other = read_tables(folder(tmp_path / "other", tickets=change(TICKETS))).frame("tickets")
    assert other.equals(plain)


def test_csv_cells_are_text_byte_for_byte(tmp_path):
    tickets = 'ticket_id,customer_id,opened_at,issue_key\n007,C1,2025-03-01,"a ""b"",\nc; d"\n'
    tickets += "Ä-é 客,C2,2025-03-02,\n 1.0,C2,2025-03-03,NULL\n"
    frame = read_tables(folder(tmp_path / "in", tickets=tickets)).frame("tickets")
    assert dict(zip(frame.ticket_id, frame.issue_key, strict=True)) == {
        "007": 'a "b",\nc; d',
        "Ä-é 客": None,
        " 1.0": "NULL",
    }


def test_compressed_csv_and_header_only_optional_table(tmp_path):
    source = folder(tmp_path / "in", tickets=None, orders="customer_id,ordered_at,amount")
    (source / "tickets.csv.gz").write_bytes(gzip.compress(TICKETS.encode()))
    assert read_tables(source).rows() == {"customers": 2, "tickets": 2, "orders": 0}


def test_hidden_and_partial_files_are_ignored(tmp_path):
    source = folder(tmp_path / "in")
    for name in (".tickets.csv", "tickets.csv.partial", "tickets.partial.parquet", "_orders.csv"):
        (source / name).write_bytes(b"")
    assert check_tables(source) == []


@pytest.mark.parametrize(
    "name", ["tickets-{}.parquet", "tickets_part{}.parquet", "tickets.0{}.parquet", "tickets/part-{}.parquet"]
)
def test_parts_of_parquet(tmp_path, name):
    source = folder(tmp_path / "in", tickets=None)
    (source / "tickets").mkdir()
    for i in (1, 2):
        path = source / name.format(i)
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT {i} AS ticket_id, 'C{i}' AS customer_id, "
                f"TIMESTAMP '2025-03-0{i}' AS opened_at) TO '{path}'"
            )
    tables = read_tables(source)
    assert tables.frame("tickets").ticket_id.tolist() == ["1", "2"]
    assert len(tables.sources) == 3


def test_a_table_in_two_forms_is_not_guessed(tmp_path):
    source = folder(tmp_path / "in")
    (source / "tickets.csv.gz").write_bytes(gzip.compress(TICKETS.encode()))
    with pytest.raises(ContractError, match=r"^RR112 .*\['tickets\.csv', 'tickets\.csv\.gz'\]"):
        read_tables(source)


def test_folder_names_are_no_patterns(tmp_path):
    source = folder(tmp_path / "o'brien [1]*")
    write_tables(read_tables(source), tmp_path / "o'brien [1]?")
    assert read_tables(tmp_path / "o'brien [1]?").rows() == {"customers": 2, "tickets": 2}


def test_duckdb_file(tmp_path):
    path = tmp_path / "export.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE customers AS "
            "SELECT 7 AS customer_id, TIMESTAMPTZ '2024-01-01 00:00:00+02' AS first_seen_at"
        )
        connection.execute(
            "CREATE VIEW tickets AS "
            "SELECT 8.0::DOUBLE AS ticket_id, 7 AS customer_id, DATE '2025-01-01' AS opened_at"
        )
    tables = read_tables(path)
    assert tables.frame("customers").iloc[0, :2].tolist() == ["7", datetime(2023, 12, 31, 22)]
    assert tables.frame("tickets").iloc[0, :3].tolist() == ["8", "7", datetime(2025, 1, 1)]
    assert [source.file for source in tables.sources] == ["export.duckdb:customers", "export.duckdb:tickets"]
    assert [file.name for file in tmp_path.iterdir()] == ["export.duckdb"]


def test_sqlite_file(tmp_path):
    path = tmp_path / "ex%port#.db"
    with closing(sqlite3.connect(path)) as lite, lite:
        lite.execute("CREATE TABLE customers (customer_id, first_seen_at, segment)")
        lite.executemany(
            "INSERT INTO customers VALUES (?, ?, ?)", [("007", "2024-01-01", "Ä"), (8, "2024-01-01", "")]
        )
        lite.execute("CREATE TABLE tickets (ticket_id REAL, customer_id, opened_at, severity)")
        lite.execute("INSERT INTO tickets VALUES (9, 8, '2025-01-01T10:00:00.1234567+01:00', 3)")
        lite.execute("CREATE TABLE orders (customer_id, ordered_at, amount REAL)")
        lite.execute("INSERT INTO orders VALUES ('007', '2025-01-01', 0.1)")
    tables = read_tables(path)
    assert tables.frame("customers").segment.tolist() == ["Ä", None]
    assert tables.frame("tickets").iloc[0, :3].tolist() == ["9", "8", datetime(2025, 1, 1, 9, 0, 0, 123456)]
    assert tables.frame("orders").amount.tolist() == [0.1]
    assert [file.name for file in tmp_path.iterdir()] == ["ex%port#.db"]
    assert {row[0] for row in tables.connection.execute("SHOW TABLES").fetchall()} == set(tables.names)


def test_missing_table_in_a_database(tmp_path):
    with duckdb.connect(str(tmp_path / "export.db")) as connection:
        connection.execute(
            "CREATE TABLE customers AS SELECT 7 AS customer_id, DATE '2024-01-01' AS first_seen_at"
        )
    with pytest.raises(
        ContractError, match=r"^RR105 missing table: tickets: no table 'tickets'; found \['customers'\]"
    ):
        read_tables(tmp_path / "export.db")


RENAME = '[tickets]\ntable = "Zendesk export"\nopened_at = "Created at"\nticket_id = "Id"\n'


def test_renames(tmp_path):
    theirs = TICKETS.replace("opened_at", "Created at").replace("ticket_id", "Id")
    source = folder(tmp_path / "in", tickets=None, **{"Zendesk export": theirs})
    (tmp_path / "rename.toml").write_text(RENAME)
    tables = read_tables(source, rename=tmp_path / "rename.toml")
    assert tables.frame("tickets").equals(read_tables(folder(tmp_path / "plain")).frame("tickets"))
    assert tables.warnings == ()


def test_a_renamed_column_must_be_there(tmp_path):
    (tmp_path / "rename.toml").write_text('[tickets]\nseverity = "Priority"\n')
    with pytest.raises(ContractError, match=r"^RR101 missing column: tickets: tickets.csv has no 'Priority'"):
        read_tables(folder(tmp_path / "in"), rename=tmp_path / "rename.toml")


def test_a_renamed_table_must_be_there(tmp_path):
    (tmp_path / "rename.toml").write_text('[orders]\ntable = "sales"\n')
    with pytest.raises(ContractError, match=r"^RR105 missing table: orders: no table 'sales'"):
        read_tables(folder(tmp_path / "in"), rename=tmp_path / "rename.toml")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[tickts]\n", r"\[tickts\] is not a table; tables are customers, tickets,"),
        ('[tickets]\nopened = "x"\n', "tickets.opened is not a column; columns are ticket_id,"),
        ("[tickets]\nopened_at = 3\n", "tickets.opened_at is 3, not a name in quotes"),
        ('tickets = "x"\n', "tickets = 'x' is not a section"),
        ("[tickets\n", "is not TOML"),
    ],
)
def test_bad_renames(tmp_path, text, found):
    (tmp_path / "rename.toml").write_text(text)
    with pytest.raises(DataError, match=f"^RR106 bad rename: rename.toml.*{found}"):
        read_tables(folder(tmp_path / "in"), rename=tmp_path / "rename.toml")


def test_a_rename_file_must_be_there(tmp_path):
    with pytest.raises(DataError, match=r"^RR107 .*no.toml"):
        read_tables(folder(tmp_path / "in"), rename=tmp_path / "no.toml")


def test_reading_leaves_no_file_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = folder(tmp_path / "in")
    before = sorted(tmp_path.rglob("*"))
    read_tables(source)
    check_tables(source)
    assert sorted(tmp_path.rglob("*")) == before

"""One stream, in every form in which an export may hold it, is the same table."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retaliation_risk._contact import contact_key
from retaliation_risk.adapters._contacts import contact_keys
from retaliation_risk.adapters._records import records
from retaliation_risk.errors import ArgumentError, DataError

COLUMNS = ["id", "via", "subject"]
ROWS = [
    {"id": 1, "via": {"channel": "email"}, "subject": 'a, "q"\nnew', "left": "out"},
    {"id": 2, "subject": "ü; €", "via": None},
]
READ = [("1", '{"channel":"email"}', 'a, "q"\nnew'), ("2", None, "ü; €")]


def as_csv(rows: list[dict], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([*COLUMNS, "left"])
    for row in rows:
        via = json.dumps(row["via"], separators=(",", ":")) if row.get("via") else ""
        writer.writerow([row["id"], via, row["subject"], "out"])
    return out.getvalue()


def lines(rows: list[dict]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def singer(rows: list[dict]) -> str:
    said = [
        {"type": "RECORD", "stream": stream, "record": row} for row in rows for stream in ("users", "tickets")
    ]
    return lines(
        [{"type": "SCHEMA", "stream": "tickets", "schema": {}}, *said, {"type": "STATE", "value": {}}]
    )


def airbyte(rows: list[dict]) -> str:
    said = [
        {"type": "RECORD", "record": {"stream": stream, "data": row, "emitted_at": 1}}
        for row in rows
        for stream in ("users", "tickets")
    ]
    return lines([{"type": "LOG", "log": {"level": "INFO", "message": "begun"}}, *said])


def raw_csv(rows: list[dict]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(
        [["_airbyte_ab_id", "_airbyte_data"], *([n, json.dumps(r)] for n, r in enumerate(rows))]
    )
    return out.getvalue()


FORMS = {
    "csv": ("tickets.csv", as_csv),
    "semicolons": ("tickets.csv", lambda rows: as_csv(rows, ";")),
    "tabs": ("tickets.tsv", lambda rows: as_csv(rows, "\t")),
    "lines": ("tickets.jsonl", lines),
    "array": ("tickets.json", json.dumps),
    "array in pretty print": ("tickets.json", lambda rows: json.dumps(rows, indent=2)),
    "answer": ("tickets.json", lambda rows: json.dumps({"count": 2, "tickets": rows, "next_page": None}, indent=1)),
    "answers": ("tickets.jsonl", lambda rows: lines([{"tickets": [row], "end": False} for row in rows])),
    "results": ("tickets.json", lambda rows: json.dumps({"results": rows, "paging": {}})),
    "singer": ("messages.jsonl", singer),
    "airbyte": ("messages.jsonl", airbyte),
    "airbyte raw": ("tickets.jsonl", lambda rows: lines([{"_airbyte_raw_id": 1, "_airbyte_data": r} for r in rows])),
    "airbyte raw, quoted": ("tickets.jsonl", lambda rows: lines([{"_airbyte_data": json.dumps(r)} for r in rows])),
    "airbyte raw, csv": ("tickets.csv", raw_csv),
}  # fmt: skip


def read(path: Path, **options: object) -> list[tuple]:
    with duckdb.connect() as connection:
        records(connection, "tickets", path, "tickets", COLUMNS, **options)
        return connection.execute("FROM tickets").fetchall()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize(("name", "write"), FORMS.values(), ids=FORMS)
def test_every_form_gives_the_same_rows(tmp_path: Path, name: str, write, packed: bool) -> None:
    text = write(ROWS).encode()
    path = tmp_path / (name + ".gz" * packed)
    path.write_bytes(gzip.compress(text) if packed else text)
    assert read(path) == READ
    assert read(tmp_path) == READ


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1), min_size=1, max_size=8
    )
)
def test_any_text_comes_through_every_form(texts: list[str]) -> None:
    rows = [{"id": n, "subject": text} for n, text in enumerate(texts)]
    wanted = [(str(n), None, text) for n, text in enumerate(texts)]
    for name, write in FORMS.values():
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / name).write_bytes(write(rows).encode())
            assert read(Path(folder) / name) == wanted


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_found_and_said(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "tickets.csv"
    path.write_bytes(as_csv(ROWS, ";").encode(encoding))
    with duckdb.connect() as connection:
        stream = records(connection, "tickets", path, "tickets", COLUMNS)
        assert connection.execute("FROM tickets").fetchall() == READ
    assert [file.encoding for file in stream.files] == [encoding]


def test_parts_are_read_in_order_and_other_streams_left_alone(tmp_path: Path) -> None:
    for name, row in {
        "tickets-1.csv": ROWS[0],
        "tickets-2.csv": ROWS[1],
        "ticket_events.csv": ROWS[0],
    }.items():
        (tmp_path / name).write_text(as_csv([row]), encoding="utf-8")
    assert read(tmp_path) == READ


def test_a_stream_that_is_not_there_is_an_empty_table(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("id\n1\n")
    assert read(tmp_path) == []
    assert read(tmp_path / "users.csv") == []
    assert len(read(tmp_path / "users.csv", main=True)) == 1


def test_a_file_by_another_name_may_hold_the_stream(tmp_path: Path) -> None:
    path = tmp_path / "page-1.json"
    path.write_text(json.dumps({"tickets": ROWS}))
    assert read(path) == READ
    path.write_text(json.dumps({"results": ROWS}))
    assert read(path) == []
    assert read(path, main=True) == READ


def test_columns_are_renamed_repeated_and_missing(tmp_path: Path) -> None:
    (tmp_path / "tickets.csv").write_text("Issue key,Comment,Comment,Comment\nA-1,one,,three\n")
    wanted = {"key": "Issue key", "first": "Comment", "third": "Comment.2", "none": "Labels"}
    with duckdb.connect() as connection:
        stream = records(connection, "tickets", tmp_path, "tickets", wanted)
        assert connection.execute("FROM tickets").fetchall() == [("A-1", "one", "three", None)]
        assert stream.filled == {"key", "first", "third"}
        with pytest.raises(DataError, match=r"RR101 .*tickets in .*: no record has 'Labels'\."):
            records(connection, "again", tmp_path, "tickets", wanted, required=["key", "none"])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("tickets.jsonl", b'{"id": 1}\n{"id":', r"RR102 .*tickets\.jsonl is not whole: Malformed JSON"),
        ("tickets.json", b"[1, 2", r"RR102 .*Malformed JSON"),
        ("tickets.json", b"null", r"RR102 .*is no JSON"),
        ("tickets.json", b'{"a":' * 50_000, r"RR102 .*is no JSON"),
        ("tickets.csv", b'id,s\n1,"x', r"RR102 .*unterminated quote"),
        ("tickets.csv", b"id,s\n1,2,3\n", r"RR102 .*CSV Error on Line: 2; Expected Number of Columns: 2 Found: 3"),
        ("tickets.csv", b"id\0\1\n", r"RR102 .*no text in utf-8 or cp1252"),
        ("tickets.csv", b" \n", r"RR103 .*tickets\.csv"),
        ("tickets.csv.gz", gzip.compress(b"id\n1\n")[:-9], r"RR102 .*cannot be unpacked"),
        ("tickets.parquet", b"PAR1", r"RR102 .*no whole Parquet"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_used_are_refused_by_name(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=said) as error:
        read(tmp_path)
    assert str(tmp_path) not in str(error.value)


def test_contact_keys_are_those_of_the_readout_and_odd_addresses_have_none() -> None:
    secret = b"a secret of the firm"
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE people AS FROM (VALUES ('Ana@example.org'), ('nobody'), (NULL)) AS t(email)"
        )
        assert contact_keys(connection, "keys", "SELECT email FROM people", secret) == 1
        made = dict(connection.execute("FROM keys").fetchall())
        assert made == {"Ana@example.org": contact_key("ana@example.org", secret), "nobody": None}
        assert contact_keys(connection, "none", "SELECT email FROM people", None) == 0
        assert connection.execute("FROM none").fetchall() == []
        with pytest.raises(ArgumentError, match="RR111"):
            contact_keys(connection, "short", "SELECT email FROM people", b"short")

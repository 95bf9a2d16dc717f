"""An unknown CSV is mapped by a draft that a person only confirms; what it cannot tell, it does not tell."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from retaliation_risk.adapters import Options, draft_mapping, import_tables
from retaliation_risk.adapters._guess_words import CHANNELS, PRIORITIES, RATINGS, ROLES, STATUSES, plain
from retaliation_risk.errors import DataError
from retaliation_risk.tables import read_tables
from tests.adapters.writers.any_csv import HEADERS, MEANT, Ticket, make_tickets, write_csv

FORMATS = (
    "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%d/%b/%y %I:%M %p", "%Y-%m-%d %H:%M", "%d-%m-%Y %H:%M",
    "%Y/%m/%d %H:%M",
)  # fmt: skip
SECRET = b"a secret of the firm"


def imported(path: Path, draft: str, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    (folder / "mapping.toml").write_text(draft, encoding="utf-8")
    import_tables("mapping", path, folder / "tables", Options(mapping=folder / "mapping.toml", secret=SECRET))
    tables = read_tables(folder / "tables")
    return tables.frame("customers"), tables.frame("tickets"), tables.frame("ticket_events")


def check_tables_are(tickets: list[Ticket], frames: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]) -> None:
    """The canonical tables say what the tickets are, whatever the file looked like."""
    customers, made, events = frames
    made = made.set_index("ticket_id")
    assert len(made) == len(tickets)
    of = {
        kind: events[events["event_type"] == kind].set_index("ticket_id")
        for kind in ("solved", "closed", "csat_rated")
    }
    for ticket in tickets:
        row = made.loc[ticket.ticket_id]
        assert (row["customer_id"], row["opened_at"]) == (ticket.customer_id, pd.Timestamp(ticket.opened_at))
        assert (row["channel"], row["severity"]) == (MEANT[ticket.channel], MEANT[ticket.severity])
        assert row["issue_key"] == ticket.category
    solved = {t.ticket_id: pd.Timestamp(t.solved_at) for t in tickets if t.solved_at}
    assert of["solved"]["occurred_at"].to_dict() == solved
    assert set(of["closed"].index) == {t.ticket_id for t in tickets if MEANT[t.status] == "closed"}
    assert of["csat_rated"]["value"].to_dict() == {
        t.ticket_id: (t.csat - 1) / 4 for t in tickets if t.csat is not None
    }
    assert customers["contact_key"].str.fullmatch("[0-9a-f]{64}").all()
    assert set(customers["customer_id"]) == {t.customer_id for t in tickets}


@pytest.mark.parametrize(
    ("language", "time_format"), [(language, FORMATS[place]) for place, language in enumerate(HEADERS)]
)
def test_an_unknown_csv_is_mapped_with_a_person_only_confirming(
    tmp_path: Path, language: str, time_format: str
) -> None:
    tickets = make_tickets(150, seed=len(time_format))
    path = write_csv(
        tmp_path / "export.csv", tickets, language=language, time_format=time_format, zone="Europe/Lisbon",
        delimiter=";" if language != "en" else ",", encoding="utf-8" if language == "en" else "cp1252",
    )  # fmt: skip
    draft = draft_mapping(path, zone="Europe/Lisbon")
    assert draft.unfilled == 0
    assert draft.unused == ("Subject",)
    check_tables_are(tickets, imported(path, draft.text, tmp_path))
    assert "then left" not in draft.text
    assert not any(ticket.email in draft.text for ticket in tickets)


def test_renamed_columns_are_known_by_their_content(tmp_path: Path) -> None:
    # Nothing but the content tells; who the customer is, and what A to D and 1 to 5 mean, it does not tell.
    tickets = make_tickets(150, seed=4)
    path = write_csv(
        tmp_path / "export.csv", tickets, headers=list("abcdefghij"), time_format="%m/%d/%Y %H:%M"
    )
    draft = draft_mapping(path, zone="UTC")
    told = {guess.role: (guess.column.name, guess.confidence) for guess in draft.guesses}
    assert told == {
        "ticket_id": ("a", "low"), "email": ("c", "low"), "opened_at": ("d", "low"), "status": ("f", "low"),
        "channel": ("g", "low"), "severity": ("h", "low"),
    }  # fmt: skip
    assert draft.unused == ("b", "e", "i", "j", "Subject")
    customers, made, events = imported(path, draft.text, tmp_path)
    assert made["customer_id"].str.fullmatch("[0-9a-f]{64}").all()
    assert len(made) == len(tickets)
    assert len(customers) == len({t.customer_id for t in tickets})
    assert (events["event_type"] == "solved").sum() == sum(MEANT[t.status] == "solved" for t in tickets)


def test_day_first_or_month_first_is_left_open_when_nothing_tells(tmp_path: Path) -> None:
    # Opened and solved on the 5th of May: day and month may change places everywhere.
    day = [(pd.Timestamp(2025, 5, 5) - pd.Timestamp(2025, 1, 1)).days]
    tickets = [t for t in make_tickets(60, seed=1, days=day) if t.solved_at is None or t.solved_at.day == 5]
    path = write_csv(tmp_path / "export.csv", tickets, time_format="%d/%m/%Y %H:%M")
    draft = draft_mapping(path, zone="UTC")
    assert (
        'time_format = "?"  # it could be %d/%m/%Y %H:%M or %m/%d/%Y %H:%M, day first or month first'
        in draft.text
    )
    with pytest.raises(DataError, match=r"RR151 .*mapping\.toml does not say time_format\."):
        imported(path, draft.text, tmp_path)


def test_the_order_of_times_tells_day_from_month(tmp_path: Path) -> None:
    # No number is above 12; but what opens on 9/3 and is solved on 4/4 would be solved before it opens, read as 3/9 and 4/4.
    tickets = [
        replace(t, solved_at=t.solved_at and (t.opened_at + timedelta(days=27)))
        for t in make_tickets(400, seed=2)
        if t.opened_at.day < 10 and (t.opened_at + timedelta(days=27)).day <= 12
    ]
    assert len(tickets) > 50
    path = write_csv(tmp_path / "export.csv", tickets, time_format="%d/%m/%Y %H:%M")
    line = next(line for line in draft_mapping(path).text.splitlines() if line.startswith("time_format"))
    assert line.startswith(
        'time_format = "%d/%m/%Y %H:%M"  # no first number is above 12, but read as %m/%d/%Y'
    )


def test_what_the_file_cannot_tell_is_refused_by_name_until_it_is_filled_in(tmp_path: Path) -> None:
    tickets = make_tickets(80, seed=5)
    path = write_csv(tmp_path / "export.csv", tickets)
    text = path.read_text().replace("Open", "Parked at supplier")
    path.write_text(text)
    draft = draft_mapping(path)
    assert draft.unfilled == 2
    with pytest.raises(DataError, match=r"does not say zone, events\[2\]\.values\.Parked at supplier\."):
        imported(path, draft.text, tmp_path)
    filled = draft.text.replace('zone = "?"', 'zone = "UTC"').replace('supplier" = "?"', 'supplier" = ""')
    check_tables_are(tickets, imported(path, filled, tmp_path))


def test_a_draft_is_toml_whatever_stands_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    rows = '1,"Open ""x""\n",2025-01-01T09:00Z\n2,Done,2025-01-02T09:00Z\n3,Done,2025-01-02T09:00Z\n'
    path.write_text('"Ticket ""No""\nnew",Status,Created\\at\n' + rows)
    assert tomllib.loads(draft_mapping(path).text)["zone"] == "UTC"


@pytest.mark.parametrize("content", ["id,created\n", '{"type": "SCHEMA", "stream": "tickets"}\n'])
def test_a_file_without_rows_or_columns_is_not_guessed_at(tmp_path: Path, content: str) -> None:
    path = tmp_path / ("export.jsonl" if content.startswith("{") else "export.csv")
    path.write_text(content)
    with pytest.raises(DataError, match=r"RR153 no guess: export\."):
        draft_mapping(path)


def test_words_stand_as_they_are_compared_and_mean_one_thing() -> None:
    for table in (STATUSES, CHANNELS, PRIORITIES, RATINGS):
        words = [word for known in table.values() for word in known]
        assert len(words) == len(set(words))
        assert words == [plain(word) for word in words]
    headers = [phrase for known in ROLES.values() for phrase in known]
    assert headers == [plain(phrase) for phrase in headers]
    assert len(headers) == len(set(headers))


def test_names_that_differ_in_letters_only_and_columns_without_a_name_are_left_and_told(tmp_path):
    file = tmp_path / "export.csv"
    file.write_text(
        "Ticket;ticket;;Kunde;Erstellt am\nT1;x;;K1;02.05.2025 16:06\nT2;y;;K2;13.05.2025 16:07\n",
        encoding="utf-8",
    )
    draft = draft_mapping(file)
    assert {"ticket", ""} <= set(draft.unused)
    assert '"ticket"' in draft.text.split("# Not used:")[1]

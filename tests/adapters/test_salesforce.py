"""Salesforce: what is written in its shape comes back, and each of its traps by name."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given, settings

from retaliation_risk.adapters import Imported, Options, import_tables, salesforce
from retaliation_risk.errors import ContractError, DataError
from tests.adapters.writers.salesforce import CASE, CONTACT, USERS, write
from tests.adapters.writers.stories import EXPORTED, START, Event, Story, Ticket, assert_told, stories
from tests.parquet import read_parquet

EXPORT = Options(exported_at=EXPORTED)
A, B = CASE.format(0), CASE.format(1)


def hour(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def ticket(*events: Event, number: int = 0, parent: int | None = None) -> Ticket:
    return Ticket(number, 0, hour(1), "email", "billing", 3, parent, events)


STORY = Story(
    (START - timedelta(days=90),),
    (
        ticket(
            Event(hour(2), "assigned", "agent"),
            Event(hour(3), "end", "agent"),
            Event(hour(5), "message_in", "customer"),
            Event(hour(6), "back", "agent"),
            Event(hour(7), "sla_breached", "system"),
        ),
        ticket(Event(hour(4), "end", "bot"), number=1, parent=0),
    ),
)


@pytest.fixture
def org(tmp_path: Path) -> Path:
    return write(STORY, tmp_path / "org")


def edit(org: Path, name: str, **cells: object) -> None:
    """Set cells of every row of an object."""
    file = org / f"{name}.csv"
    pd.read_csv(file, dtype=str).assign(**cells).to_csv(file, index=False)


def append(org: Path, name: str, **cells: object) -> None:
    file = org / f"{name}.csv"
    found = pd.read_csv(file, dtype=str)
    pd.concat([found, pd.DataFrame([cells])]).to_csv(file, index=False)


def read(org: Path, options: Options = EXPORT) -> Imported:
    return salesforce.read(org, options=options)


def events(imported: Imported, kind: str) -> list[tuple[str, datetime, datetime]]:
    found = imported.tables.frame("ticket_events").query(f"event_type == '{kind}'")
    return [(row.ticket_id, row.occurred_at, row.known_at) for row in found.itertuples()]


def tickets(imported: Imported) -> pd.DataFrame:
    return imported.tables.frame("tickets").set_index("ticket_id")


@settings(max_examples=10, deadline=None)
@given(stories(severities=(2, 3, 4)))
def test_what_is_written_comes_back(story: Story) -> None:
    with TemporaryDirectory() as folder:
        imported = read(write(story, Path(folder)))
    assert_told(story, imported.tables, CONTACT, CASE)
    customers = imported.tables.frame("customers").set_index("customer_id")["first_seen_at"]
    assert customers.to_dict() == {CONTACT.format(n): at for n, at in enumerate(story.customers)}


def test_the_two_rows_of_a_foreign_key_change_are_one_hand_off(org: Path) -> None:
    history = pd.read_csv(org / "CaseHistory.csv")
    assert (history["Field"] == "ownerAssignment").sum() == 2
    assert events(read(org), "assigned") == [(A, hour(2), hour(2))]


def test_an_owner_changed_by_an_escalation_rule_is_handed_off_and_escalated(org: Path) -> None:
    edit(
        org,
        "CaseHistory",
        Field=pd.read_csv(org / "CaseHistory.csv")["Field"].replace("ownerAssignment", "ownerEscalated"),
    )
    assert events(read(org), "assigned") == events(read(org), "escalated") == [(A, hour(2), hour(2))]


@pytest.mark.parametrize("flag", ["true", "false"])
def test_is_violated_counts_for_nothing(org: Path, flag: str) -> None:
    edit(org, "CaseMilestone", IsViolated=flag)
    assert events(read(org), "sla_breached") == [(A, hour(7), hour(7))]


@pytest.mark.parametrize(
    ("target", "completed", "missed"),
    [
        (hour(2), hour(1.5), False),
        (hour(2), hour(2.5), True),
        (hour(3.5), None, True),  # not completed before the case closed
        (hour(4.5), None, False),  # the case closed first
    ],
)
def test_a_milestone_is_judged_by_its_own_two_dates(
    org: Path, target: datetime, completed: datetime | None, missed: bool
) -> None:
    edit(org, "CaseMilestone", CaseId=B, TargetDate=target, CompletionDate=completed)
    assert events(read(org), "sla_breached") == ([(B, target, target)] if missed else [])


def test_a_milestone_whose_time_has_not_come_at_the_export_is_not_missed(org: Path) -> None:
    edit(org, "CaseMilestone", TargetDate=EXPORTED + timedelta(days=1), CompletionDate=None)
    assert events(read(org), "sla_breached") == []


def test_a_priority_raised_later_is_not_that_of_the_opening(org: Path) -> None:
    assert set(pd.read_csv(org / "Case.csv")["Priority"]) == {"Critical"}
    assert tickets(read(org))["severity"].tolist() == [3, 3]


def test_a_priority_whose_changes_are_not_recorded_is_not_read(org: Path) -> None:
    history = pd.read_csv(org / "CaseHistory.csv", dtype=str).query("Field != 'Priority'")
    history.to_csv(org / "CaseHistory.csv", index=False)
    imported = read(org)
    assert tickets(imported)["severity"].isna().all()


def test_deleted_history_moves_history_from_and_observation(org: Path) -> None:
    history = pd.read_csv(org / "CaseHistory.csv", dtype=str)
    kept = history[pd.to_datetime(history["CreatedDate"]).dt.tz_localize(None) >= hour(3)]
    kept.to_csv(org / "CaseHistory.csv", index=False)
    imported = read(org)
    assert imported.tables.frame("customers")["history_from"].tolist() == [hour(3)]
    assert imported.tables.frame("observation")["observed_from"].tolist() == [hour(3)]
    assert tickets(imported)["severity"].isna().all()
    assert any("Cases that are older: 2;" in note for note in imported.report.notes)


def test_a_case_merged_into_another_is_kept_once(org: Path) -> None:
    merged = {
        "Id": CASE.format(2),
        "ContactId": CONTACT.format(0),
        "CreatedDate": hour(1),
        "MasterRecordId": A,
    }
    append(org, "Case", **merged, Status="Closed", IsClosed="true")
    imported = read(org)
    assert sorted(tickets(imported).index) == [A, B]
    assert [(found.count, found.ids) for found in imported.report.left_out] == [(1, (CASE.format(2),))]


def test_a_case_in_the_recycle_bin_is_left_out_and_counted(org: Path) -> None:
    edit(org, "Case", IsDeleted=["false", "true"])
    imported = read(org)
    assert list(tickets(imported).index) == [A]
    assert (1, (B,)) in [(found.count, found.ids) for found in imported.report.left_out]


def test_ids_of_15_and_of_18_characters_are_the_same(org: Path) -> None:
    whole = read(org)
    for name, column in (
        ("CaseHistory", "CaseId"),
        ("EmailMessage", "ParentId"),
        ("CaseMilestone", "CaseId"),
    ):
        edit(org, name, **{column: pd.read_csv(org / f"{name}.csv")[column].str[:15]})
    edit(org, "Case", ContactId=CONTACT.format(0)[:15])
    short = read(org)
    for name in whole.tables.names:
        pd.testing.assert_frame_equal(short.tables.frame(name), whole.tables.frame(name))


def test_cases_alone_are_a_snapshot_and_their_end_is_known_from_the_export_on(org: Path) -> None:
    imported = read(org / "Case.csv")
    assert imported.report.level == "snapshot"
    assert events(imported, "solved") == [(B, hour(4), EXPORTED)]
    assert events(imported, "reopened") == []
    assert tickets(imported)["severity"].isna().all()
    assert tickets(imported)["parent_ticket_id"][B] == A


def test_a_closing_that_no_row_tells_is_known_from_the_export_on(org: Path) -> None:
    history = pd.read_csv(org / "CaseHistory.csv", dtype=str)
    history[(history["CaseId"] != B) | (history["Field"] != "Status")].to_csv(
        org / "CaseHistory.csv", index=False
    )
    imported = read(org)
    assert (B, hour(4), EXPORTED) in events(imported, "solved")
    assert (1, (B,)) in [(found.count, found.ids) for found in imported.report.changed]


def test_a_status_that_nobody_explained_is_refused_until_the_firm_says_what_it_is(
    org: Path, tmp_path: Path
) -> None:
    history = pd.read_csv(org / "CaseHistory.csv", dtype=str)
    history["NewValue"] = history["NewValue"].replace("Working", "Wartet")
    history.to_csv(org / "CaseHistory.csv", index=False)
    with pytest.raises(ContractError, match=r"^RR180 unknown status: .*'Wartet' \(1 rows\)"):
        read(org)
    (tmp_path / "ours.toml").write_text('[statuses]\nWartet = "open"\n')
    imported = read(org, Options(exported_at=EXPORTED, mapping=tmp_path / "ours.toml"))
    assert events(imported, "reopened") == [(A, hour(6), hour(6))]


def test_a_firm_may_name_its_statuses_in_the_org_alone(org: Path) -> None:
    for name, columns in (
        ("CaseHistory", ["OldValue", "NewValue"]),
        ("Case", ["Status"]),
        ("CaseStatus", ["MasterLabel", "ApiName"]),
    ):
        frame = pd.read_csv(org / f"{name}.csv", dtype=str)
        frame[columns] = frame[columns].replace({"Closed": "Erledigt", "Working": "In Arbeit"})
        frame.to_csv(org / f"{name}.csv", index=False)
    assert events(read(org), "solved") == [(A, hour(3), hour(3)), (B, hour(4), hour(4))]


def test_a_mail_that_made_its_case_counts_from_the_opening(org: Path) -> None:
    edit(org, "EmailMessage", MessageDate=hour(0.9), CreatedDate=hour(1))
    imported = read(org)
    assert events(imported, "message_in") == [(A, hour(1), hour(1))]
    assert any("dated before" in found.about for found in imported.report.changed)


def test_times_with_an_offset_become_utc(org: Path) -> None:
    edit(
        org,
        "Case",
        CreatedDate="2025-03-01T11:00:00.000+0200",
        ClosedDate=None,
        IsClosed="false",
        Status="Working",
    )
    assert tickets(read(org))["opened_at"].tolist() == [hour(1), hour(1)]


def test_the_first_contact_of_a_case_is_its_customer(org: Path) -> None:
    for old, new in (("Ana Lima", "Bo Chen"), (CONTACT.format(0), CONTACT.format(7))):
        append(org, "CaseHistory", CaseId=B, Field="Contact", OldValue=old, NewValue=new, CreatedDate=hour(3))
    cases = pd.read_csv(org / "Case.csv", dtype=str)
    cases.loc[cases["Id"] == B, "ContactId"] = CONTACT.format(7)
    cases.to_csv(org / "Case.csv", index=False)
    assert tickets(read(org))["customer_id"].tolist() == [CONTACT.format(0)] * 2


def test_a_case_without_a_contact_is_left_out_and_counted(org: Path) -> None:
    edit(org, "Case", ContactId=[CONTACT.format(0), None])
    imported = read(org)
    assert list(tickets(imported).index) == [A]
    assert [(found.count, found.ids) for found in imported.report.left_out] == [(1, (B,))]


def test_addresses_become_keys_with_a_secret_and_nothing_without(org: Path, tmp_path: Path) -> None:
    assert read(org).tables.frame("customers")["contact_key"].isna().all()
    options = Options(exported_at=EXPORTED, secret=b"a secret of the firm")
    import_tables("salesforce", org, tmp_path / "tables", options)
    key = read_parquet(tmp_path / "tables" / "customers.parquet")["contact_key"].item()
    assert len(key) == 64
    assert all(b"example.org" not in file.read_bytes() for file in (tmp_path / "tables").iterdir())


@pytest.mark.parametrize("form", ["singer", "airbyte"])
def test_messages_of_a_tap_or_a_connector_read_as_they_come(org: Path, tmp_path: Path, form: str) -> None:
    folder = tmp_path / form
    folder.mkdir()
    with (folder / f"{form}.jsonl").open("w") as out:
        for file in sorted(org.iterdir()):
            for row in pd.read_csv(file, dtype=str).to_dict("records"):
                data = {name: None if pd.isna(value) else value for name, value in row.items()}
                record = data if form == "singer" else {"stream": file.stem, "data": data, "emitted_at": 1}
                message = {"type": "RECORD", "record": record}
                out.write(json.dumps(message | ({"stream": file.stem} if form == "singer" else {})) + "\n")
    whole, again = read(org), read(folder)
    for name in whole.tables.names:
        pd.testing.assert_frame_equal(again.tables.frame(name), whole.tables.frame(name))


def test_a_bot_is_a_bot(org: Path) -> None:
    found = read(org).tables.frame("ticket_events").query(f"ticket_id == '{B}'")
    assert set(found["actor_type"]) == {"bot"}
    assert USERS["bot"][1] == "AutomatedProcess"


def test_times_that_cannot_be_read_are_named(org: Path) -> None:
    edit(org, "CaseHistory", CreatedDate="01.03.2025")
    with pytest.raises(
        ContractError, match=r"RR201 .*CaseHistory: \d+ rows have a CreatedDate .*'01\.03\.2025'"
    ):
        read(org)


def test_detect(org: Path, tmp_path: Path) -> None:
    assert salesforce.detect(org)
    assert salesforce.detect(org / "Case.csv")
    (tmp_path / "other.csv").write_text("Id,Status\n1,New\n")
    assert not salesforce.detect(tmp_path / "other.csv")


def test_a_folder_without_cases(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"RR104 .*has no Case"):
        read(tmp_path)

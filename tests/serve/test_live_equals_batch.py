"""What the service tells after events is, bit by bit, what a batch run on tables with the same rows tells."""

from itertools import count
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retaliation_risk.features import FEATURES
from retaliation_risk.histories import Definitions, build_histories
from retaliation_risk.histories.customer import customer_histories
from retaliation_risk.histories.logs import KNOWN_AT, LOGS
from retaliation_risk.run.readout import add_reasons
from retaliation_risk.serve import LiveEvent
from retaliation_risk.serve.checking import check_events
from retaliation_risk.serve.live import Live
from retaliation_risk.serve.log import Entry
from retaliation_risk.serve.row_store import RowStore
from retaliation_risk.tables import read_tables, tables_from_frames
from retaliation_risk.tables.contract import EVENT_TYPES
from tests.serve.conftest import SAMPLE

NUMBER = count()
DAYS = pd.Timestamp("2025-06-01")


@pytest.fixture(scope="module")
def sample():
    """The sample, its histories, and the rows of each customer."""
    tables = read_tables(SAMPLE)
    histories = build_histories(tables)
    return histories, RowStore.take(tables)


def test_one_customer_alone_is_what_the_customer_is_among_all(sample):
    histories, rows = sample
    moments = [histories.now, pd.Timestamp("2024-09-01"), pd.Timestamp("2025-03-01T12:34:56")]
    for code in range(0, len(histories.customer_ids), 61):
        alone = customer_histories(
            rows.of(code), Definitions(), FEATURES, present=rows.names, end=histories.spans.last
        )
        name = histories.customer_ids[code]
        for moment in moments:
            pd.testing.assert_frame_equal(
                alone.as_of([name], moment, FEATURES),
                histories.as_of([name], moment, FEATURES),
                check_exact=True,
            )
        ours = alone.follow_up([name] * 3, moments, horizon_days=90.0)
        theirs = histories.follow_up([name] * 3, moments, horizon_days=90.0)
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
        assert alone.spans.left_known_at[0] == histories.spans.left_known_at[code]
        for log in alone.logs:
            mine = histories.logs[log].part(code, code + 1)
            np.testing.assert_array_equal(alone.logs[log].values, mine.values)
            np.testing.assert_array_equal(alone.logs[log].flags, mine.flags)
            np.testing.assert_array_equal(alone.logs[log].known, mine.known)


def test_every_log_of_a_table_can_be_made_of_rows_in_hand():
    assert {spec.name for spec in LOGS.values() if spec.query} == set(KNOWN_AT)


def times():
    """Moments around those of the small world, on a grid so that some are equal, some with microseconds."""
    grid = st.integers(0, 60).map(lambda k: DAYS + pd.Timedelta(hours=36 * k))
    return st.one_of(grid, grid.map(lambda t: t + pd.Timedelta(microseconds=7)))


def iso(moment):
    return moment.isoformat() + "Z"


@st.composite
def streams(draw):
    """Rows of a few customers and tickets in any order, some of customers and tickets that come later than they."""
    names = ["C1", "C2", "NEW"]
    rows = [("customers", {"customer_id": "NEW", "first_seen_at": iso(draw(times()))})]
    tickets = []
    for number in range(draw(st.integers(1, 4))):
        ticket = {
            "ticket_id": f"L{draw(st.sampled_from('abcz'))}{number}",
            "customer_id": draw(st.sampled_from(names)),
            "opened_at": iso(DAYS + pd.Timedelta(hours=6 * draw(st.integers(0, 30)))),
            "channel": draw(st.sampled_from(["phone", "email", "Twitter", None])),
            "issue_key": draw(st.sampled_from(["billing", "delivery", None])),
            "parent_ticket_id": draw(st.sampled_from([None, "T1", "La0", "nowhere"])),
            "is_complaint": draw(st.sampled_from([None, True, False])),
            "severity": draw(st.sampled_from([None, 1, 5])),
        }
        tickets.append(ticket)
        rows.append(("tickets", ticket))
    for _ in range(draw(st.integers(0, 12))):
        opened = {**{t["ticket_id"]: t["opened_at"] for t in tickets}, "T1": "2025-03-01T10:00Z"}
        name = draw(st.sampled_from(sorted(opened)))
        occurred = pd.Timestamp(opened[name]).tz_localize(None) + pd.Timedelta(
            hours=9 * draw(st.integers(0, 40))
        )
        known = draw(st.sampled_from([None, 0, 5, 240]))
        kind = draw(st.sampled_from(EVENT_TYPES))
        value = {"csat_rated": st.sampled_from([0.0, 0.3, 1.0]), "compensation": st.sampled_from([None, 9.5])}
        event = {"ticket_id": name, "occurred_at": iso(occurred), "event_type": kind}
        event["known_at"] = None if known is None else iso(occurred + pd.Timedelta(hours=known))
        event["value"] = draw(value.get(kind, st.none()))
        rows.append(("ticket_events", event))
    for _ in range(draw(st.integers(0, 4))):
        when, name = iso(draw(times())), draw(st.sampled_from(names))
        amount = draw(st.sampled_from([None, 1.5, -3.0]))
        rows.append(("orders", {"customer_id": name, "ordered_at": when, "amount": amount}))
        rows.append(
            ("loyalty", {"customer_id": name, "valid_from": when, "tier": draw(st.sampled_from([None, 2]))})
        )
        kind = draw(st.sampled_from(["review", "legal", "switching"]))
        rows.append(
            ("outcomes", {"customer_id": name, "occurred_at": when, "outcome_type": kind, "reach": None})
        )
    return draw(st.permutations(rows))


def batch(small_frames, rows):
    """Histories of tables to which the rows were added."""
    frames = {name: frame.astype(object) for name, frame in small_frames.items()}
    for name in {table for table, _ in rows}:
        added = pd.DataFrame([row for table, row in rows if table == name]).astype(object)
        frames[name] = pd.concat([frames.get(name, added.head(0)), added], ignore_index=True)
    return build_histories(tables_from_frames(frames))


@pytest.fixture
def world(small_frames):
    """Make live states of the small world, with an empty log and all features asked that it has."""

    tables = tables_from_frames(small_frames)
    histories = build_histories(tables)
    codes = {str(name): code for code, name in enumerate(histories.customer_ids)}
    off = histories.switched_off(FEATURES)
    base = SimpleNamespace(
        histories=histories,
        definitions=Definitions(),
        features=tuple(feature for feature in FEATURES if feature.name not in off),
        present=tables.names,
        end=histories.spans.last,
        rows=RowStore.take(tables),
        code=codes.get,
    )
    return lambda: Live(base, lambda kind, name: ())


def sent(live, rows):
    """Let the rows come to a live state as entries of a log, each with an id of its own."""
    far = 4_000_000_000_000_000
    for seq, (table, row) in enumerate(rows, start=1):
        (entry,) = check_events(live, [LiveEvent(f"e{next(NUMBER)}", table, row)], far, far)
        assert isinstance(entry, Entry), entry
        live.take([Entry(**{**vars(entry), "seq": seq})])


SAME_FRAMES = [HealthCheck.function_scoped_fixture]


@settings(max_examples=12, derandomize=True, suppress_health_check=SAME_FRAMES)
@given(stream=streams(), when=times())
def test_events_in_any_order_are_what_a_batch_of_the_same_rows_is(small_frames, world, stream, when):
    live = world()
    sent(live, stream)
    assert not any(live.waiting.values())
    whole = batch(small_frames, stream)
    features = live.base.features
    for name in ("C1", "C2", "NEW"):
        known = live.of(name)
        ours, theirs = (each.as_of([name], when, features) for each in (known.histories, whole))
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
        for feature in features[::5]:
            evidence = known.histories.tickets_of(
                known.code, int(pd.Timestamp(when).value // 1000), feature, features
            )
            assert evidence == whole.tickets_behind(name, when, feature, features)


def test_risks_and_reasons_of_the_service_are_those_of_a_batch(service, settings):
    base = service._following._live.base
    name = str(base.histories.customer_ids[3])
    rows = [
        (
            "tickets",
            {"ticket_id": "L1", "customer_id": name, "opened_at": "2025-12-20T10:00:00Z", "severity": 4},
        ),
        ("ticket_events", {"ticket_id": "L1", "occurred_at": "2025-12-21T10:00:00Z", "event_type": "solved"}),
        (
            "ticket_events",
            {"ticket_id": "L1", "occurred_at": "2025-12-22T10:00:00Z", "event_type": "reopened"},
        ),
        ("orders", {"customer_id": name, "ordered_at": "2025-12-23T10:00:00Z", "amount": 20.5}),
    ]
    before = service.readout(name)
    done = service.append([LiveEvent(f"e{n}", *row) for n, row in reversed(list(enumerate(rows)))])
    assert done.count("stored") == 4
    after = service.readout(name)
    tables = read_tables(settings.tables)
    frames = {each: tables.frame(each).astype(object) for each in tables.names}
    whole = batch(frames, rows)
    model, columns = base.artefact.model, list(base.artefact.manifest.columns)
    asked = whole.as_of(whole.customer_ids, pd.Timestamp(after.moment).tz_localize(None), base.features)
    scored = asked.assign(risk=model.predict_risk(asked[columns], base.horizon_days))
    row = add_reasons(scored, model, columns, base.features).set_index("customer_id").loc[name]
    assert after.risk == row["risk"] != before.risk
    assert [said.sentence for said in after.reasons] == [reason.sentence for reason in row["reasons"]]
    assert after.low < after.risk < after.high
    assert after.history.failed_recoveries == before.history.failed_recoveries + 1

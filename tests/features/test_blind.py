"""Every declared feature is blind from the moment on, to row order, and to other customers."""

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retaliation_risk.features import FEATURES
from retaliation_risk.histories import build_histories
from retaliation_risk.tables import tables_from_frames
from tests.features.worlds import START, cut, hours, time, worlds

careful = settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def everything(frames, ids, moments):
    """All features; the frames always hold the same tables, if only with no rows, so none is switched off."""
    histories = build_histories(tables_from_frames(frames))
    assert histories.switched_off(FEATURES) == {}
    return histories.as_of(ids, moments, FEATURES)


@careful
@given(worlds(), hours)
def test_cutting_the_future_away_changes_no_feature(frames, hour):
    moment = time(hour)
    kept = cut(frames, moment)
    if kept["tickets"].empty:
        return  # a tickets table without rows is refused at the door
    ids = frames["customers"]["customer_id"]
    pd.testing.assert_frame_equal(everything(frames, ids, moment), everything(kept, ids, moment))


@careful
@given(worlds(), hours, st.randoms(use_true_random=False))
def test_row_order_changes_no_feature(frames, hour, random):
    shuffled = {
        name: table.sample(frac=1, random_state=random.randrange(1 << 30)) for name, table in frames.items()
    }
    ids = frames["customers"]["customer_id"]
    pd.testing.assert_frame_equal(everything(frames, ids, time(hour)), everything(shuffled, ids, time(hour)))


@careful
@given(worlds(), hours)
def test_a_customer_alone_gets_what_it_gets_among_all(frames, hour):
    ids = frames["customers"]["customer_id"]
    among_all = everything(frames, ids, time(hour))
    for position, customer in enumerate(ids):
        own = {
            name: table[table["customer_id"] == customer] if "customer_id" in table else table
            for name, table in frames.items()
        }
        if own["tickets"].empty:
            continue
        own["ticket_events"] = own["ticket_events"][
            own["ticket_events"]["ticket_id"].isin(own["tickets"]["ticket_id"])
        ]
        alone = everything(own, [customer], time(hour))
        pd.testing.assert_frame_equal(among_all.iloc[[position]].reset_index(drop=True), alone)


@careful
@given(worlds(), st.lists(hours, min_size=2, max_size=6))
def test_moments_asked_together_give_what_each_gives_alone(frames, asked):
    histories = build_histories(tables_from_frames(frames))
    customer = frames["customers"]["customer_id"].iloc[0]
    together = histories.as_of([customer] * len(asked), [time(hour) for hour in asked], FEATURES)
    for position, hour in enumerate(asked):
        alone = histories.as_of([customer], time(hour), FEATURES)
        pd.testing.assert_frame_equal(together.iloc[[position]].reset_index(drop=True), alone)


def test_before_everything_there_is_nothing():
    frames = {
        "customers": pd.DataFrame({"customer_id": ["a"], "first_seen_at": [START]}),
        "tickets": pd.DataFrame({"ticket_id": ["t"], "customer_id": ["a"], "opened_at": [START]}),
    }
    histories = build_histories(tables_from_frames(frames))
    on = [feature for feature in FEATURES if feature.name not in histories.switched_off(FEATURES)]
    row = histories.as_of(["a"], START, on).iloc[0]
    assert (row["tickets_ever"], row["failed_recoveries_ever"]) == (0, 0)
    assert pd.isna(row["tenure_days"])

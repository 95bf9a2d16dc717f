"""The door of scoring: what is missing stops, what is odd is counted, what is from the future is refused."""

from __future__ import annotations

import datetime
import decimal
import json

import numpy as np
import pandas as pd
import pytest

from retaliation_risk.artefacts import Coercion, build_reference, check_scoring
from retaliation_risk.artefacts.scoring import as_floats
from retaliation_risk.errors import DataError

TRAINED = pd.DataFrame({"tier": [0.0, 1.0, 3.0, 1.0], "days": [0.5, 10.25, 40.0, np.nan], "none": np.nan})
REFERENCE = build_reference(TRAINED, [0.1, 0.2, 0.3, 0.4], list("aabc"))


def table(**columns):
    return pd.DataFrame(
        {"customer_id": ["x", "y"], "tier": [1.0, 3.0], "days": [1.0, 2.0], "none": np.nan} | columns
    )


def test_a_table_like_training_passes_as_it_is():
    frame = table()[["days", "none", "customer_id", "tier"]]
    X, report = check_scoring(REFERENCE, frame)
    pd.testing.assert_frame_equal(X, frame[["tier", "days", "none"]])
    assert (report.n_rows, report.extra, report.coercions) == (2, (), ())
    assert {(o.below, o.above, o.unseen) for o in report.oddities} == {(0, 0, 0)}


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match=r"RR101 .*reads \['tier', 'none'\]"):
        check_scoring(REFERENCE, table().drop(columns=["tier", "none"]))


def test_a_column_twice_is_named():
    with pytest.raises(DataError, match=r"RR112 .*\['days'\] more than once"):
        check_scoring(REFERENCE, pd.concat([table(), table()[["days"]]], axis=1))


def test_extra_columns_are_counted_and_keys_are_not():
    frame = table(mood="bad", moment=pd.Timestamp("2026-01-01"), tier_known_at=pd.Timestamp("2025-01-01"))
    report = check_scoring(REFERENCE, frame)[1]
    assert report.extra == ("mood",)
    assert report.as_dict()["n_extra"] == 1


def test_oddities_by_hand():
    frame = pd.DataFrame(
        {
            "tier": [2.0, 3.0, -1.0, 9.0, np.nan],
            "days": [0.4, 0.5, 40.0, 41.0, 41.0],
            "none": [1.0, *[np.nan] * 4],
        }
    )
    tier, days, none = check_scoring(REFERENCE, frame)[1].oddities
    assert (tier.missing, tier.below, tier.above, tier.unseen) == (1, 1, 1, 3)
    # Days are not whole, so a new one is no news.
    assert (days.missing, days.below, days.above, days.unseen) == (0, 1, 2, 0)
    # Training never had any value of this column.
    assert (none.missing, none.below, none.above, none.unseen) == (4, 0, 0, 1)


@pytest.mark.parametrize(
    ("cells", "values", "changed", "failed"),
    [
        (["1.5", " 2 ", "1e3", "", None], [1.5, 2.0, 1000.0, np.nan, np.nan], 3, 0),
        (["many", "1,5", "inf", "0x10"], [np.nan] * 4, 0, 4),
        ([True, False, None], [1.0, 0.0, np.nan], 2, 0),
        ([1, 2.5, decimal.Decimal("0.5")], [1.0, 2.5, 0.5], 0, 0),
        ([datetime.date(2026, 1, 1), 3, [1]], [np.nan, 3.0, np.nan], 0, 2),
        (pd.Series([1, 2**53 + 1], dtype="int64"), [1.0, 2.0**53], 1, 0),
        (pd.Series([1, None], dtype="Int64"), [1.0, np.nan], 0, 0),
        (pd.Series([True, None], dtype="boolean"), [1.0, np.nan], 1, 0),
        (pd.Series([0.5, np.nan], dtype="float32"), [0.5, np.nan], 0, 0),
        (pd.Series([1 + 2j, 1]), [np.nan] * 2, 0, 2),
        (pd.Series(pd.to_datetime(["2026-01-01", None])), [np.nan] * 2, 0, 1),
        (pd.Series(["7", "x"], dtype="category"), [7.0, np.nan], 1, 1),
        (pd.Series(["7", "x", None], dtype="string"), [7.0, np.nan, np.nan], 1, 1),
        (pd.Series([np.inf, 1.0]), [np.nan, 1.0], 0, 1),
    ],
)
def test_coercions_are_counted(cells, values, changed, failed):
    column = pd.Series(cells, dtype=None if isinstance(cells, pd.Series) else object, name="days")
    found, coercion = as_floats(column)
    np.testing.assert_array_equal(found, values)
    assert coercion == Coercion("days", str(column.dtype), "float64", changed, failed)


def test_floats_are_not_coerced_and_what_comes_out_is_not_what_came_in():
    frame = table(days=[1.0, np.inf])
    X, report = check_scoring(REFERENCE, frame)
    assert [each.column for each in report.coercions] == ["days"]
    X.loc[:, :] = 9.0
    pd.testing.assert_frame_equal(frame, table(days=[1.0, np.inf]))


def test_the_report_is_json():
    told = check_scoring(REFERENCE, table(days=["1", "x"]))[1].as_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["coercions"] == [
        {"column": "days", "found": "object", "to": "float64", "rows_changed": 1, "rows_failed": 1}
    ]


MOMENT = pd.Timestamp("2026-01-10")


@pytest.mark.parametrize("name", ["known_at", "tier_known_at"])
def test_what_was_known_at_the_moment_or_later_is_refused(name):
    before = MOMENT - pd.Timedelta(1, unit="us")
    check_scoring(REFERENCE, table(moment=MOMENT, **{name: [before, pd.NaT]}))
    with pytest.raises(DataError, match=f"RR521 .*moment: {name} in 1 rows .first at 1."):
        check_scoring(REFERENCE, table(moment=MOMENT, **{name: [before, MOMENT]}))


def test_features_as_of_a_later_moment_are_refused():
    check_scoring(REFERENCE, table(moment=MOMENT, as_of=MOMENT))
    with pytest.raises(DataError, match="RR521 .*as_of in 2 rows"):
        check_scoring(REFERENCE, table(moment=MOMENT, as_of="2026-01-10T00:00:01Z"))


def test_time_zones_are_read():
    with pytest.raises(DataError, match="RR521"):
        check_scoring(REFERENCE, table(moment="2026-01-10T00:00:00", known_at="2026-01-10T00:30:00-01:00"))
    check_scoring(REFERENCE, table(moment="2026-01-10T00:00:00", known_at="2026-01-10T00:30:00+01:00"))


def test_times_that_cannot_be_judged_are_refused():
    with pytest.raises(DataError, match="RR101 .*no moment to compare with"):
        check_scoring(REFERENCE, table(known_at=MOMENT))
    with pytest.raises(DataError, match="RR201 .*known_at cannot be read"):
        check_scoring(REFERENCE, table(moment=MOMENT, known_at="soon"))
    with pytest.raises(DataError, match="RR202 .*moment is empty in 1 rows"):
        check_scoring(REFERENCE, table(moment=[MOMENT, None], known_at=MOMENT - pd.Timedelta(1, unit="D")))


def test_no_rows_are_no_problem():
    X, report = check_scoring(REFERENCE, table().iloc[:0])
    assert X.shape == (0, 3)
    assert report.n_rows == 0

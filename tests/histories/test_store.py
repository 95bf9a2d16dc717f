"""The feature store: what is written, and that bringing it up to date equals computing it anew."""

import json
import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError, ArtefactError
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import (
    Count,
    Decayed,
    Definitions,
    Expression,
    Feature,
    compute_features,
    read_features,
    update_features,
)
from retaliation_risk.histories.manifest import feature_as_dict, feature_from_dict, read_manifest
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import tables_from_frames
from tests.features.worlds import START, time, worlds

MOMENTS = [START + pd.Timedelta(days=day) for day in (5, 30, 75)]


@pytest.fixture
def small_frames(small_frames):
    """The small world with every table that a feature reads."""
    loyalty = pd.DataFrame({"customer_id": ["C1"], "valid_from": ["2024-05-01"], "tier": [2]})
    return {**small_frames, "loyalty": loyalty}


def files(store):
    return {
        path.relative_to(store).as_posix(): path.read_bytes() for path in store.rglob("*") if path.is_file()
    }


def computed(frames, out, shards=1, moments=MOMENTS, **options):
    """A store of so many shards: as many as there are jobs when nothing limits memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("retaliation_risk.histories.staging.plan", fixed_plan(shards))
        return compute_features(
            tables_from_frames(frames), moments, FEATURES, out, memory=None, jobs=1, **options
        )


def fixed_plan(shards):
    from retaliation_risk.histories.budget import Plan

    return lambda *_: Plan(1, shards, None)


def test_a_store_by_hand(small_frames, tmp_path):
    summary = computed(small_frames, tmp_path / "store", moments=["2025-03-12", "2024-06-01"])
    # C2 was first seen in 2025: asked about in June 2024 it is not known.
    got = read_features(tmp_path / "store")
    assert got[["customer_id", "moment"]].to_numpy().tolist() == [
        ["C1", pd.Timestamp("2024-06-01")],
        ["C1", pd.Timestamp("2025-03-12")],
        ["C2", pd.Timestamp("2025-03-12")],
    ]
    assert got["tickets_ever"].tolist() == [0, 2, 1]
    assert got["moment"].dtype == "datetime64[us]"
    assert (got.dtypes.iloc[2:] == "float64").all()
    assert (summary.n_rows, summary.touched, summary.computed_rows, summary.copied_rows) == (3, 2, 3, 0)
    assert set(files(tmp_path / "store")) == {
        "manifest.json", "customers.parquet", "features/shard-00000.parquet"
    }  # fmt: skip
    assert os.listdir(tmp_path) == ["store"]


def test_the_manifest_says_what_was_asked(small_frames, tmp_path):
    definitions = Definitions(evidence=("reopened",), repeat_days=5.5)
    computed(small_frames, tmp_path / "store", 2, definitions=definitions)
    manifest = read_manifest(tmp_path / "store")
    assert manifest.question.features == FEATURES
    assert manifest.question.definitions == definitions
    assert [pd.Timestamp(moment, unit="us") for moment in manifest.question.moments] == MOMENTS
    found = json.loads((tmp_path / "store" / "manifest.json").read_text(encoding="utf-8"))
    assert found["moments"] == [
        "2025-01-06T00:00:00.000000Z",
        "2025-01-31T00:00:00.000000Z",
        "2025-03-17T00:00:00.000000Z",
    ]
    assert found["tables"]["ticket_events"] == 8
    assert [shard["rows"] for shard in found["shards"]] in ([3, 3], [6, 0], [0, 6])


def test_columns_can_be_chosen(small_frames, tmp_path):
    computed(small_frames, tmp_path / "store")
    assert list(read_features(tmp_path / "store", ["tickets_ever"])) == [
        "customer_id",
        "moment",
        "tickets_ever",
    ]


@pytest.mark.parametrize(
    "value",
    [
        Count("tickets", where="complaint", days=2.5),
        Decayed("orders", "amount", half_life_days=7),
        Expression("log1p(a) ** 2 * (b >= 2)"),
    ],
)
def test_a_feature_survives_its_json(value):
    feature = Feature("own", "unit", "About.", "own", value, "{value} told", "somebody")
    assert feature_from_dict(json.loads(json.dumps(feature_as_dict(feature)))) == feature


@pytest.mark.parametrize("place", ["value", "when"])
@pytest.mark.parametrize(
    "formula",
    [
        "a.__class__",
        "(lambda: 1)()",
        "a[0]",
        "[x for x in a]",
        "a.real()",
        "__import__",
        "a + 9 ** 9 ** 9",
        "a ** (1 << 10 ** 9)",
        "'a' * 9",
        "a +",
        "+".join(["a"] * 600),
    ],
)
def test_a_formula_in_a_manifest_runs_no_code_and_ends(formula, place):
    found = feature_as_dict(Feature("own", "", "", "", Count("tickets")))
    found |= {"when": formula} if place == "when" else {"value": {"formula": formula}}
    with pytest.raises(ArtefactError, match="RR502 .* is more than short arithmetic"):
        feature_from_dict(found)


def test_what_is_no_store_is_refused(small_frames, tmp_path):
    with pytest.raises(ArtefactError, match=r"RR502 foreign feature store: .*manifest.json' cannot be read"):
        read_features(tmp_path)
    computed(small_frames, tmp_path / "store")
    (tmp_path / "store" / "manifest.json").write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(ArtefactError, match="has format 99; this version reads 1"):
        update_features(tmp_path / "store", tables_from_frames(small_frames))


def test_a_file_that_was_changed_is_refused_and_the_store_stays(small_frames, tmp_path):
    computed(small_frames, tmp_path / "store")
    shard = tmp_path / "store" / "features" / "shard-00000.parquet"
    shard.write_bytes(shard.read_bytes() + b" ")
    before = files(tmp_path / "store")
    with pytest.raises(ArtefactError, match="RR502 .*shard-00000.parquet' is not the file of its manifest"):
        update_features(tmp_path / "store", tables_from_frames(small_frames), jobs=1)
    assert files(tmp_path / "store") == before
    assert os.listdir(tmp_path) == ["store"]


def test_an_existing_folder_is_refused_and_a_failure_leaves_nothing(small_frames, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(ArgumentError, match="RR108 output exists: .*there' exists already"):
        computed(small_frames, tmp_path / "there")
    del small_frames["orders"]
    with pytest.raises(
        ArgumentError, match="RR403 .*'orders_365d' cannot be computed: it needs the table orders"
    ):
        computed(small_frames, tmp_path / "store")
    lonely = [Feature("x", "", "", "", Expression("2 * y"))]
    with pytest.raises(ArgumentError, match=r"RR403 .*'x' uses \['y'\], which are not among"):
        compute_features(tables_from_frames(small_frames), MOMENTS, lonely, tmp_path / "store")
    assert os.listdir(tmp_path) == ["there"]


def add(frames, table, *row):
    frame = frames[table]
    return {
        **frames,
        table: pd.DataFrame([*frame.itertuples(index=False, name=None), row], columns=frame.columns),
    }


def test_one_more_event_touches_one_customer(small_frames, tmp_path):
    computed(small_frames, tmp_path / "store", 2)
    before = files(tmp_path / "store")
    # Happened on the 6th, known on the 10th: both moments after it are told apart from those before.
    more = add(small_frames, "ticket_events", "T3", "2025-03-06T12:00", "reopened", "2025-03-10", None)
    summary = update_features(tmp_path / "store", tables_from_frames(more), memory=None, jobs=1)
    assert (summary.touched, summary.removed) == (1, 0)
    assert (summary.computed_rows, summary.copied_rows) == (3, 3)
    computed(more, tmp_path / "anew", 2)
    assert files(tmp_path / "store") == files(tmp_path / "anew") != before


@pytest.mark.parametrize("work", [2, 5])
def test_many_touched_customers_are_computed_in_parts(work, tmp_path, monkeypatch):
    # More work than one part: as many parts as make whole multiples of the store's three shards.
    frames = simulate(60, seed=4).frames
    computed(frames, tmp_path / "store", 3)
    computed({**frames, "orders": frames["orders"].iloc[::3]}, tmp_path / "anew", 3)
    monkeypatch.setattr("retaliation_risk.histories.staging.plan", fixed_plan(work))
    less = tables_from_frames({**frames, "orders": frames["orders"].iloc[::3]})
    summary = update_features(tmp_path / "store", less, memory="1GB")
    assert 30 < summary.touched < 60
    assert files(tmp_path / "store") == files(tmp_path / "anew")


def test_nothing_new_touches_nobody(small_frames, tmp_path):
    computed(small_frames, tmp_path / "store", 3)
    backwards = {name: frame.iloc[::-1] for name, frame in small_frames.items()}
    summary = update_features(
        tmp_path / "store", tables_from_frames(backwards), out=tmp_path / "new", memory=None, jobs=1
    )
    assert (summary.touched, summary.removed, summary.computed_rows, summary.copied_rows) == (0, 0, 0, 6)
    assert files(tmp_path / "store") == files(tmp_path / "new")


def test_a_sign_that_only_bits_show_is_a_change(small_frames, tmp_path):
    small_frames["ticket_events"].loc[5, "value"] = 0.0
    computed(small_frames, tmp_path / "store")
    small_frames["ticket_events"].loc[5, "value"] = -0.0
    summary = update_features(tmp_path / "store", tables_from_frames(small_frames), memory=None, jobs=1)
    assert summary.touched == 1


def test_another_version_touches_everybody(small_frames, tmp_path, monkeypatch):
    computed(small_frames, tmp_path / "store", 2)
    path = tmp_path / "store" / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"probe": "', '"probe": "1'), encoding="utf-8")
    summary = update_features(tmp_path / "store", tables_from_frames(small_frames), memory=None, jobs=1)
    assert (summary.touched, summary.copied_rows) == (2, 0)
    computed(small_frames, tmp_path / "anew", 2)
    assert files(tmp_path / "store") == files(tmp_path / "anew")


def test_pairs_are_kept(small_frames, tmp_path):
    pairs = pd.DataFrame(
        {
            "customer_id": ["C2", "C1", "C1", "C2"],
            "moment": ["2025-03-10", "2025-03-12", "2025-03-12", "2023-01-01"],
        }
    )
    computed(small_frames, tmp_path / "store", 2, moments=pairs)
    assert read_features(tmp_path / "store")["customer_id"].tolist() == ["C1", "C2", "C2"]
    more = add(small_frames, "ticket_events", "T3", "2025-03-06T12:00", "reopened", None, None)
    summary = update_features(tmp_path / "store", tables_from_frames(more), memory=None, jobs=1)
    assert (summary.computed_rows, summary.copied_rows) == (2, 1)
    computed(more, tmp_path / "anew", 2, moments=pairs)
    assert files(tmp_path / "store") == files(tmp_path / "anew")
    with pytest.raises(ArgumentError, match=r"RR402 unknown customer: 'C9' \(1 unknown among 1 asked\)"):
        computed(
            small_frames,
            tmp_path / "x",
            moments=pd.DataFrame({"customer_id": ["C9"], "moment": ["2025-01-01"]}),
        )
    with pytest.raises(ArgumentError, match=r"moments has no column \['moment'\]"):
        computed(small_frames, tmp_path / "x", moments=pd.DataFrame({"customer_id": ["C1"]}))


@st.composite
def changes(draw, frames):
    """Other frames: rows taken away, rows changed, late-known events and new customers added."""
    frames = {name: frame.copy() for name, frame in frames.items()}
    for name in ("orders", "loyalty", "ticket_events"):
        keep = draw(st.lists(st.booleans(), min_size=len(frames[name]), max_size=len(frames[name])))
        if draw(st.booleans()):
            frames[name] = frames[name][np.array(keep, dtype=bool)]
    if draw(st.booleans()):
        frames["tickets"].loc[frames["tickets"].index[0], "severity"] = draw(st.integers(1, 5))
    if draw(st.booleans()):
        frames = add(frames, "customers", "new", START)
        frames = add(frames, "tickets", "t-new", "new", time(3), "a", None, True, 2)
    for number, after, late in draw(
        st.lists(st.tuples(st.integers(0, 7), st.integers(0, 300), st.integers(0, 900)), max_size=3)
    ):
        ticket = frames["tickets"].iloc[number % len(frames["tickets"])]
        at = ticket["opened_at"] + pd.Timedelta(hours=after)
        known = at + pd.Timedelta(hours=late)
        frames = add(frames, "ticket_events", ticket["ticket_id"], at, "reopened", known, None)
    if draw(st.booleans()):
        gone = frames["customers"]["customer_id"].iloc[0]
        left = frames["customers"].iloc[1:]
        if len(left) and (frames["tickets"]["customer_id"] != gone).any():
            frames = without(frames, gone)
    return frames


def without(frames, customer):
    kept = {name: f[f["customer_id"] != customer] if "customer_id" in f else f for name, f in frames.items()}
    kept["ticket_events"] = kept["ticket_events"][
        kept["ticket_events"]["ticket_id"].isin(kept["tickets"]["ticket_id"])
    ]
    parents = kept["tickets"]["parent_ticket_id"].where(
        kept["tickets"]["parent_ticket_id"].isin(kept["tickets"]["ticket_id"]), None
    )
    return {**kept, "tickets": kept["tickets"].assign(parent_ticket_id=parents)}


def rows_of(frames):
    """Every row of every customer, as text, by customer."""
    owner = frames["tickets"].set_index("ticket_id")["customer_id"]
    found = {customer: [] for customer in frames["customers"]["customer_id"]}
    for name in sorted(frames):
        for row in frames[name].astype(object).where(frames[name].notna(), None).to_dict("records"):
            found[row["customer_id"] if "customer_id" in row else owner[row["ticket_id"]]].append(
                f"{name} {row}"
            )
    return {customer: sorted(rows) for customer, rows in found.items()}


@given(data=st.data(), shards=st.sampled_from([1, 3]))
@settings(
    max_examples=12,
    phases=[Phase.reuse, Phase.generate],  # an example takes half a second: shrinking would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_bringing_up_to_date_equals_computing_anew(data, shards):
    first = data.draw(worlds())
    then = data.draw(changes(first))
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        computed(first, place / "store", shards)
        summary = update_features(place / "store", tables_from_frames(then), memory=None, jobs=1)
        computed(then, place / "anew", shards)
        assert files(place / "store") == files(place / "anew")
    before, after = rows_of(first), rows_of(then)
    same = {customer for customer in before if before[customer] == after.get(customer)}
    assert summary.touched == len(after) - len(same)
    assert summary.removed == len(before.keys() - after.keys())
    assert summary.copied_rows == len(MOMENTS) * len(same)

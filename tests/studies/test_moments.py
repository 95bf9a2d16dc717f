"""Moments: read from files and data, refused where no data can have them, with the pair to blame."""

from __future__ import annotations

import json
import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from retaliation_risk.errors import ArgumentError, DataError
from retaliation_risk.studies._correlations import most_to_blame, possible_range
from retaliation_risk.studies.moments import Moments, moments_from_frame, moments_of, read_moments
from retaliation_risk.studies.published import BETRAYAL_REPLICATION, LI_ZHAO_2025

PAIRS = {
    "source": "a table",
    "k": 3,
    "N": 120,
    "mean": {"rq-trust": 4, "betrayal": 3, "revenge": 2},
    "sd": {"rq-trust": 1.5, "betrayal": 1.2, "revenge": 2},
    "r": {"betrayal-rq-trust": -0.3, "rq-trust-revenge": -0.1, "betrayal-revenge": 0.5},
}
TRIANGLE = """
n = 120
r = [[-0.3], [-0.1, 0.5]]
source = "a table"

[sd]
rq-trust = 1.5
betrayal = 1.2
revenge = 2

[mean]
betrayal = 3
revenge = 2
rq-trust = 4
"""


def correlations(seed, p):
    """Correlations that some data have."""
    loose = np.random.default_rng(seed).normal(size=(p, p + 2))
    return np.corrcoef(loose)


def test_pairs_in_json_and_a_triangle_in_toml_are_the_same(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(PAIRS))
    (tmp_path / "a.toml").write_text(TRIANGLE)
    one, other = read_moments(tmp_path / "a.json"), read_moments(tmp_path / "a.toml")
    assert one.names == other.names == ("rq-trust", "betrayal", "revenge")
    assert one.n == other.n == 120
    assert one.source == other.source == "a table"
    np.testing.assert_array_equal(one.means, other.means)
    np.testing.assert_array_equal(one.covariance, other.covariance)
    assert one.covariance[0, 1] == pytest.approx(-0.3 * 1.5 * 1.2)
    part = one.select(["revenge", "rq-trust"])
    assert part.correlations[0, 1] == -0.1
    np.testing.assert_array_equal(part.means, [2, 4])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sds": {"a": 1}}, "the key 'sds'"),
        ({"sd": {}}, "no table 'sd'"),
        ({"sd": {"a": "one"}}, "sd of 'a' is 'one'"),
        ({"mean": {"betrayal": 3}}, r"mean is of \['betrayal'\]"),
        ({"r": {"betrayal-anger": 0.1}}, "'betrayal-anger', which is no pair of rq-trust"),
        ({"r": {"betrayal-revenge": 0.1}}, "lacks the pair rq-trust-betrayal"),
        ({"r": {"betrayal-revenge": 0.1, "revenge-betrayal": 0.1}}, "'revenge-betrayal' twice"),
        ({"r": [[0.1], [0.2]]}, r"rows of r have \[1, 1\] numbers"),
        ({"r": 0.4}, "no correlations r"),
    ],
)
def test_files_that_are_no_moments(tmp_path, change, said):
    (tmp_path / "a.json").write_text(json.dumps({**PAIRS, **change}))
    with pytest.raises(DataError, match=f"RR621 .*{said}"):
        read_moments(tmp_path / "a.json")


def test_files_that_cannot_be_parsed_or_are_not_there(tmp_path):
    (tmp_path / "a.toml").write_text("n = ")
    (tmp_path / "a.json").write_text("[1]")
    with pytest.raises(DataError, match=r"RR621 .*a\.toml cannot be parsed"):
        read_moments(tmp_path / "a.toml")
    with pytest.raises(DataError, match=r"RR621 .*a\.json holds a list"):
        read_moments(tmp_path / "a.json")
    with pytest.raises(DataError, match="RR107"):
        read_moments(tmp_path / "b.json")


def matrix(entries, p=3):
    found = np.eye(p)
    for (i, j), value in entries.items():
        found[i, j] = value
    return found


@pytest.mark.parametrize(
    ("n", "sds", "r", "said"),
    [
        (100, [1, 0, 1], np.eye(3), "standard deviation of 'b' is 0"),
        (100, [1, 1, np.nan], np.eye(3), "standard deviation of 'c' is nan"),
        (3, [1, 1, 1], np.eye(3), "n is 3; it must be a whole number above the 3 variables"),
        (99.5, [1, 1, 1], np.eye(3), "n is 99.5"),
        (100, [1, 1], np.eye(3), r"sds has shape \(2,\); for 3 variables it is \(3,\)"),
        (100, [1, 1, 1], np.diag([1, 0.9, 1]), "correlation of 'b' with itself is 0.9"),
        (100, [1, 1, 1], matrix({(0, 2): 0.3}), "'a' and 'c' is 0.3 above the diagonal and 0 below"),
        (100, [1, 1, 1], matrix({(0, 1): 1.2, (1, 0): 1.2}), r"'a' and 'b' is 1.2; it must be in \[-1, 1\]"),
        (100, [1, 1, 1], matrix({(0, 1): np.nan, (1, 0): np.nan}), "'a' and 'b' is nan"),
    ],
)
def test_what_no_data_have_is_named(n, sds, r, said):
    with pytest.raises(DataError, match=f"RR620 .*{said}"):
        Moments(("a", "b", "c"), n, np.array(sds, dtype=float), r)


def test_three_correlations_by_hand():
    # With .8 and .8 the first must lie within .64 -+ .36, from .28: .18 more than it is. With .1 and .8 each of the others
    # must lie within .08 -+ .6 sqrt(.99), up to .677: .123 less. The least change is blamed, the first of equals.
    r = np.array([[1, 0.1, 0.8], [0.1, 1, 0.8], [0.8, 0.8, 1]])
    assert possible_range(r, (0, 1)) == pytest.approx((0.28, 1))
    with pytest.raises(
        DataError, match=r"'a' and 'c' is 0.8; with the others .* must be in \[-0.517, 0.677\]"
    ):
        Moments(("a", "b", "c"), 100, np.ones(3), r)


def test_a_sign_lost_in_the_replication_is_found():
    # Exit and Neglect go together; each of the others says so too.
    sd = dict(zip("ABCD", np.ones(4), strict=True))
    loads = np.array([0.9, 0.8, 0.85, 0.7])
    r = np.outer(loads, loads)
    for i, j in combinations(range(4), 2):
        keyed = {f"{a}-{b}": float(r[x, y]) for (x, a), (y, b) in combinations(enumerate("ABCD"), 2)}
        pair = f"{'ABCD'[i]}-{'ABCD'[j]}"
        keyed[pair] *= -1
        with pytest.raises(
            DataError, match=re.escape(f"correlation of '{'ABCD'[i]}' and '{'ABCD'[j]}' is -")
        ):
            moments_of({"n": 100, "sd": sd, "r": keyed})


@settings(max_examples=60)
@given(st.integers(0, 2**31), st.integers(3, 6), st.data())
def test_a_range_is_just_what_data_allow(seed, p, data):
    r = correlations(seed, p)
    i, j = data.draw(st.sampled_from(list(combinations(range(p), 2))))
    low, high = possible_range(r, (i, j))
    assert low - 1e-9 <= r[i, j] <= high + 1e-9
    assume(high - low > 1e-6)
    for value, possible in (
        (low + 1e-7, True),
        (high - 1e-7, True),
        (low - 1e-4, False),
        (high + 1e-4, False),
    ):
        changed = r.copy()
        changed[i, j] = changed[j, i] = value
        assert (np.linalg.eigvalsh(changed)[0] > -1e-10) == possible


@settings(max_examples=60)
@given(st.integers(0, 2**31), st.integers(3, 6), st.data())
def test_one_wrong_value_can_be_put_right_where_it_is_blamed(seed, p, data):
    r = correlations(seed, p)
    i, j = data.draw(st.sampled_from(list(combinations(range(p), 2))))
    r[i, j] = r[j, i] = data.draw(st.floats(-1, 1))
    assume(np.linalg.eigvalsh(r)[0] < -1e-6)
    pair = most_to_blame(r)
    bounds = possible_range(r, pair)
    if bounds is not None:
        r[pair] = r[pair[::-1]] = np.mean(bounds)
        assert np.linalg.eigvalsh(r)[0] > -1e-9


def test_where_no_single_value_helps_it_is_said():
    # Two halves of five that go together within, in two impossible triples that share no pair.
    r = np.eye(6)
    for a, b, c in ((0, 1, 2), (3, 4, 5)):
        r[a, b] = r[b, a] = r[b, c] = r[c, b] = 0.9
        r[a, c] = r[c, a] = -0.9
    with pytest.raises(DataError, match="RR620 .*weighs most in that, but no other value of it alone helps"):
        Moments(tuple("abcdef"), 100, np.ones(6), r)


def test_whole_rows_of_a_table_count():
    frame = pd.DataFrame({"a": [1.0, 2, 4, 3, np.nan], "b": [2.0, 1, 5, 3, 3], "c": ["x"] * 5})
    moments = moments_from_frame(frame, ["a", "b"])
    assert moments.n == 4
    np.testing.assert_allclose(moments.covariance, np.cov(frame[["a", "b"]].dropna().to_numpy().T))
    np.testing.assert_allclose(moments.means, [2.5, 2.75])
    with pytest.raises(DataError, match="RR620 .*2 rows are whole in all of a, b; more than 2"):
        moments_from_frame(frame.iloc[[0, 1, 4]], ["a", "b"])
    with pytest.raises(ArgumentError, match="column 'c' has values such as 'x'; it must be of numbers"):
        moments_from_frame(frame)
    with pytest.raises(ArgumentError, match="no variable 'd'; it must be one of a, b, c"):
        moments_from_frame(frame, ["a", "d"])
    with pytest.raises(DataError, match="RR620 .*'b' is 0"):
        moments_from_frame(frame.assign(b=1.0), ["a", "b"])


def test_what_is_shipped_is_what_was_printed():
    assert BETRAYAL_REPLICATION.n == 1696
    assert BETRAYAL_REPLICATION.correlations[3, 4] == 0.5578
    assert [scale.alpha for scale in LI_ZHAO_2025.values()] == [0.836, 0.820, 0.779]

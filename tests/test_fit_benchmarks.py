"""The benchmarks of fits: cases are what they say, slow peers are left out with a reason, small runs work."""

import numpy as np
import pytest

from benchmarks.sampling.__main__ import cohort, compare, line
from benchmarks.survival.__main__ import LIMIT, Row, _too_long, beside
from benchmarks.survival.data import Case, read, write
from benchmarks.survival.draw import draw
from benchmarks.survival.one import ENGINES


@pytest.mark.parametrize("kind", ["right-censored", "counting"])
@pytest.mark.parametrize("times", ["continuous", "days"])
def test_cases_are_what_they_say(tmp_path, kind, times):
    start, stop, event, X = read(write(Case(kind, times, 20_000), tmp_path))
    assert X.shape == (20_000, 10)
    assert 0.01 < event.mean() < 0.03
    assert (start < stop).all()
    assert (start == 0).all() == (kind == "right-censored")
    assert (stop == np.round(stop)).all() == (times == "days")


def test_our_fit_and_a_peer_agree_on_a_written_case(tmp_path):
    path = write(Case("counting", "days", 5000), tmp_path)
    ours, theirs = (ENGINES[name]("counting", path)() for name in ("ours", "lifelines time-varying"))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)


def test_a_slow_peer_is_not_asked_and_the_row_says_why():
    took = {("lifelines", "counting", "days", 10_000): 3.0, ("lifelines", "counting", "days", 100_000): 40.0}
    case = Case("counting", "days", 1_000_000)
    assert _too_long("lifelines", case, took, LIMIT) == "not asked: 40 s at 1e5 rows, so beyond 180 s here"
    assert _too_long("lifelines", case, took, 500.0) == ""
    assert _too_long("statsmodels", case, took, LIMIT) == ""
    assert _too_long("lifelines", Case("counting", "continuous", 1_000_000), took, LIMIT) == ""
    mine = {"seconds": 1.0, "cpu_seconds": 1.0, "memory_mb": 100.0, "coefficients": [1.0, -2.0]}
    left_out = beside(case, "lifelines", mine, "too slow")
    assert (left_out.seconds_peer, left_out.agree, left_out.why) == (None, None, "too slow")
    assert beside(case, "R coxph", mine, mine | {"coefficients": [1.0, -2.2]}).agree == pytest.approx(0.1)


def test_the_figure_is_the_same_for_the_same_rows(tmp_path):
    rows = [
        Row("R coxph", size, "counting", "days", 1.0, 5.0, 1.0, 5.0, 100, 200, 1e-9)
        for size in (10_000, 100_000)
    ]
    rows.append(
        Row("lifelines", 100_000, "counting", "days", 1.0, None, 1.0, None, 100, None, None, "too slow")
    )
    draw(rows, tmp_path / "one.svg")
    draw(rows, tmp_path / "other.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()


def test_sampled_sets_beside_the_full_cohort():
    assert 0.01 < cohort(20_000, 0.02).event.mean() < 0.03
    rows = list(compare(20_000, 1))
    assert [row.controls for row in rows] == [5, 10, 20] * 2
    for row in rows:
        assert row.rows == row.events * (row.controls + 1)
        assert 0.3 < row.efficiency_worst <= row.efficiency_mean < 1
        assert row.farthest < 3
        assert line(row).split()[0] == "20,000"

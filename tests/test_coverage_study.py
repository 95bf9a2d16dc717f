"""The worlds and the counting behind docs/coverage.md: what a replication draws, and what is said of many."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.coverage.readout import BEGIN, END, into, markdown, verdict
from benchmarks.coverage.study import ALONE, BOTH, DESIGNS, MODEL, Line, lines
from benchmarks.coverage.worlds import (
    DAYS,
    TRUTH,
    all_rows,
    by_day,
    histories,
    independent,
    sampled_rows,
)
from retaliation_risk.models.partial import fit_rows


def drawn(seed=0, n=300, spread=1.0):
    return histories(np.random.default_rng(seed), n, rate=1.5, spread=spread)


def test_cutting_rows_at_events_keeps_the_time_at_risk():
    world = drawn()
    order = np.lexsort((world.start, world.customer))
    start, stop, customer = world.start[order], world.stop[order], world.customer[order]
    assert (start < stop).all()
    same = customer[1:] == customer[:-1]
    np.testing.assert_array_equal(start[1:][same], stop[:-1][same])
    last = np.append(~same, True)
    assert (stop[last] == DAYS).all()
    assert not world.event[order][last].any()
    assert world.event.sum() > 300


@pytest.mark.parametrize(
    "world", [drawn(), independent(np.random.default_rng(1), 500, 0.4)], ids=["cut", "one row"]
)
def test_whole_days_keep_every_event_on_its_day(world):
    days = by_day(world)
    assert days.event.sum() == world.event.sum()
    assert (days.start < days.stop).all()
    assert (days.start == np.round(days.start)).all()
    np.testing.assert_array_equal(np.sort(days.stop[days.event]), np.sort(np.ceil(world.stop[world.event])))


def test_a_large_world_has_its_truth():
    world = drawn(2, n=6000)
    fit = fit_rows(all_rows(world))
    assert (np.abs(fit.coefficients - TRUTH) < 4 * fit.standard_errors).all()
    assert (fit.standard_errors > 1.1 * np.sqrt(np.diag(fit.covariance)))[[0, 3]].all()


@pytest.mark.parametrize("matched", [False, True], ids=["plain", "counter-matched"])
def test_sampled_rows_stand_for_those_at_risk(matched):
    world = drawn(3)
    rows, time = sampled_rows(world, 5, matched=matched, seed=1)
    at_risk = ((world.start < time[:, None]) & (time[:, None] <= world.stop)).sum(axis=1)
    total = np.bincount(rows.stratum, np.exp(rows.offset))
    np.testing.assert_allclose(total[rows.stratum], at_risk)
    assert (np.bincount(rows.stratum, rows.event) == 1).all()
    if matched:
        assert (np.bincount(rows.stratum, rows.X[:, 1]) == 3).all()


def test_lines_count_what_intervals_hold():
    one = {"error": np.ones(5), "size": np.array([10.0, 2.0])}
    key = f"{DESIGNS[0].name}|all rows|{MODEL}"
    missed = [np.array(row) for row in ([0, 0, 1, 1, 1.0], [3, -1, 0, 0, 0.0], [-3, 0, 0, 0, 1.9])]
    found = list(lines([{key: one | {"missed": each}} for each in missed] + [{}]))
    assert len(found) == 1
    assert found[0].coverage == (pytest.approx(1 / 3), 1.0, 1.0, 1.0, 1.0)
    assert (found[0].replications, found[0].failed, found[0].rows, found[0].events) == (3, 1, 10, 2)
    assert found[0].bias[1] == pytest.approx(-1 / 3 / np.std([0, -1, 0], ddof=1))


def line(errors, strength):
    numbers = (0.95, 0.95, 0.95, 0.95)
    design = DESIGNS[0].name
    return Line(design, "5 controls", errors, 600, 100, 1000, 0, (strength, *numbers), numbers, numbers)


def test_verdicts_name_what_is_outside_and_why():
    assert verdict(line(BOTH, 0.951)) == "inside"
    assert verdict(line(ALONE, 0.90)).startswith("outside: strength; the members of a set lean")
    assert verdict(line(BOTH, 0.932)) == "outside: strength; within three Monte-Carlo errors of 95 %"
    assert verdict(line(BOTH, 0.90)) == "outside: strength; not explained"


def test_the_table_goes_between_the_markers_and_nothing_else_changes():
    page = f"before\n\n{BEGIN}\n\nold\n\n{END}\n\nafter\n"
    table = markdown([line(BOTH, 0.951), replace(line(MODEL, 0.96), failed=3)], 1000)
    written = into(page, table)
    assert written.startswith(f"before\n\n{BEGIN}\n\n1,000 replications")
    assert written.endswith(f"{END}\n\nafter\n")
    assert "old" not in written
    assert into(written, table) == written
    assert "In 3 replications there was no finite estimate" in written

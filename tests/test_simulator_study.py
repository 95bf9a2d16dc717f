"""The study of the simulator: rates are counted as they say, and the page lists what there is."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.simulate.__main__ import QUICK, run
from benchmarks.simulate.rates import Rate, follows_failure, rates
from benchmarks.simulate.readout import into, rates_table, structure_table, times_table
from benchmarks.simulate.structure import ELEMENTS, MISSING, OFF, THERE
from retaliation_risk.simulate import declaration, simulate

PAGE = Path(__file__).parents[1] / "docs" / "simulator.md"


@pytest.fixture(scope="module")
def world():
    return simulate(4_000, seed=3)


def rate(ours, half=0.01, published=(0.5,), margin=0.03):
    return Rate("of what", "whom", published, margin, ours, ours - half, ours + half, 100, "", "")


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        (rate(0.5), "reproduced"),
        (rate(0.539), "reproduced"),  # 0.529 is within 0.53
        (rate(0.541), "differs"),
        (rate(0.459), "differs"),
        (rate(0.4, published=(0.3, 0.5)), "within the range"),
        (rate(0.2, published=(0.3, 0.5)), "differs"),
        (rate(np.nan), "not in the simulator"),
    ],
)
def test_verdicts_by_hand(one, verdict):
    assert one.verdict == verdict


def test_contacts_are_counted_as_a_loop_over_tickets_counts_them(world):
    tickets, events = world.frames["tickets"], world.frames["ticket_events"]
    settled = world.frames["observation"]["observed_to"].max() - pd.Timedelta(days=60)
    settled_ids = set(tickets.loc[tickets["is_complaint"] & (tickets["opened_at"] < settled), "ticket_id"])
    contacts, nothing = [], []
    for ticket, those in events.groupby("ticket_id"):
        if ticket in settled_ids:
            solved = those.loc[those["event_type"] == "solved", "occurred_at"].min()
            wrote = those[(those["event_type"] == "message_in") & (those["occurred_at"] <= solved)]
            contacts.append(np.nan if pd.isna(solved) else len(wrote))
            nothing.append(not those["event_type"].isin(["apology", "compensation"]).any())
    found = {one.quantity: one.ours for one in rates(world)}
    assert found["mean contacts to satisfy"] == pytest.approx(np.nanmean(contacts))
    assert found["resolved on first contact"] == pytest.approx(np.mean(np.array(contacts) == 1))
    assert found["got nothing"] == pytest.approx(np.mean(nothing))


def test_acts_follow_a_failure_of_the_same_customer_strictly_before(world):
    failures = world.failures.head(1)
    who, when = failures["customer_id"].iloc[0], failures["occurred_at"].iloc[0]
    day = pd.Timedelta(days=1)
    acts = pd.DataFrame(
        {
            "customer_id": [who, who, who, "another"],
            "occurred_at": pd.Series([when + day, when, when - 800 * day, when + day]).dt.as_unit("us"),
        }
    )
    assert follows_failure(world, acts).tolist() == [True, False, False, False]


def test_every_rate_has_an_interval_that_holds_it_or_says_why_it_is_not_there(world):
    for one in rates(world):
        assert one.why or one.verdict != "differs"
        assert np.isnan(one.ours) or one.low <= one.ours <= one.high
        assert one.n > 0 or one.why
        assert set(filter(None, one.set_by.split(", "))) <= {constant["name"] for constant in declaration()}
    assert "| differs |" in rates_table(rates(world))


def test_every_element_has_constants_or_says_that_it_is_missing():
    names = {one["name"] for one in declaration()}
    switches = {one["name"]: one["value"] for one in declaration() if one["switch"]}
    for one in ELEMENTS:
        assert set(one.constants) <= names
        assert bool(one.missing) or one.state in (THERE, OFF)
        assert one.constants or one.missing
        assert one.state != MISSING or not one.constants
        if one.state == OFF:
            assert any(not np.any(switches[name]) for name in one.constants if name in switches)


def test_the_page_lists_the_constants_as_they_are():
    page = PAGE.read_text(encoding="utf-8")
    assert into(page, "structure", structure_table()) == page


def test_a_small_run_counts_rows_time_and_memory():
    took = run(*QUICK[0])
    assert took["rows"]["customers"] == QUICK[0][1]
    assert took["seconds"] > 0
    assert took["peak_mb"] > 50
    assert "| ticket_events |" in times_table([took])

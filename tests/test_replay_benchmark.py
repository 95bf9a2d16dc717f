"""The benchmark of replays runs at a small size, and writes what it found."""

from __future__ import annotations

import pandas as pd

from benchmarks.replay.__main__ import costs_table, missed_sentence, world_table
from benchmarks.replay.cost import cost
from benchmarks.replay.world import replayed


def test_a_small_world_is_replayed_and_written():
    found = replayed(800, seed=11, answers=10, n_bootstrap=20)
    lines = world_table(found).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert [line.split("|")[1].strip() for line in lines[2:]] == list(dict.fromkeys(found.scores["policy"]))
    assert found.skipped == {}
    assert "yes" in next(line for line in lines if "influence_only |" in line)
    assert "of" in missed_sentence(found)


def test_costs_are_counted():
    measured = cost(200, 3)
    assert measured["rows"] == 600
    # 8 policies, 1 + 1 answers on each of 15 working days, as long as somebody is rested.
    assert measured["answers"] == 8 * 2 * 15
    assert costs_table(pd.DataFrame([measured])).count("\n") == 2

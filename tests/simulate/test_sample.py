from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from retaliation_risk.simulate import declaration
from retaliation_risk.simulate.sample import render_card, write_sample
from retaliation_risk.tables import read_tables
from retaliation_risk.tables.contract import CONTRACT

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample") / "fresh"
    return folder, write_sample(folder)


def test_the_committed_sample_is_what_the_seed_gives(fresh):
    # numpy may change the streams of its generators between versions; then make the sample again.
    folder, _ = fresh
    ours, committed = read_tables(folder), read_tables(SAMPLE)
    for name in CONTRACT:
        assert_frame_equal(committed.frame(name), ours.frame(name), rtol=1e-9)


def test_the_card_is_current_and_lists_every_constant(fresh):
    folder, world = fresh
    card = (SAMPLE / "README.md").read_text(encoding="utf-8")
    assert card == (folder / "README.md").read_text(encoding="utf-8") == render_card(world)
    for one in declaration():
        assert f"| {one['name']}" in card
    for sentence in world.truth_summary["sentences"]:
        assert sentence in card


def test_the_sample_is_small_and_valid():
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) < 2_000_000
    tables = read_tables(SAMPLE)
    assert tables.names == tuple(CONTRACT)
    assert not tables.warnings

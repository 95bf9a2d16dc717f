"""The peers of the benchmark of histories compute what we compute: a world of 3,000 contacts, every value compared."""

from importlib import import_module
from pathlib import Path

import pytest

pytest.importorskip("polars")
pytest.importorskip("benchmarks", reason="benchmarks are not installed; run pytest from the top folder")

from benchmarks.histories.agree import differences
from benchmarks.histories.data import generate
from benchmarks.histories.forms import FORMS, Form, Peer
from benchmarks.histories.steps import change

PAIRS = [(form, peer) for form in FORMS.values() for peer in form.peers if not peer.slow]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contacts")
    generate(folder, 3_000)
    return folder


@pytest.fixture(scope="module")
def ours(source: Path) -> dict[str, Path]:
    folders = {form.name: source / f"ours-{form.name}" for form in FORMS.values()}
    for form in FORMS.values():
        call(form.ours, source, folders[form.name])
    return folders


def call(target: str, source: Path, output: Path) -> None:
    module, function = target.split(":")
    getattr(import_module(f"benchmarks.histories.{module}"), function)(str(source), str(output))


@pytest.mark.parametrize(("form", "peer"), PAIRS, ids=[f"{form.name}: {peer.name}" for form, peer in PAIRS])
def test_peer_agrees(form: Form, peer: Peer, source: Path, ours: dict[str, Path], tmp_path: Path) -> None:
    output = tmp_path / ("peer.parquet" if peer.one_file else "peer")
    call(peer.target, source, output)
    assert differences(str(ours[form.name]), str(output), form.keys, form.columns) == {}


def test_a_changed_value_and_a_lost_row_are_seen(ours: dict[str, Path], tmp_path: Path) -> None:
    import duckdb

    form, other = FORMS["intervals"], tmp_path / "other.parquet"
    duckdb.sql(
        f"""COPY (SELECT * REPLACE (tickets_7d + (row_number() OVER () = 2)::INT AS tickets_7d)
                  FROM '{ours["intervals"]}/*.parquet' OFFSET 1) TO '{other}'"""
    )
    found = differences(str(ours["intervals"]), str(other), form.keys, form.columns)
    assert found == {"rows": 1, "tickets_7d": 1}


def test_what_steps_do_to_a_count_of_thirty_days() -> None:
    steps = [("tickets", 0), ("tickets", 7), ("tickets", 30), ("failed", 30)]
    assert [change(step, "tickets", 30) for step in steps] == [1, 0, -1, 0]
    assert [change(step, "tickets", 0) for step in steps] == [1, 0, 0, 0]

"""Each helpdesk the whole way: an export in its shape, import, check, run, and a report that can be read."""

from __future__ import annotations

import html
import json

import pytest
from click.testing import CliRunner

from retaliation_risk.cli import main
from retaliation_risk.simulate import simulate
from tests.adapters import test_freshdesk, test_intercom, test_zendesk
from tests.adapters.worlds import simulated_world
from tests.adapters.writers import freshdesk, intercom, zendesk

# What to call it: the adapter, the shape, how the export is written, and the level that the import must state.
EXPORTS = {
    "zendesk": ("zendesk", test_zendesk.SHAPE, zendesk.write, "history"),
    "zendesk from the interface": ("zendesk", test_zendesk.SHAPE, zendesk.write_csv, "snapshot"),
    "freshdesk": ("freshdesk", test_freshdesk.SHAPE, freshdesk.write, "history"),
    "freshdesk from the interface": ("freshdesk", test_freshdesk.SHAPE, freshdesk.write_csv, "snapshot"),
    "intercom": ("intercom", test_intercom.SHAPE, intercom.write, "history"),
}


@pytest.fixture(scope="module")
def simulated():
    """Forty customers over two years: enough for a queue, too few for a model, so that a run is quick."""
    return simulate(40, seed=1).frames


def call(*arguments):
    done = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("name", EXPORTS)
def test_from_an_export_to_a_report(name, simulated, tmp_path):
    kind, shape, write, level = EXPORTS[name]
    world = simulated_world(simulated, shape)
    source = write(tmp_path / f"export{'.csv' if level == 'snapshot' else ''}", world)
    said = json.loads(call("import", kind, source, "--out", tmp_path / "tables", "--json"))
    assert said["level"] == level
    assert said["rows_out"]["tickets"] == len(world["tickets"])
    assert json.loads(call("check", tmp_path / "tables", "--json"))["ok"]
    outcome = "reopened" if level == "history" else "solved"
    call("run", tmp_path / "tables", "--out", tmp_path / "run", "--outcome", outcome, "--bootstraps", 20)
    page = html.unescape((tmp_path / "run" / "report.html").read_text(encoding="utf-8"))
    assert [note for note in said["notes"] if note not in page] == []
    assert "example.org" not in page

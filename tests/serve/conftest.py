"""A run of the sample tables, made once, and a service on copies of it."""

import shutil
from pathlib import Path

import pytest

from retaliation_risk.run import Settings, run
from retaliation_risk.serve import ServeSettings, Service
from retaliation_risk.tables import read_tables

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
SECRET = b"a secret of the firm"


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """Run folder and tables folder of the sample."""
    folder = tmp_path_factory.mktemp("served")
    tables = folder / "tables"
    shutil.copytree(SAMPLE, tables, ignore=shutil.ignore_patterns("*.md"))
    asked = Settings(compare=("prevalence", "cox"), test_moments=1, n_bootstrap=5)
    return run(read_tables(tables), folder / "first", asked), tables


@pytest.fixture
def settings(served, tmp_path):
    """Settings of a service whose clock is the run's, with a log of its own."""
    return ServeSettings(
        run=served[0], tables=served[1], log=str(tmp_path / "live.sqlite"), clock="run", secrets=(SECRET,)
    )


@pytest.fixture
def copied(settings, tmp_path):
    """Settings on copies of run and tables, which a test may change."""
    from dataclasses import replace

    shutil.copytree(settings.run, tmp_path / "run")
    shutil.copytree(settings.tables, tmp_path / "tables")
    return replace(settings, run=tmp_path / "run", tables=tmp_path / "tables")


@pytest.fixture
def service(settings):
    """A service with an empty log."""
    opened = Service.open(settings)
    yield opened
    opened.close()

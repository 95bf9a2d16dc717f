"""Folders are whole or absent, and what dead processes left is cleared away."""

import os
import subprocess
import sys

import pytest

from retaliation_risk._folders import fresh_folder, replaced_folder
from retaliation_risk.errors import ArgumentError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_there_when_the_block_ends_and_not_before(tmp_path):
    with fresh_folder(tmp_path / "deep" / "out") as partial:
        (partial / "a").write_text("a")
        assert not (tmp_path / "deep" / "out").exists()
    assert names(tmp_path / "deep") == ["out"]
    assert (tmp_path / "deep" / "out" / "a").read_text() == "a"


def test_nothing_is_left_of_a_block_that_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), fresh_folder(tmp_path / "out"):
        _ = 1 / 0
    assert names(tmp_path) == []


@pytest.mark.parametrize("place", [fresh_folder, replaced_folder])
def test_what_a_killed_process_left_is_cleared_by_the_next_of_the_same_name(tmp_path, place):
    kill = (
        "import os, signal, sys, pathlib; from retaliation_risk._folders import fresh_folder\n"
        "with fresh_folder(pathlib.Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", kill, tmp_path / "out"], check=False).returncode == -9
    (left,) = names(tmp_path)
    assert left.startswith(".out.partial-")
    alive, other = f".out.partial-{os.getppid()}", ".other.partial-1"
    (tmp_path / alive).mkdir()
    (tmp_path / other).mkdir()
    if place is replaced_folder:
        (tmp_path / "out").mkdir()
    with place(tmp_path / "out"):
        pass
    assert names(tmp_path) == sorted([alive, other, "out"])


def test_a_name_that_is_taken_is_refused_before_and_after(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(ArgumentError, match="RR108"), fresh_folder(tmp_path / "out"):
        pytest.fail("the block must not run")
    with pytest.raises(ArgumentError, match="appeared"), fresh_folder(tmp_path / "late"):
        (tmp_path / "late" / "theirs").mkdir(parents=True)
    assert names(tmp_path) == ["late", "out"]


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(ArgumentError, match="no folder can be made there"),
        fresh_folder(tmp_path / "file" / "out"),
    ):
        pytest.fail("the block must not run")

"""What is shipped: the wheel and the source archive hold what they should and nothing else, and say so twice alike."""

import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytest.importorskip("build", reason="needs the package build (extra dev)")
pytest.importorskip("setuptools", "77", reason="needs setuptools of at least 77 (extra dev)")


def built(kind, out):
    """Build from a clean copy of what git knows, with a fixed date; return the archive."""
    source = out / "source"
    source.mkdir(parents=True)
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout
    if not tracked:
        pytest.skip("needs a git checkout: what is shipped is what git knows")
    names = [name for name in tracked.decode().split("\0") if name and (ROOT / name).is_file()]
    for name in names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
        # The mode and the order of files must not depend on the machine.
        (source / name).chmod(0o755 if os.access(ROOT / name, os.X_OK) else 0o644)
    subprocess.run(
        [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(out), str(source)],
        check=True, capture_output=True, env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"},
    )  # fmt: skip
    (archive,) = [path for path in out.iterdir() if path.is_file()]
    return archive


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return built("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    return built("sdist", tmp_path_factory.mktemp("sdist"))


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "retaliation_risk",
        next(n for n in names if "dist-info" in n).split("/")[0],
    }
    code = {path.relative_to(ROOT).as_posix() for path in (ROOT / "retaliation_risk").rglob("*.py")}
    assert code <= set(names)
    assert "retaliation_risk/py.typed" in names
    assert wheel.stat().st_size < 2_000_000
    kinds = {Path(name).suffix for name in names if name.startswith("retaliation_risk/")}
    assert not kinds & {".parquet", ".csv", ".sqlite", ".gz", ".pkl", ".joblib", ".ipynb"}


def test_every_file_that_the_code_reads_is_in_the_wheel(wheel):
    shipped = set(zipfile.ZipFile(wheel).namelist())
    data = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "retaliation_risk").rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    ]
    assert data
    assert set(data) <= shipped


def test_the_wheel_names_its_command_and_its_licence(wheel):
    archive = zipfile.ZipFile(wheel)
    (entry,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
    assert "retaliation-risk = retaliation_risk.cli:main" in archive.read(entry).decode()
    assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


def test_the_source_archive_can_be_built_and_tested_from(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {
        "pyproject.toml",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "tests/test_run.py",
        "data/sample/tickets.parquet",
    } <= names
    assert not [name for name in names if ".ipynb_checkpoints" in name or "__pycache__" in name]


def test_two_wheels_are_the_same_bytes(wheel, tmp_path):
    again = built("wheel", tmp_path / "again")
    assert hashlib.sha256(wheel.read_bytes()).digest() == hashlib.sha256(again.read_bytes()).digest()


def held(sdist):
    """Every file of a source archive with its mode and bytes; the times in it are those of the build."""
    with tarfile.open(sdist) as archive:
        return {each.name: (each.mode, archive.extractfile(each).read()) for each in archive if each.isfile()}


def test_two_source_archives_hold_the_same(sdist, tmp_path):
    assert held(sdist) == held(built("sdist", tmp_path / "again"))


def test_extras_are_those_that_are_documented():
    extras = set(distribution("retaliation-risk").metadata.get_all("Provides-Extra"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {
        extra for extra in extras - {"dev", "test", "bench", "docs", "browser"} if f"[{extra}]" not in readme
    } == set()

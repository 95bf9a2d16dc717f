"""What is fuzzed: a folder of sound input, one file of it replaced by anything, and the reader of the folder.

A reader may refuse, by an error of this package that says why. Anything else that it raises is a finding, and so is
a call that does not come back.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from retaliation_risk.adapters import Options, draft_mapping, import_tables
from retaliation_risk.artefacts import load_artefact
from retaliation_risk.artefacts.files import seal
from retaliation_risk.errors import RetaliationRiskError, RetaliationRiskWarning
from retaliation_risk.pipeline.config import read_config
from retaliation_risk.policies import read_playbook
from retaliation_risk.report.folder import read_folder
from retaliation_risk.report.summarise import summarise
from retaliation_risk.run import Settings, run
from retaliation_risk.simulate import simulate
from retaliation_risk.studies.estimators._model_text import read_model
from retaliation_risk.studies.moments import read_moments
from retaliation_risk.studies.survey import read_survey
from retaliation_risk.tables import read_tables, tables_from_frames
from retaliation_risk.tables.write import write_files
from tests.adapters import test_whole_way, test_whole_way_more
from tests.adapters.test_whole_way_more import story_of
from tests.adapters.worlds import simulated_world
from tests.adapters.writers.any_csv import make_tickets, write_csv

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Target:
    """``make`` fills a folder with sound input, ``file`` is the one that is replaced, ``read`` reads the folder."""

    make: Callable[[Path], object]
    file: str
    read: Callable[[Path], object]


def survive(name: str, content: bytes) -> bool:
    """Read the target's folder with these bytes in it; False if they were refused in words.

    Raises
    ------
    Exception
        Whatever is not an error of this package: a finding.
    """
    target = TARGETS[name]
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("default", RetaliationRiskWarning)
        folder = Path(scratch) / "in"
        shutil.copytree(sound(name), folder)
        (folder / target.file).write_bytes(content)
        try:
            target.read(folder)
        except RetaliationRiskError:
            return False
    return True


@cache
def sound(name: str) -> Path:
    """Return a folder with the target's sound input, made once."""
    folder = Path(tempfile.mkdtemp(prefix="sound-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    TARGETS[name].make(folder)
    return folder


def seed(name: str) -> bytes:
    """Return the bytes of the sound file."""
    return (sound(name) / TARGETS[name].file).read_bytes()


@cache
def _world() -> Path:
    """A run of a small world, with its model."""
    folder = Path(tempfile.mkdtemp(prefix="world-"))
    tables = tables_from_frames(simulate(900, seed=2).frames)
    quick = Settings(capacity=20, n_bootstrap=20, test_moments=1, every_days=120.0, compare=("prevalence",))
    run(tables, folder / "run", quick)
    return folder


def _short_tables(folder: Path) -> None:
    """Six customers: what is fuzzed is a reader, not its speed."""
    write_files(tables_from_frames(simulate(6, seed=5).frames), folder, "csv")


def _run_folder(folder: Path) -> None:
    shutil.copytree(_world() / "run", folder, dirs_exist_ok=True)


def _artefact(folder: Path) -> None:
    shutil.copytree(_world() / "run" / "model", folder, dirs_exist_ok=True)


def _resealed(folder: Path) -> object:
    """Open an artefact whose files were changed by somebody who could also write their checksums."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {name: seal((folder / name).read_bytes()) for name in manifest["files"]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return load_artefact(folder)


def _text(file: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_text(text, encoding="utf-8")


def _survey(folder: Path) -> None:
    (folder / "answers.csv").write_text("b1,b2,years\n1,7,3\n2,,10\n-99,4,0\n7,7,12\n", encoding="utf-8")
    codebook = (
        'layout = "wide"\nmissing = [-99]\nscale = [1, 7]\n[constructs.betrayal]\nitems = ["b1", "b2"]\n'
    )
    codebook += 'reversed = ["b2"]\n[constructs.tenure]\nitems = ["years"]\nscale = [0, 60]\n'
    (folder / "codebook.toml").write_text(codebook, encoding="utf-8")


_SERVICENOW = (
    "number,incident_state,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_at,sys_updated_at,"
    "contact_type,category,subcategory,u_symptom,priority\n"
    "INC1,New,0,0,0,true,Caller 1,29/2/2016 01:16,29/2/2016 01:23,Phone,Category 1,Sub 2,?,3 - Moderate\n"
    "INC1,Resolved,1,0,3,false,Caller 1,29/2/2016 01:16,1/3/2016 08:00,Phone,Category 1,Sub 2,?,2 - High\n"
)
_PATHS = (
    "betrayal =~ b1 + b2 + b3\nexit ~ a*commit + betrayal\nvoice ~ 0.5*commit\nexit ~~ voice  # left over\n"
)
_MOMENTS = 'n = 120\n[sd]\na = 1.0\nb = 2.0\nc = 0.5\n[r]\n"a-b" = 0.3\n"a-c" = -0.2\n"b-c" = 0.1\n'


def _adapter(kind: str, file: str) -> Callable[[Path], object]:
    return lambda folder: import_tables(kind, folder / file, folder.parent / "out")


def _exports() -> dict[str, Target]:
    """Every file of every helpdesk's export, as the tests' own writers make it of eight customers."""
    frames = simulate(8, seed=1).frames
    made: dict[str, tuple[str, Callable[[Path], object], str]] = {
        name: (kind, lambda path, w=write, s=shape: w(path, simulated_world(frames, s)), level)
        for name, (kind, shape, write, level) in test_whole_way.EXPORTS.items()
    } | {
        name: (kind, lambda path, w=write: w(story_of(frames), path), level)
        for name, (kind, write, level) in test_whole_way_more.EXPORTS.items()
    }
    return {f"import/{name}/{file}": target for name, each in made.items() for file, target in _files(*each)}


def _files(kind: str, write: Callable[[Path], object], level: str) -> Iterator[tuple[str, Target]]:
    export = "export.csv" if level == "snapshot" else "export"
    with tempfile.TemporaryDirectory() as scratch:
        write(Path(scratch) / export)
        names = [
            path.relative_to(scratch).as_posix()
            for path in sorted(Path(scratch).rglob("*"))
            if path.is_file()
        ]
    for name in names:
        yield Path(name).name, Target(lambda folder: write(folder / export), name, _adapter(kind, export))


def _any_csv(folder: Path) -> None:
    write_csv(
        folder / "export.csv", make_tickets(12, 3), language="de", time_format="%d.%m.%Y %H:%M", delimiter=";"
    )
    draft = draft_mapping(folder / "export.csv", zone="Europe/Berlin")
    (folder / "mapping.toml").write_text(draft.text, encoding="utf-8")


def _by_mapping(folder: Path) -> object:
    options = Options(mapping=folder / "mapping.toml")
    return import_tables("mapping", folder / "export.csv", folder.parent / "out", options)


def _survey_read(folder: Path) -> object:
    return read_survey(folder / "answers.csv", folder / "codebook.toml")


def _report(folder: Path) -> object:
    read_folder(folder)
    return summarise(folder)


TARGETS: dict[str, Target] = {
    **{
        f"tables/{name}": Target(_short_tables, f"{name}.csv", read_tables)
        for name in (
            "customers",
            "tickets",
            "ticket_events",
            "orders",
            "outcomes",
            "influence",
            "observation",
        )
    },
    "rename": Target(
        lambda folder: (
            _short_tables(folder),
            _text("rename.toml", '[tickets]\nopened_at = "opened_at"\n')(folder),
        ),
        "rename.toml",
        lambda folder: read_tables(folder, rename=folder / "rename.toml"),
    ),
    "config": Target(
        lambda folder: shutil.copy(ROOT / "docs" / "run.toml", folder / "run.toml"),
        "run.toml",
        lambda folder: read_config(folder / "run.toml", environ={}),
    ),
    "playbook": Target(
        lambda folder: shutil.copy(
            ROOT / "retaliation_risk" / "policies" / "playbook.toml", folder / "playbook.toml"
        ),
        "playbook.toml",
        lambda folder: read_playbook(folder / "playbook.toml"),
    ),
    "artefact/manifest": Target(_artefact, "manifest.json", load_artefact),
    **{
        f"artefact/{file}": Target(_artefact, file, _resealed)
        for file in ("parameters.json", "reference.json")
    },
    **{
        f"run/{file}": Target(_run_folder, file, _report)
        for file in (
            "run.json",
            "validation.json",
            "scores.csv",
            "queue_risk_only.csv",
            "effects.csv",
            "playbook.toml",
        )
    },
    "import/servicenow": Target(_text("log.csv", _SERVICENOW), "log.csv", _adapter("servicenow", "log.csv")),
    **_exports(),
    "import/mapping": Target(_any_csv, "mapping.toml", _by_mapping),
    "import/by mapping": Target(_any_csv, "export.csv", _by_mapping),
    "import/guess": Target(_any_csv, "export.csv", lambda folder: draft_mapping(folder / "export.csv")),
    "moments/toml": Target(
        _text("m.toml", _MOMENTS), "m.toml", lambda folder: read_moments(folder / "m.toml")
    ),
    "moments/json": Target(
        _text("m.json", '{"n": 50, "sd": {"a": 1, "b": 2}, "r": {"a-b": 0.5}}'),
        "m.json",
        lambda folder: read_moments(folder / "m.json"),
    ),
    "survey/answers": Target(_survey, "answers.csv", _survey_read),
    "survey/codebook": Target(_survey, "codebook.toml", _survey_read),
    "path model": Target(
        _text(
            "model.txt",
            "betrayal =~ b1 + b2 + b3\nexit ~ a*commit + betrayal\nvoice ~ 0.5*commit\nexit ~~ voice  # left over\n",
        ),
        "model.txt",
        lambda folder: read_model((folder / "model.txt").read_bytes().decode("utf-8", "replace")),
    ),
}

"""The page on pipelines: what is shown there can be read by whom it is meant for, and run where it can be run here."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest

from retaliation_risk.artefacts import About, Window, build_reference, declared, save_artefact
from retaliation_risk.cli import main
from retaliation_risk.errors import (
    ArgumentError,
    ArtefactError,
    DataError,
    GateError,
    RetaliationRiskError,
)
from retaliation_risk.features import FEATURES
from retaliation_risk.histories import build_histories
from retaliation_risk.models import Cox
from retaliation_risk.tables import read_tables

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "pipelines.md").read_text(encoding="utf-8")
SECTIONS = {part.splitlines()[0]: part for part in re.split(r"^## ", PAGE, flags=re.M)[1:]}
COLUMNS = ["failed_recoveries_365d", "tenure_days"]


def blocks(section, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", SECTIONS[section], flags=re.M | re.S)


def yaml_of(section):
    yaml = pytest.importorskip("yaml", reason="needs PyYAML, which comes with the extra mlflow")
    (block,) = blocks(section, "yaml")
    return yaml.safe_load(block)


def texts(code):
    """Every text of a program; the parts of one that is put together are joined, holes as ``x``."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr | ast.BinOp):
            yield flat(node)


def flat(node):
    if isinstance(node, ast.BinOp):
        return flat(node.left) + flat(node.right)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(flat, node.values))
    return str(node.value) if isinstance(node, ast.Constant) else "x"


def commands():
    """The command lines of the page, each whole: a text that goes on elsewhere is a part of one that is there too."""
    found = [text for text in texts(blocks("Airflow", "python")[0]) if text.startswith("retaliation-risk ")]
    found += re.findall(r"cmd: (.*)", blocks("DVC", "yaml")[0])
    parts = {text for text in found for other in found if other != text and other.startswith(text)}
    return sorted(set(found) - parts)


def parse(line):
    """Let click read a command line without running it; what the scheduler fills in is a day."""
    words = shlex.split(re.sub(r"{{.*?}}", "2026-01-31", line))[1:]
    name, command, rest = main.resolve_command(click.Context(main), words)
    return command.make_context(name, rest)


def test_there_are_commands_to_read():
    assert {line.split()[1] for line in commands()} == {"check", "compare", "drift", "score", "train"}
    assert len(commands()) == 8


@pytest.mark.parametrize("line", commands())
def test_every_command_line_can_be_typed(line):
    if (name := line.split()[1]) not in main.commands:
        pytest.skip(f"there is no command {name} yet")
    assert parse(line).params


@pytest.mark.parametrize("section", SECTIONS)
def test_every_program_can_be_read(section):
    for block in blocks(section, "python"):
        compile(block, f"pipelines.md, {section}", "exec")


def test_the_exit_codes_are_those_of_the_errors():
    told = dict(re.findall(r"^\| (\d) \| (.*?) \|", PAGE, flags=re.M))
    errors = (RetaliationRiskError, ArgumentError, DataError, GateError, ArtefactError)
    assert {str(error.exit_code) for error in errors} | {"0"} == set(told)
    assert "gate" in told[str(GateError.exit_code)]
    assert f"skip_on_exit_code={GateError.exit_code}" in SECTIONS["Airflow"]


def test_every_stage_of_dvc_writes_where_it_says():
    page = yaml_of("DVC")
    for stage in page["stages"].values():
        (out,) = stage["outs"]
        words = shlex.split(stage["cmd"])
        assert words[words.index("--out") + 1] == out
        read = [words[2], *(words[i + 1] for i, word in enumerate(words) if word in TAKES_A_FILE)]
        assert set(read) == set(stage["deps"])
    assert page["metrics"] == [f"{stage['outs'][0]}/metrics.json" for stage in page["stages"].values()]


TAKES_A_FILE = ("--config", "--artefact", "--champion", "--challenger")


@pytest.fixture(scope="module")
def champion(tmp_path_factory):
    """A model of two features, trained on the sample as docs/artefacts.md does."""
    histories, moment = build_histories(read_tables(ROOT / "data" / "sample")), pd.Timestamp("2025-04-01")
    features = declared(FEATURES, COLUMNS)
    rows = histories.as_of(histories.at_risk(moment), moment, features)
    y = histories.follow_up(rows["customer_id"], rows["moment"], outcome="retaliation", horizon_days=30)
    model = Cox().fit(rows[COLUMNS], y)
    reference = build_reference(rows[COLUMNS], model.predict_risk(rows[COLUMNS], 30), rows["customer_id"])
    about = About("cox", features, 30, "retaliation", Window(moment, moment, pd.Timestamp("2025-05-01")))
    folder = tmp_path_factory.mktemp("champion") / "model"
    save_artefact(folder, model, about, reference)
    return folder, model


def test_the_node_of_kedro_scores_everybody(champion):
    folder, model = champion
    names = {}
    exec(compile(blocks("Kedro", "python")[0], "nodes.py", "exec"), names)
    risks, report = names["score"](str(ROOT / "data" / "sample"), str(folder), "2025-06-01")
    histories = build_histories(read_tables(ROOT / "data" / "sample"))
    rows = histories.as_of(histories.at_risk("2025-06-01"), "2025-06-01", declared(FEATURES, COLUMNS))
    assert risks["customer_id"].tolist() == rows["customer_id"].tolist()
    np.testing.assert_array_equal(risks["risk"], model.predict_risk(rows[COLUMNS], 30))
    assert report["n_rows"] == len(risks) > 1000


def test_the_catalog_of_kedro_names_what_the_node_gives():
    (outputs,) = re.findall(r"outputs=(\[.*?\])", blocks("Kedro", "python")[1])
    assert list(yaml_of("Kedro")) == ast.literal_eval(outputs)

"""The page on artefacts: its program runs, its table of questions names the codes there are."""

import re
from pathlib import Path

from retaliation_risk.artefacts import load_artefact
from retaliation_risk.errors import MESSAGES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "artefacts.md").read_text(encoding="utf-8")


def test_its_program_runs(tmp_path, monkeypatch):
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.M | re.S)
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(program, "artefacts.md", "exec"), names)
    assert len(names["table"]) == 4
    assert names["report"].extra == ("tickets_365d",)
    assert load_artefact(tmp_path / "models" / "2025-07-01").digest == names["artefact"].digest


def test_every_code_of_artefacts_is_on_it():
    codes = {code for code in MESSAGES if "RR510" <= code <= "RR522"}
    assert len(codes) == 13
    assert codes <= set(re.findall(r"RR\d{3}", PAGE))

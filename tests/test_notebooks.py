"""Notebooks are pairs: what stands in the notebook is what stands in the script, and no output is stored."""

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_are_notebooks():
    assert NOTEBOOKS
    assert {path.stem for path in NOTEBOOKS} == {path.stem for path in FOLDER.glob("*.py")}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_its_script_without_output(path):
    jupytext = pytest.importorskip("jupytext", reason="needs jupytext, which comes with the extra dev")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    script = jupytext.read(path.with_suffix(".py"))
    assert [(cell["cell_type"], "".join(cell["source"])) for cell in cells] == [
        (cell.cell_type, cell.source) for cell in script.cells
    ]
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)

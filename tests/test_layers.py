"""The layout shows the flow: a unit imports only units of strictly smaller rank."""

import ast
from pathlib import Path

import pytest

import retaliation_risk

PACKAGE = Path(retaliation_risk.__file__).parent
RANKS = {
    "_messages": -1,
    "errors": 0, "_version": 0,
    "_cells": 1, "_contact": 1, "_folders": 1, "_texts": 1, "_validate": 1, "_words": 1, "_censoring": 1.5,
    "tables": 2, "metrics": 2,
    "adapters": 3, "histories": 3, "influence": 3,
    "features": 3.5,
    "simulate": 4, "models": 4, "policies": 4, "posts": 4,
    "artefacts": 5, "datasets": 5, "explain": 5, "evaluate": 5, "plots": 5,
    "run": 6, "pipeline": 6.5,
    "report": 7, "studies": 7, "serve": 7,
    "cli": 8,
}  # fmt: skip


def units():
    return sorted(
        (path, path.relative_to(PACKAGE).parts[0].removesuffix(".py"))
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in {"__init__.py", "__main__.py"}
    )


def imported(path):
    """Units of this package that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "retaliation_risk" and len(parts) > 1:
                yield parts[1]


def test_every_unit_has_a_rank():
    assert {unit for _, unit in units()} <= RANKS.keys()


@pytest.mark.parametrize(
    ("path", "unit"), units(), ids=lambda value: str(value).rsplit("retaliation_risk/", 1)[-1]
)
def test_a_unit_imports_only_smaller_ranks(path, unit):
    for other in set(imported(path)) - {unit, "__version__"}:
        assert RANKS[other] < RANKS[unit], (
            f"{unit} (rank {RANKS[unit]}) imports {other} (rank {RANKS[other]})"
        )


def test_metrics_and_policies_see_no_model():
    for path, unit in units():
        if unit in {"metrics", "policies"}:
            assert "models" not in set(imported(path)), path


@pytest.mark.parametrize(
    ("path", "unit"), units(), ids=lambda value: str(value).rsplit("retaliation_risk/", 1)[-1]
)
def test_no_module_is_a_hall(path, unit):
    assert path.read_text(encoding="utf-8").count("\n") <= 500

"""A study's folder: the claims as a table, a figure and a page, with what a reader needs to run them again."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from retaliation_risk._cells import quiet_frame
from retaliation_risk._folders import fresh_folder
from retaliation_risk._version import __version__
from retaliation_risk.histories import build_histories
from retaliation_risk.simulate import declaration
from retaliation_risk.studies.drawing import draw_claims
from retaliation_risk.studies.frame import Study
from retaliation_risk.studies.measures import Measures
from retaliation_risk.studies.page import render_html, render_measures
from retaliation_risk.studies.panel import build_panel
from retaliation_risk.studies.running import N_CUSTOMERS, Step, run_on_panel, run_studies
from retaliation_risk.studies.summary import summarise
from retaliation_risk.studies.world import DESIGN
from retaliation_risk.tables import Tables

SCHEMA_VERSION = "1"
CLAIMS, FIGURE, PAGE, MANIFEST = "claims.csv", "claims.svg", "index.html", "manifest.json"
_LIBRARIES = ("duckdb", "numpy", "pandas", "scikit-learn", "scipy")


def write_simulated(
    out: Path,
    studies: Sequence[Study],
    *,
    n_customers: int = N_CUSTOMERS,
    seed: int = 0,
    step: Step = lambda name: None,
) -> pd.DataFrame:
    """Run studies on simulated customers and write their folder, whole or not at all.

    Parameters
    ----------
    out : Path
        Must not exist. Gets ``claims.csv`` (the table), ``claims.svg``, ``index.html`` and ``manifest.json``.
    studies : sequence of Study
    n_customers : int, default 40000
    seed : int, default 0
        Same seed and versions, same bytes.
    step : callable
        Told the name of each world before it is made.

    Returns
    -------
    DataFrame
        As of :func:`retaliation_risk.studies.run_studies`.

    Raises
    ------
    ArgumentError
        RR108 if ``out`` exists.
    """
    names = " ".join(one.name for one in studies)
    again = f"retaliation-risk study run {names} --customers {n_customers} --seed {seed} --out FOLDER"
    constants = json.dumps(declaration(), sort_keys=True, default=list)
    told: dict[str, Any] = {
        "again": again,
        "how": how_simulated(n_customers, seed),
        "seed": seed,
        "n_customers": n_customers,
        "design": dict(DESIGN),
        "inputs": [{"file": "constants of the simulator", "sha256": _sha256(constants)}],
    }
    with fresh_folder(out) as folder:
        table = run_studies(studies, n_customers=n_customers, seed=seed, step=step)
        _write(folder, studies, table, told)
    return table


def write_own(
    out: Path, studies: Sequence[Study], tables: Tables, *, step: Step = lambda name: None
) -> pd.DataFrame:
    """Run studies on a firm's own tables and write their folder, as :func:`write_simulated` does.

    Relationship strength stands for loyalty, and nobody was asked how prone they are. What is found is found among these
    customers as they were treated; nothing can be switched off.
    """
    step("reading the tables")
    panel = build_panel(build_histories(tables))
    names = " ".join(one.name for one in studies)
    told: dict[str, Any] = {
        "again": f"retaliation-risk study run {names} --tables TABLES --out FOLDER",
        "how": "Own tables: relationship strength stands for loyalty, and proneness to retaliate is not held constant.",
        "seed": None,
        "n_customers": len(panel.spells["customer"].unique()),
        "design": {},
        "inputs": [asdict(source) for source in tables.sources],
    }
    with fresh_folder(out) as folder:
        step("testing the claims")
        table = run_on_panel(studies, panel)
        _write(folder, studies, table, told)
    return table


def write_measures(out: Path, found: Measures, *, again: str, inputs: Sequence[Path]) -> None:
    """Write the tables of a survey or of moments as CSV, with a page and a manifest, whole or not at all.

    Parameters
    ----------
    out : Path
        Must not exist. Gets a CSV for each table, ``index.html`` and ``manifest.json``.
    found : Measures
    again : str
        The command that makes it again.
    inputs : sequence of Path
        Files that it was made from; the manifest has the checksum of each.

    Raises
    ------
    ArgumentError
        RR108 if ``out`` exists.
    """
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "versions": _versions(),
        "again": again,
        "notes": list(found.notes),
        "left_out": dict(found.left_out),
        "inputs": [
            {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for path in inputs
        ],
    }
    texts = {f"{name}.csv": quiet_frame(table).to_csv(index=False) for name, table in found.tables.items()}
    texts[PAGE] = render_measures(found, manifest)
    with fresh_folder(out) as folder:
        _write_texts(folder, texts, manifest)


def how_simulated(n_customers: int, seed: int) -> str:
    """Say with what simulated customers the claims were tested.

    Examples
    --------
    >>> how_simulated(40000, 0)
    'Each world: 40,000 simulated customers over two years, seed 0, ten times the base rate of acts; version ...'
    """
    times = "ten times the base rate of acts"
    return (
        f"Each world: {n_customers:,} simulated customers over two years, seed {seed}, {times}; version {__version__}, "
        f"numpy {version('numpy')}, scipy {version('scipy')}."
    )


def _write(folder: Path, studies: Sequence[Study], table: pd.DataFrame, told: Mapping[str, Any]) -> None:
    """Write table, figure, page and, last, the manifest with the checksum of each."""
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "versions": _versions(),
        "studies": [study.name for study in studies],
        "summary": summarise(table),
        **told,
    }
    svg = draw_claims(table)
    texts = {CLAIMS: table.to_csv(index=False), PAGE: render_html(studies, table, manifest, svg)}
    texts |= {FIGURE: svg} if svg else {}
    _write_texts(folder, texts, manifest)


def _write_texts(folder: Path, texts: Mapping[str, str], manifest: Mapping[str, Any]) -> None:
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    files = {name: _sha256(text) for name, text in sorted(texts.items())}
    whole = json.dumps({**manifest, "files": files}, indent=1, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(whole, encoding="utf-8")


def _versions() -> dict[str, str]:
    return {
        "retaliation-risk": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

"""The documentation site: ``sphinx-build -W docs site``. Pages are Markdown; the reference is made from docstrings."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import click

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import retaliation_risk  # noqa: E402

project = "retaliation-risk"
author = "The retaliation-risk authors"
version = release = retaliation_risk.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
myst_enable_extensions = ["deflist", "dollarmath", "linkify"]
myst_heading_anchors = 3
myst_linkify_fuzzy_links = False
# Notebooks are run by the checks, and shown as they were run: see `executed_notebooks`.
nb_execution_mode = "off"
nb_merge_streams = True
# Notebooks that were not run name no language; a word such as "name" is an attribute of many classes.
suppress_warnings = ["myst-nb.lexer", "ref.python"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "retaliation-risk"
html_show_sphinx = False
html_static_path: list[str] = []
exclude_patterns = ["_build", "api/README.md"]


def public_packages() -> list[str]:
    """Name every package and module that promises names, by ``__all__``."""
    names = [
        found.name
        for found in walk_packages(retaliation_risk.__path__, "retaliation_risk.")
        if not any(part.startswith("_") for part in found.name.split("."))
    ]
    return [name for name in names if hasattr(import_module(name), "__all__")]


def write_reference(app: object) -> None:
    """Write one page for each public package into ``api/``; they are made, never edited."""
    folder = HERE / "api"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    names = public_packages()
    seen: set[int] = set()
    for name in names:
        # What a package and a part of it both promise is described once, where it comes first.
        there = {word: id(getattr(import_module(name), word)) for word in import_module(name).__all__}
        again = ", ".join(word for word, thing in there.items() if thing in seen)
        seen.update(there.values())
        rest = [f"   :exclude-members: {again}"] if again else []
        page = [
            f"# {name}",
            "",
            "```{eval-rst}",
            f".. automodule:: {name}",
            "   :members:",
            "   :imported-members:",
            *rest,
            "```",
            "",
        ]
        (folder / f"{name}.md").write_text("\n".join(page), encoding="utf-8")
    listed = "\n".join(["# The Python API", "", "```{toctree}", ":maxdepth: 1", "", *names, "```", ""])
    (folder / "index.md").write_text(listed, encoding="utf-8")


def write_commands(app: object) -> None:
    """Write the page of commands from their own help."""
    from retaliation_risk.cli import main

    parts = ["# The commands", "Each line of `--help`, as it is printed."]
    for path, command in _commands(main, "retaliation-risk"):
        context = click.Context(command, info_name=path, max_content_width=100)
        parts += [f"## {path}", f"```text\n{command.get_help(context)}\n```"]
    (HERE / "api" / "commands.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            if found is not None:
                yield from _commands(found, f"{path} {name}")


def skip_generated(app: object, what: str, name: str, *rest: object) -> bool | None:
    """Leave out the methods that scikit-learn writes into every estimator."""
    return True if re.fullmatch(r"[sg]et_\w*(request|metadata_routing)", name) else None


def copy_notebooks(app: object) -> None:
    """Take the notebooks into the site: as they were run (``RETALIATION_RISK_EXECUTED``), or without results."""
    source = Path(os.environ.get("RETALIATION_RISK_EXECUTED", HERE.parent / "notebooks"))
    folder = HERE / "notebooks"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in sorted(source.glob("*.ipynb")):
        shutil.copy(path, folder / path.name)


def setup(app: object) -> None:
    """Make the pages that are made before the others are read."""
    app.connect("builder-inited", write_reference)  # type: ignore[attr-defined]
    app.connect("autodoc-skip-member", skip_generated)  # type: ignore[attr-defined]
    app.connect("builder-inited", write_commands)  # type: ignore[attr-defined]
    app.connect("builder-inited", copy_notebooks)  # type: ignore[attr-defined]

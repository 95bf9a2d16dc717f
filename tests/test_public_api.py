"""The public names: all there, none beyond; importing is silent; documented defaults are the real ones."""

import ast
import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import retaliation_risk

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(retaliation_risk.__path__, "retaliation_risk.")
    if not module.name.endswith("__main__")
)
PUBLIC = [
    name for name in ["retaliation_risk", *MODULES] if not any(p.startswith("_") for p in name.split("."))
]
ROOT = Path(__file__).parents[1]
LISTED = [name for name in PUBLIC if hasattr(importlib.import_module(name), "__all__")]

# Constants that stand in the open without being promised.
UNLISTED: dict[str, set[str]] = {}


def bound(module):
    """Names that a module defines itself or takes from its own parts, by reading its text."""
    tree = ast.parse(inspect.getsource(module))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith(module.__name__):
            yield from (alias.asname or alias.name for alias in node.names)


def test_packages_list_their_names():
    packages = {name for name in PUBLIC if hasattr(importlib.import_module(name), "__path__")}
    assert packages - {"retaliation_risk.cli"} <= set(LISTED)


@pytest.mark.parametrize("name", LISTED)
def test_what_is_listed_is_there_and_nothing_else(name):
    module = importlib.import_module(name)
    listed = list(module.__all__)
    assert len(listed) == len(set(listed))
    assert [word for word in listed if not hasattr(module, word)] == []
    visible = {
        word
        for word in bound(module)
        if not word.startswith("_") and not isinstance(getattr(module, word), ModuleType)
    }
    assert visible - set(listed) - UNLISTED.get(name, set()) == set()


PROMISED = ROOT / "docs" / "public_api.txt"


def promised():
    """What docs/public_api.txt must hold; ``python -m tests.test_public_api`` writes it."""
    return "".join(f"{name}: {' '.join(sorted(importlib.import_module(name).__all__))}\n" for name in LISTED)


def test_the_list_of_public_names_is_the_code():
    assert PROMISED.read_text(encoding="utf-8") == promised()


def test_importing_everything_is_silent_and_opens_no_figure():
    script = (
        "import importlib, json, sys\n"
        "import numpy as np\n"
        "before = np.random.get_state()[1].tolist()\n"
        f"for name in {MODULES!r}: importlib.import_module(name)\n"
        "after = np.random.get_state()[1].tolist()\n"
        "plt = sys.modules.get('matplotlib.pyplot')\n"
        "figures = plt.get_fignums() if plt else []\n"
        "sys.stdout.write(json.dumps({'same': before == after, 'figures': figures}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stderr == ""
    assert json.loads(done.stdout) == {"same": True, "figures": []}


def test_the_package_itself_is_light():
    script = (
        "import sys; import retaliation_risk; print(sorted({'pandas', 'duckdb', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


# Documented defaults.

PARAMETER = re.compile(r"^(?P<names>\*{0,2}\w+(?:, \w+)*) : (?P<kind>.+)$")
DEFAULT = re.compile(r"(?:^|, |; )default:? (?P<value>.+)$")


def documented(function):
    """Name and default, as the parameter section of a docstring has them."""
    section = re.search(
        r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-{3,}\n|\Z)", inspect.getdoc(function) or "", re.M | re.S
    )
    for line in section[1].splitlines() if section else []:
        found = PARAMETER.match(line)
        if found:
            value = DEFAULT.search(found["kind"])
            for name in found["names"].split(", "):
                yield name, value["value"] if value else None


def signatures():
    """Every public function, class and public method, with its signature and the names of its module."""
    for name in PUBLIC:
        module = importlib.import_module(name)
        for word, thing in vars(module).items():
            own = getattr(thing, "__module__", None) == name and not word.startswith("_")
            if own and inspect.isfunction(thing):
                yield f"{name}.{word}", thing, module
            elif own and inspect.isclass(thing):
                yield f"{name}.{word}", thing, module
                for method, function in inspect.getmembers(thing, inspect.isfunction):
                    if not method.startswith("_") and function.__module__ == name:
                        yield f"{name}.{word}.{method}", function, module


DOCUMENTED = [
    pytest.param(thing, module, parameter, value, id=f"{name}({parameter})")
    for name, thing, module in signatures()
    for parameter, value in documented(thing)
]


def test_documented_parameters_were_found():
    assert len(DOCUMENTED) > 150
    assert sum(case.values[3] is not None for case in DOCUMENTED) > 15


@pytest.mark.parametrize(("thing", "module", "parameter", "value"), DOCUMENTED)
def test_what_is_documented_is_the_signature(thing, module, parameter, value):
    parameters = inspect.signature(thing).parameters
    assert parameter.lstrip("*") in parameters
    if value is None:
        return
    default = parameters[parameter].default
    assert default is not inspect.Parameter.empty
    try:
        meant = ast.literal_eval(value)
    except ValueError:
        meant = getattr(module, value)
    assert meant == default


if __name__ == "__main__":
    PROMISED.write_text(promised(), encoding="utf-8")

"""The manifest of an artefact: what the model is, what made it, and the seal of every other file."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from retaliation_risk._version import __version__
from retaliation_risk.artefacts.about import About
from retaliation_risk.artefacts.files import MODEL_FILES
from retaliation_risk.errors import ArtefactError

FORMAT = 1
KIND = "retaliation-risk model"
LIBRARIES = ("joblib", "numpy", "pandas", "scikit-learn", "scipy", "skops", "statsmodels")

#: What trees and pickles are bound to, beside this package: scikit-learn reads no model of another of its versions.
BINDING = ("scikit-learn",)

_KEYS: Mapping[str, type] = {
    "kind": str,
    "retaliation_risk": str,
    "python": str,
    "libraries": dict,
    "storage": str,
    "columns": list,
    "about": dict,
    "probe": list,
    "files": dict,
}


@dataclass(frozen=True)
class Manifest:
    """What an artefact says of itself.

    Parameters
    ----------
    about : About
        What the model is.
    columns : tuple of str
        Columns that the model reads, in the order of its training table; the other features serve their formulas.
    storage : str
        ``"parameters"`` (JSON), ``"skops"`` or ``"joblib"``.
    probe : tuple of float
        Risks of made-up customers (:func:`retaliation_risk.artefacts.probe.probe_rows`) at the time of storing.
    files : mapping of str to mapping
        Size and sha256 of every file beside the manifest.
    package, python : str
        Versions that wrote it.
    libraries : mapping of str to str
        Versions of libraries that took part.
    """

    about: About
    columns: tuple[str, ...]
    storage: str
    probe: tuple[float, ...]
    files: Mapping[str, Mapping[str, Any]]
    package: str
    python: str
    libraries: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values, as they stand in the file."""
        return {
            "format_version": FORMAT,
            "kind": KIND,
            "retaliation_risk": self.package,
            "python": self.python,
            "libraries": dict(self.libraries),
            "storage": self.storage,
            "columns": list(self.columns),
            "about": self.about.as_dict(),
            "probe": list(self.probe),
            "files": {name: dict(sealed) for name, sealed in self.files.items()},
        }


def versions() -> dict[str, Any]:
    """Return the versions that write an artefact now, as fields of a :class:`Manifest`."""
    return {
        "package": __version__,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def check_head(found: Mapping[str, Any]) -> None:
    """Refuse a manifest of another kind or a newer format, or one that lacks a key, before anything else of it is read.

    Raises
    ------
    ArtefactError
        RR511 for a newer format, RR510 for all else.
    """
    form = found.get("format_version")
    if found.get("kind") != KIND or not isinstance(form, int) or isinstance(form, bool) or form < 1:
        raise ArtefactError("RR510", f"Its manifest is of kind {found.get('kind')!r}, format {form!r}.")
    if form > FORMAT:
        raise ArtefactError("RR511", f"Its manifest has format {form}; this version reads up to {FORMAT}.")
    if lacking := [key for key, kind in _KEYS.items() if not isinstance(found.get(key), kind)]:
        raise ArtefactError("RR510", f"Its manifest lacks {lacking}, or holds something else there.")
    if found["storage"] not in MODEL_FILES:
        raise ArtefactError(
            "RR510", f"Its model is stored as {found['storage']!r}; known are {list(MODEL_FILES)}."
        )


def check_versions(found: Mapping[str, Any]) -> None:
    """Refuse what a newer version of this package wrote, and trees of another one or of another scikit-learn.

    Parameters as JSON are read by every later version: their format has its own number.

    Raises
    ------
    ArtefactError
        RR511 and RR517.
    """
    if _minor(found["retaliation_risk"]) > _minor(__version__):
        raise ArtefactError("RR511", f"It was written by {found['retaliation_risk']}; this is {__version__}.")
    if found["storage"] == "parameters":
        return
    had = {"retaliation-risk": found["retaliation_risk"], **{n: found["libraries"].get(n) for n in BINDING}}
    have = {"retaliation-risk": __version__, **{name: version(name) for name in BINDING}}
    if other := [name for name in have if _minor(had[name]) != _minor(have[name])]:
        told = ", ".join(f"{name} {had[name]} (installed is {have[name]})" for name in other)
        raise ArtefactError("RR517", f"It was stored with {told}.")


def manifest_of(found: Mapping[str, Any]) -> Manifest:
    """Return the manifest behind :meth:`Manifest.as_dict`, whose head was checked.

    Raises
    ------
    ArtefactError
        RR510 where it cannot be read as such.
    """
    if not all(isinstance(name, str) for name in found["columns"]):
        raise ArtefactError("RR510", "The columns of its manifest are no names.")
    if not all(isinstance(risk, int | float) for risk in found["probe"]):
        raise ArtefactError("RR510", "The probe of its manifest is no list of numbers.")
    return Manifest(
        about=About.from_dict(found["about"]),
        columns=tuple(found["columns"]),
        storage=found["storage"],
        probe=tuple(map(float, found["probe"])),
        files=found["files"],
        package=found["retaliation_risk"],
        python=found["python"],
        libraries=found["libraries"],
    )


def _minor(text: Any) -> tuple[int, int]:
    """First two numbers of a version.

    Examples
    --------
    >>> _minor("1.10.2rc1"), _minor("2"), _minor(None)
    ((1, 10), (2, 0), (-1, -1))
    """
    found = re.match(r"(\d{1,6})(?:\.(\d{1,6}))?", text) if isinstance(text, str) else None
    return (int(found[1]), int(found[2] or 0)) if found else (-1, -1)

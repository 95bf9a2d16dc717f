"""The files of an artefact: sealed by size and checksum, read once, and only after every one of them has been checked.

What is checked is the bytes that are then used, not the files they came from: nobody can change a file in between.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retaliation_risk._texts import json_of
from retaliation_risk.errors import ArtefactError

MANIFEST = "manifest.json"
CARD = "MODEL_CARD.md"
REFERENCE = "reference.json"

#: The file that holds the model, by how it is stored.
MODEL_FILES: Mapping[str, str] = {
    "parameters": "parameters.json",
    "skops": "model.skops",
    "joblib": "model.joblib",
}

#: A manifest is text about a model; one above this size, in bytes, is something else.
LARGEST_MANIFEST = 16 * 2**20


def names_of(storage: str) -> tuple[str, ...]:
    """Return the files of an artefact beside its manifest; no other name is ever opened.

    Examples
    --------
    >>> names_of("parameters")
    ('MODEL_CARD.md', 'parameters.json', 'reference.json')
    """
    return tuple(sorted((CARD, REFERENCE, MODEL_FILES[storage])))


def seal(content: bytes) -> dict[str, Any]:
    """Return size and checksum of a file's content.

    Examples
    --------
    >>> seal(b"")["bytes"], seal(b"")["sha256"][:8]
    (0, 'e3b0c442')
    """
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def write_json(value: Any) -> bytes:
    """Return a value as strict JSON; equal values are equal bytes."""
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read_json(name: str, content: bytes, code: str) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Raises
    ------
    ArtefactError
        With the given code if it holds none.
    """
    try:
        found = json_of(content)
    except ValueError as error:
        raise ArtefactError(code, f"{name} is not JSON ({error}).") from error
    if not isinstance(found, dict):
        raise ArtefactError(code, f"{name} holds a {type(found).__name__}, not an object.")
    return found


def read_manifest(folder: Path) -> bytes:
    """Return the bytes of the manifest.

    Raises
    ------
    ArtefactError
        RR510 where there is none, or one that is too large; RR513 where it is no plain file.
    """
    if not (folder / MANIFEST).is_symlink() and not (folder / MANIFEST).exists():
        raise ArtefactError("RR510", f"{str(folder)!r} has no {MANIFEST}.")
    if (size := _size(folder / MANIFEST)) > LARGEST_MANIFEST:
        raise ArtefactError("RR510", f"{MANIFEST} has {size} bytes; at most {LARGEST_MANIFEST} are read.")
    return _read(folder / MANIFEST, size)


def read_files(folder: Path, storage: str, listed: Any) -> dict[str, bytes]:
    """Return the content of every file that the manifest lists, if they are all there, as written, and no others.

    Raises
    ------
    ArtefactError
        RR513 for files that do not belong there, RR512 for those that are missing or changed.
    """
    names = names_of(storage)
    if not isinstance(listed, dict) or sorted(listed) != list(names):
        raise ArtefactError(
            "RR513", f"the manifest lists {sorted(listed)}; a model stored as {storage} has {list(names)}."
        )
    there = {entry.name for entry in os.scandir(folder)} - {MANIFEST}
    if stray := sorted(there - set(names)):
        raise ArtefactError("RR513", f"{str(folder)!r} holds {stray}, which the manifest does not list.")
    if lost := sorted(set(names) - there):
        raise ArtefactError("RR512", f"{str(folder)!r} lacks {lost}, which the manifest lists.")
    sizes = {name: _size(folder / name) for name in names}
    for name in names:
        if not isinstance(listed[name], dict) or sizes[name] != listed[name].get("bytes"):
            raise ArtefactError("RR512", f"{name} has {sizes[name]} bytes; the manifest says {listed[name]}.")
    return {name: _sealed(folder / name, listed[name]) for name in names}


def _sealed(path: Path, listed: Mapping[str, Any]) -> bytes:
    content = _read(path, int(listed["bytes"]))
    if (found := seal(content)) != {key: listed.get(key) for key in found}:
        raise ArtefactError(
            "RR512", f"{path.name} has sha256 {found['sha256']}; the manifest says {listed.get('sha256')}."
        )
    return content


def _size(path: Path) -> int:
    """Size of a plain file; links, folders and pipes are refused, wherever they lead."""
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode):
        raise ArtefactError("RR513", f"{path.name} is no plain file (a link, folder or pipe).")
    return about.st_size


def _read(path: Path, size: int) -> bytes:
    """Read a file, and one byte more than its size to notice that it grew; a link in its place is not followed."""
    try:
        opened = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise ArtefactError("RR512", f"{path.name} cannot be read ({error.strerror}).") from error
    with os.fdopen(opened, "rb") as file:
        return file.read(size + 1)

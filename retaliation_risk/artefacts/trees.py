"""Models that are not written as JSON: trees as a skops archive, held to a list of ours before anything is made of it.

A skops archive is a zip of a description, ``schema.json``, and of arrays. The description names classes, which skops imports
and fills. Three things are asked before: that the archive is a plain one (nothing compressed, so nothing can swell; no
name but those of arrays), that every class in it stands in :data:`PARTS`, and that it is of the format written here. skops
then asks the second question again in its own way. Afterwards the trees themselves are looked through: scikit-learn walks
them without asking whether a child or a column exists, so that made-up ones would read memory that is not theirs.
"""

from __future__ import annotations

import copy
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier

from retaliation_risk.artefacts.files import read_json
from retaliation_risk.errors import ArtefactError
from retaliation_risk.models import Boosting, Model

SCHEMA = "schema.json"

#: Every part of which a model of trees is made: how skops makes it, and its class. Nothing else is ever imported. The list
#: is never read from an artefact; a test holds it to what trees need.
PARTS: frozenset[tuple[str, str]] = frozenset(
    {
        ("DictNode", "builtins.dict"),
        ("JsonNode", "builtins.str"),
        ("ListNode", "builtins.list"),
        ("NdArrayNode", "numpy.ndarray"),
        ("NdArrayNode", "numpy.uint64"),
        ("ObjectNode", "retaliation_risk.models._calibration.Calibrator"),
        ("ObjectNode", f"{Boosting.__module__}.Boosting"),
        ("ObjectNode", "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper"),
        (
            "ObjectNode",
            "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        ),
        ("ObjectNode", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"),
        ("ObjectNode", "sklearn.preprocessing._label.LabelEncoder"),
        ("TupleNode", "builtins.tuple"),
        ("TypeNode", "builtins.str"),
    }
)

#: What scikit-learn needs to grow trees and not to walk them; left out, as every class less is one less to be made.
_TO_GROW = ("_loss", "_feature_subsample_rng")

#: The earliest date a zip can have: archives have no time of their own.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def write_trees(model: Boosting) -> bytes:
    """Return a fitted model of trees as an archive; equal models are equal bytes.

    skops names arrays by where they happened to lie in memory; here they are numbered in the order they come.
    """
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(_lean(model)))) as found:
        schema, numbers = _numbered(json.loads(found.read(SCHEMA)))
        arrays = {
            f"{number}.npy": found.read(f"{key}.npy") for key, number in numbers.items() if _held(found, key)
        }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in {SCHEMA: json.dumps(schema, indent=1).encode(), **arrays}.items():
            archive.writestr(zipfile.ZipInfo(name, _NO_TIME), content)
    return written.getvalue()


def read_trees(content: bytes) -> Boosting:
    """Return the model that an archive of :func:`write_trees` holds.

    Raises
    ------
    ArtefactError
        RR514 for an archive that is not a plain one or names a class beside :data:`PARTS`, RR515 for one that holds no sound
        model. Nothing but the classes of :data:`PARTS` has been imported or filled.
    """
    check_archive(content)
    try:
        model = skops.io.loads(content, trusted=[name for _, name in PARTS])
    # An archive that was made up can fail anywhere in skops, numpy or scikit-learn, in any way.
    except Exception as error:
        raise ArtefactError(
            "RR515", f"model.skops cannot be read ({type(error).__name__}: {error})."
        ) from error
    if not isinstance(model, Boosting) or not _sound(model):
        raise ArtefactError("RR515", "model.skops holds no boosted trees that can be walked.")
    return model


def check_archive(content: bytes) -> None:
    """Refuse an archive that is not a plain one, or asks for a class that is not ours, without making anything of it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_plain(archive.infolist(), len(content))
            schema = read_json(SCHEMA, archive.read(SCHEMA), "RR514")
            if foreign := sorted({f"{name} ({loader})" for loader, name in _parts(schema)} - _WRITTEN):
                raise ArtefactError("RR514", f"model.skops asks for {foreign[:3]}.")
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        RecursionError,
        NotImplementedError,
        EOFError,
        OSError,
    ) as error:
        if isinstance(error, ArtefactError):
            raise
        raise ArtefactError("RR514", f"model.skops is no skops archive ({error}).") from error


def _lean(model: Boosting) -> Boosting:
    """Return a copy that predicts the same and has left behind what only growing needs."""
    lean = copy.copy(model)
    lean.trees_ = copy.copy(model.trees_)
    for name in _TO_GROW:
        vars(lean.trees_).pop(name, None)
    return lean


_WRITTEN = frozenset(f"{name} ({loader})" for loader, name in PARTS)


def _check_plain(members: list[zipfile.ZipInfo], size: int) -> None:
    """Nothing compressed or encrypted, no name but the schema's and those of arrays, none twice, no more than there is."""
    names = [member.filename for member in members]
    if odd := [name for name in names if name != SCHEMA and not re.fullmatch(r"[0-9]{1,9}\.npy", name)]:
        raise ArtefactError("RR514", f"model.skops holds {odd[:3]}; only {SCHEMA} and arrays belong there.")
    if len(set(names)) != len(names):
        raise ArtefactError("RR514", "model.skops holds a file twice.")
    packed = [m.filename for m in members if m.compress_type != zipfile.ZIP_STORED or m.flag_bits & 1]
    if packed or sum(member.file_size for member in members) > size:
        raise ArtefactError(
            "RR514", f"model.skops holds compressed files {packed[:3]}; they could swell without bound."
        )


def _parts(value: Any) -> Iterator[tuple[str, str]]:
    """Every class that a schema names, with the loader it asks for; whatever is half a class is one of the unknown."""
    if isinstance(value, dict):
        if {"__class__", "__module__", "__loader__"} & value.keys():
            yield str(value.get("__loader__")), f"{value.get('__module__')}.{value.get('__class__')}"
        for item in value.values():
            yield from _parts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _parts(item)


def _numbered(schema: Mapping[str, Any]) -> tuple[Any, dict[int, int]]:
    """Return the schema with the places in memory numbered from 1, and the number of each."""
    numbers: dict[int, int] = {}

    def number(value: Any) -> Any:
        if isinstance(value, list):
            return [number(item) for item in value]
        if not isinstance(value, dict):
            return value
        found = {key: number(item) for key, item in value.items()}
        if isinstance(value.get("__id__"), int):
            found["__id__"] = numbers.setdefault(value["__id__"], len(numbers) + 1)
        if value.get("type") == "numpy" and "file" in value:
            key = int(str(value["file"]).removesuffix(".npy"))
            found["file"] = f"{numbers.setdefault(key, len(numbers) + 1)}.npy"
        return found

    return number(schema), numbers


def _held(archive: zipfile.ZipFile, key: int) -> bool:
    return f"{key}.npy" in archive.namelist()


def _sound(model: Model) -> bool:
    """Whether every node of every tree leads to later nodes of its tree and to columns that there are."""
    try:
        trees = model.trees_  # type: ignore[attr-defined]
        columns = int(np.sum(model.used_))  # type: ignore[attr-defined]
        plain = type(trees) is HistGradientBoostingClassifier and trees.n_features_in_ == columns
        nothing_named = trees.is_categorical_ is None and trees._bin_mapper.is_categorical_.sum() == 0
        return bool(
            plain
            and nothing_named
            and all(_walkable(tree.nodes, columns) for stage in trees._predictors for tree in stage)
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return False


def _walkable(nodes: Any, columns: int) -> bool:
    """Children stand after their parents, so that every walk ends, and inside the tree."""
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    left, right = nodes["left"][inner].astype(np.int64), nodes["right"][inner].astype(np.int64)
    later = (left > inner).all() and (right > inner).all()
    inside = (left < len(nodes)).all() and (right < len(nodes)).all()
    column = nodes["feature_idx"][inner]
    known = (column >= 0).all() and (column < columns).all()
    return bool(len(nodes) and later and inside and known and not nodes["is_categorical"].any())

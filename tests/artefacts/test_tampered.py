"""Folders that somebody damaged, forged or armed: each is refused with its code, and nothing of it ever runs."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from importlib.metadata import version

import joblib
import numpy as np
import pytest

from retaliation_risk._version import __version__
from retaliation_risk.artefacts import load_artefact
from retaliation_risk.artefacts import trees as archive
from retaliation_risk.errors import ArtefactError
from retaliation_risk.models import Boosting
from tests.models.conftest import HORIZON, simulate

from .conftest import manifest_in, reseal


class Bomb:
    """Makes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def refused(folder, code, match="", **options):
    """Refuse with this code, exit code 5, and without a file that only running code would make."""
    with pytest.raises(ArtefactError, match=f"(?s)^{code} .*{match}") as caught:
        load_artefact(folder, **options)
    assert caught.value.exit_code == 5
    assert not (folder.parent / "ran").exists()


def edit(folder, change):
    """Change the manifest and nothing else."""
    manifest = manifest_in(folder)
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def parameters(folder, change):
    """Change the parameters and seal them anew."""
    found = json.loads((folder / "parameters.json").read_text(encoding="utf-8"))
    change(found)
    (folder / "parameters.json").write_text(json.dumps(found), encoding="utf-8")
    reseal(folder)


def test_the_bomb_goes_off_where_it_is_let(tmp_path):
    pickle.loads(pickle.dumps(Bomb(tmp_path / "ran"))).close()
    assert (tmp_path / "ran").exists()


# Not an artefact, or of another kind or time.


def test_no_folder_and_no_manifest(tmp_path):
    refused(tmp_path / "nowhere", "RR510", "has no manifest.json")
    refused(tmp_path, "RR510", "has no manifest.json")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "holds a list"),
        ("[" * 100_000, "not JSON"),
        ("\x00\xff", "not JSON"),
        ('{"format": 1}', "kind None, format None"),
        ('{"kind": "retaliation-risk model", "format_version": true}', "format True"),
        ('{"kind": "retaliation-risk model", "format_version": 1}', r"lacks \['retaliation_risk', 'python'"),
    ],
)
def test_manifests_that_are_none(tmp_path, text, match):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "manifest.json").write_text(text, encoding="utf-8")
    refused(tmp_path / "m", "RR510", match)


def test_a_manifest_of_endless_size_is_not_read(tmp_path):
    (tmp_path / "m").mkdir()
    with (tmp_path / "m" / "manifest.json").open("wb") as file:
        file.truncate(2**34)
    refused(tmp_path / "m", "RR510", "17179869184 bytes; at most")


def test_newer_formats_and_packages_are_refused_before_their_files_are_read(stored):
    folder = stored("cox")
    edit(folder, lambda m: m.update(format_version=2))
    (folder / "parameters.json").unlink()
    refused(folder, "RR511", "format 2; this version reads up to 1")
    folder = stored("cox", "later")
    edit(folder, lambda m: m.update(retaliation_risk="99.1.0"))
    refused(folder, "RR511", f"written by 99.1.0; this is {__version__}")


def test_trees_are_bound_to_scikit_learn_and_parameters_are_not(stored):
    folder = stored("boosting")
    edit(folder, lambda m: m["libraries"].update({"scikit-learn": "0.9.0"}))
    refused(folder, "RR517", "scikit-learn 0.9.0 .installed is")
    folder = stored("cox", "linear")
    edit(folder, lambda m: m["libraries"].update({"scikit-learn": "0.9.0"}))
    assert load_artefact(folder).manifest.about.model == "cox"


@pytest.mark.parametrize(
    "key", ["kind", "retaliation_risk", "libraries", "storage", "about", "columns", "files"]
)
def test_every_key_is_required(stored, key):
    folder = stored("rule")
    edit(folder, lambda m: m.pop(key))
    refused(folder, "RR510", "kind None" if key == "kind" else f"lacks \\['{key}'\\]")


def test_unknown_storage(stored):
    folder = stored("rule")
    edit(folder, lambda m: m.update(storage="pickle"))
    refused(folder, "RR510", "stored as 'pickle'")


# Damaged.


@pytest.mark.parametrize("name", ["parameters.json", "reference.json", "MODEL_CARD.md"])
def test_every_file_is_held_to_its_size_and_checksum(stored, name):
    folder = stored("cox")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-10])
    refused(folder, "RR512", f"{name} has {len(content) - 10} bytes")
    (folder / name).write_bytes(bytes([content[0] ^ 1]) + content[1:])
    refused(folder, "RR512", f"{name} has sha256")
    (folder / name).unlink()
    refused(folder, "RR512", f"lacks \\['{name}'\\]")


def test_an_interrupted_copy_is_refused(stored):
    folder = stored("boosting")
    content = (folder / "model.skops").read_bytes()
    (folder / "model.skops").write_bytes(content[: len(content) // 2])
    refused(folder, "RR512", "model.skops has")


# Files that do not belong there.


@pytest.mark.parametrize(
    "name", ["../ran", "/etc/passwd", "sub/x.json", "manifest.json", "model.joblib", "..", ""]
)
def test_no_other_name_is_ever_followed(stored, name):
    folder = stored("cox")
    reseal(folder, lambda m: m["files"].update({name: {"bytes": 1, "sha256": "0"}}))
    refused(folder, "RR513", "the manifest lists")
    reseal(folder, lambda m: m["files"].pop(name))
    reseal(folder, lambda m: m["files"].update({name: m["files"].pop("reference.json")}))
    refused(folder, "RR513", "the manifest lists")


def test_files_that_nobody_listed(stored):
    folder = stored("cox")
    (folder / "sitecustomize.py").write_text("raise SystemExit", encoding="utf-8")
    refused(folder, "RR513", r"holds \['sitecustomize.py'\]")
    (folder / "sitecustomize.py").unlink()
    (folder / "__pycache__").mkdir()
    refused(folder, "RR513", "__pycache__")


@pytest.mark.parametrize("name", ["manifest.json", "parameters.json", "reference.json"])
def test_links_are_not_followed_even_to_the_same_content(stored, tmp_path, name):
    folder = stored("cox")
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    refused(folder, "RR513", f"{name} is no plain file")
    (tmp_path / name).unlink()
    refused(folder, "RR513", f"{name} is no plain file")


def test_pipes_and_folders_in_place_of_files(stored):
    folder = stored("cox")
    (folder / "parameters.json").unlink()
    os.mkfifo(folder / "parameters.json")
    refused(folder, "RR513", "no plain file")
    (folder / "parameters.json").unlink()
    (folder / "parameters.json").mkdir()
    refused(folder, "RR513", "no plain file")


# Armed.


def test_a_pickle_named_skops(stored, tmp_path):
    folder = stored("boosting")
    (folder / "model.skops").write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    refused(folder, "RR512", "model.skops has")
    reseal(folder)
    refused(folder, "RR514", "no skops archive")


def test_a_pickle_named_joblib_is_not_opened_unasked(stored, tmp_path):
    folder = stored("cox")
    (folder / "parameters.json").unlink()
    joblib.dump(Bomb(tmp_path / "ran"), folder / "model.joblib")
    refused(folder, "RR513", "model.joblib")

    def armed(manifest):
        manifest["storage"] = "joblib"
        del manifest["files"]["parameters.json"]
        manifest["files"]["model.joblib"] = {"bytes": 0, "sha256": ""}

    edit(folder, armed)
    reseal(folder)
    refused(folder, "RR516", "joblib is not allowed")


def test_a_pickle_that_is_not_the_one_sealed_is_not_opened_even_when_allowed(stored, tmp_path):
    folder = stored("cox")
    (folder / "parameters.json").rename(folder / "model.joblib")

    def armed(manifest):
        manifest["storage"] = "joblib"
        manifest["files"]["model.joblib"] = manifest["files"].pop("parameters.json")

    edit(folder, armed)
    joblib.dump(Bomb(tmp_path / "ran"), folder / "model.joblib")
    refused(folder, "RR512", "model.joblib has", allow_joblib=True)


@pytest.mark.parametrize("model", ["os.system", "Boosting", "subprocess.Popen", "__builtins__", None, 7])
def test_parameters_of_a_class_that_is_not_ours(stored, model):
    folder = stored("cox")
    parameters(folder, lambda p: p.update(model=model))
    refused(folder, "RR514", "it must be one of")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda p: p.pop("state"), "lack"),
        (lambda p: p["settings"].update(classifier="x"), "unexpected keyword"),
        (lambda p: p["state"].clear(), "KeyError"),
        (lambda p: p["state"]["coefficients_"].update(dtype="<U999999999"), "arrays of .'<U999999999'"),
        (lambda p: p["state"]["coefficients_"].update(array=[[1], [1, 2]]), "inhomogeneous"),
        (lambda p: p["state"]["risk_coefficients_"].update(array=[1.0]), "cannot predict"),
        (lambda p: p["state"].update(design_={"design": {}}), "parameters.json"),
    ],
)
def test_parameters_that_are_no_model(stored, change, match):
    folder = stored("cox")
    parameters(folder, change)
    refused(folder, "RR515", match)


def test_parameters_that_predict_something_else(stored):
    folder = stored("cox")
    parameters(folder, lambda p: p["state"]["risk_coefficients_"]["array"].__setitem__(0, 0.5))
    refused(folder, "RR518", "had the risks")


def test_another_model_in_place_of_this_one(stored):
    folder, other = stored("cox"), stored("prevalence", "other")
    (folder / "parameters.json").write_bytes((other / "parameters.json").read_bytes())
    reseal(folder)
    refused(folder, "RR518")


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f["value"].update(formula="().__class__.__mro__"),
        lambda f: f["value"].update(formula="__import__('os').system('touch ran')"),
        lambda f: f["value"].update(formula="exp(9 ** 9 ** 9)"),
        lambda f: f["value"].update(formula="1 << 999999999999"),
        lambda f: f["value"].update(formula="'a' * 999999999999"),
        lambda f: f["value"].update(formula="+".join("1" * 999)),
        lambda f: f["value"].update(formula="("),
        lambda f: f.update(when="().__class__"),
        lambda f: f.update(when="[x for x in (1,)]"),
        lambda f: f.update(phrase="{value.__class__.__init__}"),
        lambda f: f.update(phrase="{value:>999999999999}"),
        lambda f: f.update(phrase="{"),
        lambda f: f.update(name="calls; DROP TABLE customers"),
        lambda f: f.update(name=7),
        lambda f: f.update(value={"operation": "system", "log": "tickets"}),
        lambda f: f.update(value={"operation": "count", "log": "read_csv('/etc/passwd')"}),
        lambda f: f.update(value={"operation": "count", "log": "tickets", "where": "1=1"}),
        lambda f: f.update(value={"operation": "sum", "log": "tickets", "column": "password"}),
        lambda f: f.update(colour="red"),
        lambda f: f.pop("about"),
    ],
)
def test_declarations_that_are_more_than_declarations(stored, change):
    folder = stored("cox")
    edit(folder, lambda m: change(m["about"]["features"][3]))
    refused(folder, "RR510")


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.update(window={}),
        lambda a: a["window"].update(first="tomorrow"),
        lambda a: a.update(horizon_days=-1),
        lambda a: a.update(horizon_days="30"),
        lambda a: a["definitions"].update(evidence=["gossip"]),
        lambda a: a["features"].append(a["features"][0]),
        lambda a: a.update(metrics=[1]),
    ],
)
def test_what_is_said_of_the_model_must_be_readable(stored, change):
    folder = stored("cox")
    edit(folder, lambda m: change(m["about"]))
    refused(folder, "RR510", "cannot be read|features are")


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["columns"][0].update(n=1),
        lambda r: r["columns"][0].update(edges=[2.0, 1.0]),
        lambda r: r["columns"].pop(),
        lambda r: r["risk"].pop("counts"),
        lambda r: r.update(columns=7),
    ],
)
def test_references_that_do_not_add_up(stored, change):
    folder = stored("cox")
    found = json.loads((folder / "reference.json").read_text(encoding="utf-8"))
    change(found)
    (folder / "reference.json").write_text(json.dumps(found), encoding="utf-8")
    reseal(folder)
    refused(folder, "RR515")


# Archives of trees.


@pytest.fixture(scope="module")
def trees():
    X, y = simulate(600, seed=4)
    return Boosting(HORIZON, max_iter=3, min_samples_leaf=20).fit(X, y)


def members(content):
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        return {name: found.read(name) for name in found.namelist()}


def packed(files, compression=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def with_schema(trees, change):
    files = members(archive.write_trees(trees))
    schema = json.loads(files["schema.json"])
    change(schema)
    return packed({**files, "schema.json": json.dumps(schema).encode()})


def test_the_list_of_parts_is_what_trees_need_and_no_more():
    needed = set()
    for n, signs in ((300, None), (1500, {"calls": -1})):
        X, y = simulate(n, seed=5)
        content = archive.write_trees(
            Boosting(HORIZON, max_iter=3, signs=signs).fit(X.assign(none=np.nan), y)
        )
        needed |= set(archive._parts(json.loads(members(content)["schema.json"])))
    # Trees of older versions of scikit-learn hold no encoder of labels.
    older = {("ObjectNode", "sklearn.preprocessing._label.LabelEncoder")}
    assert needed | older == archive.PARTS
    assert needed == archive.PARTS or version("scikit-learn") < "1.8"


def test_storing_leaves_the_model_as_it_was(trees):
    before = pickle.dumps(trees)
    archive.write_trees(trees)
    assert pickle.dumps(trees) == before


def part(loader, module, name, **more):
    return {"__loader__": loader, "__module__": module, "__class__": name, "__id__": 10**6, **more}


@pytest.mark.parametrize(
    "armed",
    [
        part("FunctionNode", "os", "system", content={}),
        part("ObjectNode", "subprocess", "Popen", content={}),
        part("TypeNode", "builtins", "eval"),
        part("OperatorFuncNode", "operator", "methodcaller", attrs={}),
        part("MethodNode", "builtins", "str", content={}),
        part("PartialNode", "functools", "partial", content={}),
        part("ObjectNode", "sklearn.linear_model._logistic", "LogisticRegression", content=None),
        part("ObjectNode", "retaliation_risk.models.hazard", "Hazard", content=None),
        part("ObjectNode", "builtins", "dict", content=None),
        {"__loader__": "FunctionNode", "content": "os.system"},
        {"__class__": "system", "__module__": "posix"},
    ],
)
def test_archives_that_ask_for_other_classes(trees, armed, monkeypatch):
    monkeypatch.setattr(archive.skops.io, "loads", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(ArtefactError, match="RR514 .*asks for"):
        archive.read_trees(with_schema(trees, lambda s: s["content"]["content"].update(armed=armed)))


def test_archives_are_plain(trees):
    files = members(archive.write_trees(trees))
    for content, match in (
        (packed(files, zipfile.ZIP_DEFLATED), "compressed files"),
        (packed({**files, "../../ran": b""}), r"holds \['../../ran'\]"),
        (packed({**files, "model.pkl": b""}), "model.pkl"),
        (packed({n: c for n, c in files.items() if n != "schema.json"}), "no skops archive"),
        (packed({**files, "schema.json": b"[]"}), "holds a list"),
        (packed({**files, "schema.json": b"{" * 10**5}), "schema.json is not JSON"),
        (b"", "no skops archive"),
        (archive.write_trees(trees)[:-50], "no skops archive"),
    ):
        with pytest.raises(ArtefactError, match=f"RR514 .*{match}"):
            archive.read_trees(content)


def test_a_zip_bomb_is_not_unpacked(trees):
    files = members(archive.write_trees(trees))
    bomb = packed({**files, "999.npy": b"\0" * 300_000_000}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 1_000_000
    with pytest.raises(ArtefactError, match="RR514 .*swell without bound"):
        archive.check_archive(bomb)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(trees):
    out = io.BytesIO(archive.write_trees(trees))
    with zipfile.ZipFile(out, "a") as made:
        made.writestr("schema.json", "{}")
    with pytest.raises(ArtefactError, match="RR514 .*a file twice"):
        archive.check_archive(out.getvalue())


def test_an_array_that_claims_to_be_larger_than_it_is(trees):
    files = members(archive.write_trees(trees))
    out = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(out, header)
    name = max(files, key=lambda name: len(files[name]) if name.endswith(".npy") else 0)
    with pytest.raises(ArtefactError, match="RR515 .*cannot be read"):
        archive.read_trees(packed({**files, name: out.getvalue()}))


@pytest.mark.parametrize(
    ("field", "value"),
    [("left", 10**6), ("right", 0), ("feature_idx", 10**6), ("feature_idx", -1), ("is_categorical", 1)],
)
def test_trees_that_lead_out_of_themselves_are_never_walked(trees, field, value):
    copy = pickle.loads(pickle.dumps(trees))
    nodes = copy.trees_._predictors[0][0].nodes
    assert not nodes["is_leaf"][0]
    nodes[field][0] = value
    with pytest.raises(ArtefactError, match="RR515 .*that can be walked"):
        archive.read_trees(archive.write_trees(copy))


def test_other_models_in_place_of_trees(trees):
    content = with_schema(trees, lambda s: s.update(s["content"]["content"]["trees_"]))
    with pytest.raises(ArtefactError, match="RR515"):
        archive.read_trees(content)

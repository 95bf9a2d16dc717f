"""The reader of posts: it learns what is there, finds nothing where nothing is, and is stored as plain numbers."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from retaliation_risk.cli import main
from retaliation_risk.errors import ArgumentError, ArtefactError, GateError
from retaliation_risk.posts import LABELS, fit_posts, load_posts, save_posts

WORDS = {
    "vindictive": ["warn", "everyone", "shame", "boycott"],
    "reparation": ["refund", "please", "replace", "reply"],
}
PLAIN = ["the", "order", "was", "late", "and", "nobody", "called", "me"]


def posts(n=240, seed=0, told=True):
    """Invented posts: plain words, and two of those of their label, unless nothing is told."""
    draw = np.random.default_rng(seed)
    labels = draw.choice(LABELS, n).tolist()
    texts = [
        " ".join([*draw.choice(PLAIN, 5), *(draw.choice(WORDS[label], 2) if told else [])])
        for label in labels
    ]
    return texts, labels


def test_what_labels_have_in_common_is_learned():
    texts, labels = posts()
    fit = fit_posts(texts, labels)
    assert fit.kappa.low > 0.8
    assert fit.table.to_numpy().sum() == len(texts)
    fresh, truth = posts(seed=1)
    said = fit.model.predict(fresh) >= 0.5
    assert (said == [label == "vindictive" for label in truth]).mean() > 0.95


def test_where_there_is_nothing_to_learn_it_agrees_by_chance():
    fit = fit_posts(*posts(n=400, told=False))
    assert fit.kappa.low < 0 < fit.kappa.high


def test_an_author_is_never_both_learned_from_and_judged():
    # Each author has a word of their own and one label: it helps only where the author was seen.
    draw = np.random.default_rng(2)
    of = {f"a{k}": LABELS[int(draw.integers(2))] for k in range(140)}
    authors = [author for author in of for _ in range(4)]
    texts = [f"{author} {' '.join(draw.choice(PLAIN, 3))}" for author in authors]
    labels = [of[author] for author in authors]
    assert fit_posts(texts, labels).kappa.value > 0.8
    assert fit_posts(texts, labels, authors=authors).kappa.value < 0.4


def test_too_little_is_refused():
    with pytest.raises(GateError, match="RR156 .*50 are needed"):
        fit_posts(*posts(n=60))
    texts, labels = posts()
    with pytest.raises(GateError, match="RR156 .*1 authors wrote"):
        fit_posts(texts, labels, authors=["one"] * len(texts))
    with pytest.raises(ArgumentError, match="RR111 .*label is 'angry'"):
        fit_posts(texts, ["angry", *labels[1:]])
    with pytest.raises(ArgumentError, match="RR111 .*239 labels"):
        fit_posts(texts, labels[1:])


def test_a_stored_model_says_the_same(tmp_path):
    fit = fit_posts(*posts())
    save_posts(fit.model, tmp_path / "model.json")
    again = load_posts(tmp_path / "model.json")
    assert again == fit.model
    fresh, _ = posts(seed=3)
    np.testing.assert_array_equal(again.predict(fresh), fit.model.predict(fresh))
    with pytest.raises(ArgumentError, match="RR108"):
        save_posts(fit.model, tmp_path / "model.json")


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"idf": [1.0]}, {"intercept": "0"}, {"terms": ["a", "a"]}, {"extra": 1}, {"coefficients": [1e999]}],
    ids=str,
)  # fmt: skip
def test_a_changed_model_is_refused(tmp_path, change):
    whole = {"format": 1, "note": "", "terms": ["a", "b"], "idf": [1.0, 1.0], "coefficients": [0.5, -0.5],
             "intercept": 0.0, "learned_from": {"vindictive": 50, "reparation": 50}}  # fmt: skip
    path = tmp_path / "model.json"
    path.write_text(json.dumps(whole))
    assert load_posts(path).predict(["a", "b b"]).tolist() == pytest.approx(
        [0.5, 0.5]
    )  # one letter is no word
    path.write_text(json.dumps({**whole, **change}))
    with pytest.raises(ArtefactError, match="RR157"):
        load_posts(path)
    path.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(ArtefactError, match="RR157"):
        load_posts(path)


def test_train_and_label_from_the_shell(tmp_path):
    texts, labels = posts()
    second = ["" if k % 5 == 0 else label for k, label in enumerate(labels)]
    frame = pd.DataFrame({"id": range(len(texts)), "text": texts, "label": labels, "second": second})
    frame.to_csv(tmp_path / "posts.csv", index=False)
    source, model, out = (str(tmp_path / name) for name in ("posts.csv", "model.json", "out.csv"))
    done = CliRunner().invoke(main, ["posts", "train", source, "--second", "second", "--out", model])
    assert done.exit_code == 0, done.output
    assert "two labellers, kappa: 1.00 [1.00, 1.00], 192 posts" in done.output
    assert "an aid, never truth" in done.output
    done = CliRunner().invoke(main, ["posts", "label", source, "--model", model, "--out", out])
    assert done.exit_code == 0, done.output
    made = pd.read_csv(out)
    assert list(made) == ["id", "label", "second", "probability", "suggestion"]
    assert made["probability"].between(0, 1).all()
    assert ((made["probability"] >= 0.5) == (made["suggestion"] == "vindictive")).all()
    assert (made["suggestion"] == labels).mean() > 0.95

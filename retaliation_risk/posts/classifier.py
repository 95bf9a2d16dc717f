"""Words weighed by a logistic regression, learned from labels of your own; an aid for reading, never truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from retaliation_risk.errors import ArgumentError, GateError
from retaliation_risk.posts.agreement import Agreement, compute_kappa, confusion

Floats = NDArray[np.float64]

LABELS = ("reparation", "vindictive")
"""What a post may want: to be made whole, or to get even."""

FEWEST_LABELS = 50
"""Posts of each label, and authors of each, below which nothing is learned."""

MOST_TERMS = 20_000
_FOLDS = 5
_READS = {"ngram_range": (1, 2), "sublinear_tf": True}


@dataclass(frozen=True)
class PostsModel:
    """Weights of words and pairs of words.

    Parameters
    ----------
    terms : tuple of str
    idf, coefficients : tuple of float
        One per term.
    intercept : float
    learned_from : dict of str to int
        Posts of each label.
    """

    terms: tuple[str, ...]
    idf: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    learned_from: dict[str, int]

    def predict(self, texts: Sequence[str]) -> Floats:
        """Probability that each post is vindictive, shape (n_posts,), if posts are such as those it learned from."""
        reader = TfidfVectorizer(vocabulary=list(self.terms), **_READS)
        reader.idf_ = np.array(self.idf)
        found: Floats = expit(reader.transform(texts) @ np.array(self.coefficients) + self.intercept)
        return found


@dataclass(frozen=True)
class PostsFit:
    """A model, and how far it agrees with the labels on posts (and authors) that it had not seen.

    ``probability`` has shape (n_posts,), out of fold; ``table`` counts labels (rows) by what the model says (columns).
    """

    model: PostsModel
    probability: Floats
    kappa: Agreement
    table: pd.DataFrame


def fit_posts(
    texts: Sequence[str], labels: Sequence[str], *, authors: Sequence[str] | None = None, seed: int = 0
) -> PostsFit:
    """Learn from labelled posts, and judge it in five folds.

    Classes are not weighted: so the probability stays a frequency of posts as they were labelled.

    Parameters
    ----------
    texts : sequence of str
    labels : sequence of str
        Of :data:`LABELS`, one per text.
    authors : sequence of str, optional
        No author is in two folds; without them each post counts as an author of its own.
    seed : int, default 0
        Of the folds.

    Raises
    ------
    ArgumentError
        RR111, a label that is none, or lengths that differ.
    GateError
        RR156, too few posts or authors of a label.
    """
    by = np.asarray(authors if authors is not None else range(len(texts)), dtype=object).astype(str)
    _check(texts, labels, by)
    y = np.array([label == LABELS[1] for label in labels])
    words = np.asarray(texts, dtype=object)
    probability = np.empty(len(words))
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed)
    for learn, judge in folds.split(words, y, by):
        probability[judge] = _fit(words[learn], y[learn]).predict(words[judge])
    said = np.where(probability >= 0.5, LABELS[1], LABELS[0]).tolist()
    return PostsFit(_fit(words, y), probability, compute_kappa(list(labels), said), confusion(labels, said))


def _fit(texts: NDArray[np.object_], y: NDArray[np.bool_]) -> PostsModel:
    reader = TfidfVectorizer(max_features=MOST_TERMS, **_READS)
    weighed = LogisticRegression(C=10.0, max_iter=1000).fit(reader.fit_transform(texts), y)
    return PostsModel(
        terms=tuple(map(str, reader.get_feature_names_out())),
        idf=tuple(map(float, reader.idf_)),
        coefficients=tuple(map(float, weighed.coef_[0])),
        intercept=float(weighed.intercept_[0]),
        learned_from={LABELS[0]: int((~y).sum()), LABELS[1]: int(y.sum())},
    )


def _check(texts: Sequence[str], labels: Sequence[str], authors: NDArray[np.str_]) -> None:
    if not len(texts) == len(labels) == len(authors):
        raise ArgumentError(
            "RR111",
            f"there are {len(texts)} texts, {len(labels)} labels and {len(authors)} authors; there must be as many of each.",
        )
    if strange := sorted({str(label) for label in labels} - {*LABELS}):
        raise ArgumentError("RR111", f"label is {strange[0]!r}; it must be one of {', '.join(LABELS)}.")
    people = {(label, author) for label, author in zip(labels, authors.tolist(), strict=True)}
    counts = Counter(label for label, _ in people)
    for label in LABELS:
        if counts[label] < FEWEST_LABELS:
            raise GateError(
                "RR156",
                f"{counts[label]} authors wrote posts labelled {label!r}; {FEWEST_LABELS} are needed.",
            )

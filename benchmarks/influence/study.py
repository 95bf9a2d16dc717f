"""Human judgements of pairs of profiles, predicted for pairs held out under three deals of folds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit
from sklearn.model_selection import GroupKFold, KFold

from retaliation_risk.datasets import fetch
from retaliation_risk.influence import (
    FollowersScore,
    Learned,
    PairBlend,
    PairLogit,
    PairTrees,
    RulesScore,
    Scorer,
    compute_gaming,
)
from retaliation_risk.metrics import auroc, brier, calibration_slope, wilson

Floats = npt.NDArray[np.float64]
Split = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]

#: Columns as published, without A_ or B_, and what they are called here. The network features have no published meaning.
COLUMNS = {
    "follower_count": "followers",
    "following_count": "following",
    "listed_count": "listed",
    "mentions_received": "mentions",
    "retweets_received": "shares",
    "mentions_sent": "mentions_sent",
    "retweets_sent": "shares_sent",
    "posts": "posts",
    "network_feature_1": "network_1",
    "network_feature_2": "network_2",
    "network_feature_3": "network_3",
}
SIGNALS = tuple(COLUMNS.values())

FOLDS = 5
#: Parts of the profiles for folds in which both profiles are new. Two of ten out leaves some 0.8 squared, 64 % of the pairs,
#: to learn from: fewer than the 80 % of five folds, for a quarter of the fits that would leave as many.
PARTS = 10

NOTHING = "nothing learned"

#: Scores with nothing to learn from pairs, then those that learn.
PLAIN: Mapping[str, Callable[[], Scorer]] = {"followers": FollowersScore, "rules": RulesScore}
LEARNED: Mapping[str, Callable[[], Learned]] = {
    "logit": lambda: PairLogit(SIGNALS),
    "curves": lambda: PairLogit(SIGNALS, curves=200),
    "trees": lambda: PairTrees(SIGNALS),
}


def read_pairs() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return profiles, one row for each that is different, and pairs: ``first``, ``second``, ``first_wins``."""
    raw = pd.read_csv(fetch("peerindex_train"))
    return as_pairs(raw)


def as_pairs(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tell profiles by their values: who has the same eleven numbers is the same account."""
    sides = [raw[[f"{side}_{name}" for name in COLUMNS]].to_numpy(dtype=float) for side in "AB"]
    unique, position = np.unique(np.concatenate(sides), axis=0, return_inverse=True)
    first, second = position.reshape(2, -1)
    pairs = pd.DataFrame({"first": first, "second": second, "first_wins": raw["Choice"] == 1})
    return pd.DataFrame(unique, columns=list(SIGNALS)), pairs


def dealt_freely(pairs: pd.DataFrame, seed: int) -> Iterator[Split]:
    """Five folds of rows: a pair that stands there twice may be learned and tested."""
    yield from KFold(FOLDS, shuffle=True, random_state=seed).split(pairs)


def same_pairs_together(pairs: pd.DataFrame, seed: int) -> Iterator[Split]:
    """Five folds; a pair that recurs, either way round, is in one of them. Its profiles recur in others."""
    both = np.sort(pairs[["first", "second"]].to_numpy(), axis=1)
    group = pd.DataFrame(both).groupby([0, 1]).ngroup().to_numpy()
    shuffled = np.random.default_rng(seed).permutation(group.max() + 1)[group]
    yield from GroupKFold(FOLDS).split(pairs, groups=shuffled)


def new_profiles(pairs: pd.DataFrame, seed: int, parts: int = PARTS) -> Iterator[Split]:
    """Fold for each two parts of the profiles: tested on pairs between them, learned from pairs without either part.

    Each pair is tested once, by a model that has seen neither of its profiles.
    """
    n = int(pairs[["first", "second"]].to_numpy().max()) + 1
    part = np.random.default_rng(seed).permutation(n) % parts
    sides = np.sort(part[pairs[["first", "second"]].to_numpy()], axis=1)
    for low in range(parts):
        for high in range(low, parts):
            test = np.flatnonzero((sides == (low, high)).all(axis=1))
            if len(test):
                yield np.flatnonzero(~np.isin(sides, (low, high)).any(axis=1)), test


DEALS: Mapping[str, Callable[[pd.DataFrame, int], Iterator[Split]]] = {
    "rows dealt out freely": dealt_freely,
    "same pairs in one fold": same_pairs_together,
    "both profiles new": new_profiles,
}


def held_out(
    profiles: pd.DataFrame, pairs: pd.DataFrame, make: Callable[[], Learned], splits: Iterator[Split]
) -> Floats:
    """Chance that the first of each pair wins, said by a model that has not seen the pair's fold.

    Medians and scales are learned from the profiles of the training pairs alone.
    """
    chance = np.full(len(pairs), np.nan)
    for train, test in splits:
        model = make().fit(*only(profiles, pairs.iloc[train]))
        chance[test] = model.win_probability(profiles, pairs.iloc[test])
    return chance


def only(profiles: pd.DataFrame, pairs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the profiles that stand in these pairs, and the pairs by their new positions."""
    seen, place = np.unique(pairs[["first", "second"]].to_numpy(), return_inverse=True)
    first, second = place.reshape(-1, 2).T
    return profiles.iloc[seen], pairs.assign(first=first, second=second)


def said_by_all(
    profiles: pd.DataFrame, pairs: pd.DataFrame, seeds: Mapping[str, int]
) -> dict[tuple[str, str], list[Floats]]:
    """Let every score say of every pair who is ahead, under every deal, one array for each of so many seeds."""
    said = {(name, NOTHING): [gap] for name, gap in plain_differences(profiles, pairs).items()}
    for deal, count in seeds.items():
        for name, make in LEARNED.items():
            said[name, deal] = [
                held_out(profiles, pairs, make, DEALS[deal](pairs, seed)) for seed in range(count)
            ]
        both = zip(said["curves", deal], said["trees", deal], strict=True)
        said["blend", deal] = [blended(curves, trees) for curves, trees in both]
    return said


def blended(*chances: Floats) -> Floats:
    """Return the chance that a :class:`~retaliation_risk.influence.PairBlend` of fits says: log-odds are averaged."""
    return np.asarray(expit(np.mean([logit(chance) for chance in chances], axis=0)))


def resamples(pairs: pd.DataFrame, n: int, seed: int = 0) -> Floats:
    """Weights of pairs when profiles are drawn with replacement, shape (n, n_pairs): the product of both counts."""
    first, second = pairs["first"].to_numpy(), pairs["second"].to_numpy()
    size = int(max(first.max(), second.max())) + 1
    rng = np.random.default_rng(seed)
    weights = np.empty((n, len(pairs)))
    for row in range(n):
        count = np.bincount(rng.integers(size, size=size), minlength=size)
        weights[row] = count[first] * count[second]
    return weights


def plain_differences(profiles: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, Floats]:
    """How far the first is above the second by each score that learns nothing from pairs."""
    found = {}
    for name, make in PLAIN.items():
        strength = make().fit(profiles).strength(profiles)
        found[name] = strength[pairs["first"]] - strength[pairs["second"]]
    return found


def auc_rows(
    pairs: pd.DataFrame, said: Mapping[tuple[str, str], list[Floats]], n_bootstrap: int
) -> pd.DataFrame:
    """AUC of each score under each deal: mean over seeds, lowest, highest, interval of the first seed, accuracy."""
    wins, weight = pairs["first_wins"].to_numpy(), resamples(pairs, n_bootstrap)
    rows = []
    for (model, deal), runs in said.items():
        found = [auroc(wins, chance) for chance in runs]
        low, high = np.nanquantile(auroc(wins, runs[0], weight=weight), [0.025, 0.975])
        middle = 0 if deal == NOTHING else 0.5
        accuracy = np.mean([((chance > middle) == wins).mean() for chance in runs])
        rows.append((model, deal, np.mean(found), min(found), max(found), low, high, accuracy))
    columns = ["model", "folds", "auc", "lowest", "highest", "low", "high", "accuracy"]
    return pd.DataFrame(rows, columns=columns)


def calibration_rows(pairs: pd.DataFrame, said: Mapping[tuple[str, str], list[Floats]]) -> pd.DataFrame:
    """Brier score and calibration slope of each learned score under each deal, of the first seed.

    Each pair counts both ways round, since which side is first means nothing; so the intercept is 0 and not shown.
    """
    wins = pairs["first_wins"].to_numpy()
    rows = [
        (model, deal, brier(wins, runs[0]), calibration_slope(*mirrored(wins, runs[0])))
        for (model, deal), runs in said.items()
        if deal != NOTHING
    ]
    return pd.DataFrame(rows, columns=["model", "folds", "brier", "slope"])


def calibration_curve(wins: npt.NDArray[np.bool_], chance: Floats, n_bins: int = 10) -> pd.DataFrame:
    """Chance said for the favourite, and how often it won, in bins of equally many pairs."""
    favourite = np.maximum(chance, 1 - chance)
    right = np.where(chance >= 0.5, wins, ~wins)
    bins = np.array_split(np.argsort(favourite, kind="stable"), n_bins)
    rows = [(len(some), favourite[some].mean(), right[some].mean()) for some in bins]
    curve = pd.DataFrame(rows, columns=["n", "predicted", "observed"])
    low, high = wilson(curve["observed"], curve["n"])
    return curve.assign(low=low, high=high)


def mirrored(wins: npt.NDArray[np.bool_], chance: Floats) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Each pair both ways round."""
    return np.concatenate([wins, ~wins]), np.concatenate([chance, 1 - chance])


def fitted(profiles: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, Scorer]:
    """Every score, fitted on all profiles and pairs."""
    makers = {**PLAIN, **LEARNED, "blend": lambda: PairBlend(SIGNALS)}
    return {name: make().fit(profiles, pairs) for name, make in makers.items()}


def score_table(scorers: Mapping[str, Scorer], profiles: pd.DataFrame) -> pd.DataFrame:
    """Score from 1 to 100 of each profile by each score, one column each; rows as in ``profiles``."""
    return pd.DataFrame({name: scorer.score(profiles) for name, scorer in scorers.items()})


def gaming(scorers: Mapping[str, Scorer], profiles: pd.DataFrame) -> pd.DataFrame:
    """Let accounts buy followers: all alike, and those of at most 1,000 followers."""
    small = profiles[profiles["followers"] <= 1000]
    return pd.concat(
        [compute_gaming(scorers, some).assign(accounts=name) for name, some in
         (("all", profiles), ("at most 1,000 followers", small))],
        ignore_index=True,
    )  # fmt: skip

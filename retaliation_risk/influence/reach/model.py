"""The three parts together: what one public act is expected to reach, and what it may."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.special import logit, ndtri
from scipy.stats import genpareto

from retaliation_risk._validate import positive, within
from retaliation_risk.errors import ArgumentError
from retaliation_risk.influence._counts import log_count
from retaliation_risk.influence.reach._newton import Floats
from retaliation_risk.influence.reach.body import Body
from retaliation_risk.influence.reach.hurdle import Hurdle
from retaliation_risk.influence.reach.tail import Tail

#: Most people that one act is let count for. One act is known to have had as many: the video United Breaks Guitars, 10
#: million views (MIT Technology Review, 5 May 2011).
MOST = 1e7

#: Before any data: assumed, not estimated. Reach grows slower than followers; single cascades are predicted unreliably
#: anyway (Bakshy et al. 2011, doi:10.1145/1935826.1935845).
PRIOR_SEEN = 0.5
PRIOR_MEDIAN = 10.0
PRIOR_SLOPE = 0.3
PRIOR_SPREAD = 1.5
PRIOR_FOLLOWERS = 100.0


@dataclass(frozen=True)
class ReachModel:
    """Reach of one act given followers; made by :func:`fit_reach`, or by :meth:`prior` before any act.

    Attributes
    ----------
    hurdle : Hurdle
        Chance of being seen beyond the floor.
    body : Body
        Log-normal reach beyond the floor, up to the threshold of the tail.
    tail : Tail or None
        Generalised Pareto above the threshold; None, the body all the way, where the acts were too few.
    centre : float
        The log1p(followers) that intercepts refer to: the mean of the acts learned from.
    floor : float
        People that always see an act, such as the firm's own staff; at most so many is not seen.
    quiet : float
        Mean reach of the acts not seen, in [0, floor].
    most : float
        Most people that one act counts for.
    r_squared : float
        Share of the variance of log1p(reach) that a line in log1p(followers) explains among the acts learned from; NaN where
        nothing could be learned.
    n_acts : int
        Acts with recorded reach.
    n_seen : int
        Those seen beyond the floor.
    learned : bool
        False with fewer than 20 acts: slopes, spread and tail are the prior's.
    """

    hurdle: Hurdle
    body: Body
    tail: Tail | None
    centre: float
    floor: float
    quiet: float
    most: float
    r_squared: float
    n_acts: int
    n_seen: int
    learned: bool

    @classmethod
    def prior(
        cls,
        *,
        seen: float = PRIOR_SEEN,
        median: float = PRIOR_MEDIAN,
        slope: float = PRIOR_SLOPE,
        spread: float = PRIOR_SPREAD,
        followers: float = PRIOR_FOLLOWERS,
    ) -> Self:
        """State what is believed before any act. The defaults are assumptions, not estimates.

        Parameters
        ----------
        seen : float, default PRIOR_SEEN
            Share of acts that anybody sees, in (0, 1), whatever the followers.
        median : float, default PRIOR_MEDIAN
            Median reach of those at ``followers``, above 0.
        slope : float, default PRIOR_SLOPE
            Change of log reach per unit of log1p(followers).
        spread : float, default PRIOR_SPREAD
            Standard deviation of log reach, above 0.
        followers : float, default PRIOR_FOLLOWERS
            Where the median holds, at least 0.

        Examples
        --------
        >>> ReachModel.prior(seen=0.2, median=30).probability_above(30, [100]).round(3).tolist()
        [0.1]
        """
        if not 0 < seen < 1:
            raise ArgumentError("RR111", f"seen is {seen!r}; it must be above 0 and below 1.")
        return cls(
            hurdle=Hurdle(float(logit(seen)), 0.0, 0.0),
            body=Body(float(np.log(positive("median", median))), slope, 0.0, positive("spread", spread)),
            tail=None,
            centre=float(log_count([followers], "followers")[0]),
            floor=0.0,
            quiet=0.0,
            most=MOST,
            r_squared=float("nan"),
            n_acts=0,
            n_seen=0,
            learned=False,
        )

    @property
    def threshold(self) -> float:
        """Reach beyond the floor at which the body ends; the limit itself where there is no tail."""
        return self.most - self.floor if self.tail is None else self.tail.threshold

    def expected_reach(self, followers: npt.ArrayLike) -> Floats:
        """Mean number of people who see one act, counting ``most`` where it would be more.

        Parameters
        ----------
        followers : array of float, shape (n,)
            At least 0; NaN where there is no account.

        Returns
        -------
        array of float, shape (n,)
            In [0, most]. Finite also where the tail's mean is infinite: it then hangs on ``most``, see :meth:`notes`.

        Examples
        --------
        >>> ReachModel.prior().expected_reach([0, 100, 10_000, None]).round(1).tolist()
        [3.9, 15.4, 61.1, 15.4]
        """
        design = design_of(followers, self.centre)
        seen = self.hurdle.share_seen(design)
        beyond = 0.0 if self.tail is None else self.tail.mean_up_to(self.most - self.floor - self.threshold)
        excess = self.body.mean_up_to(self.threshold, design)
        excess += self.body.share_above(self.threshold, design) * (self.threshold + beyond)
        reach: Floats = seen * (self.floor + excess) + (1 - seen) * self.quiet
        return reach

    def probability_above(self, threshold: npt.ArrayLike, followers: npt.ArrayLike) -> Floats:
        """Chance that more than ``threshold`` people see one act: any rant can go viral.

        Parameters
        ----------
        threshold : float, or array of float, shape (n,)
            From the floor on: below it reach is not modelled.
        followers : array of float, shape (n,)
            At least 0; NaN where there is no account.

        Returns
        -------
        array of float, shape (n,)
            In [0, 1]; 0 from ``most`` on.

        Examples
        --------
        >>> ReachModel.prior().probability_above(100, [0, 100, 10_000]).round(3).tolist()
        [0.003, 0.031, 0.134]
        """
        asked = np.asarray(threshold, dtype=np.float64)
        if not (asked >= self.floor).all():
            raise ArgumentError("RR111", f"threshold is {asked.min():g}; it must be at least {self.floor:g}.")
        design, excess = design_of(followers, self.centre), asked - self.floor
        share = self.body.share_above(np.minimum(excess, self.threshold), design)
        if self.tail is not None:
            share = share * self.tail.share_above(np.maximum(excess - self.threshold, 0.0))
        found: Floats = np.where(asked >= self.most, 0.0, self.hurdle.share_seen(design) * share)
        return found

    def quantile(self, share: float, followers: npt.ArrayLike) -> Floats:
        """Reach that a ``share`` of acts do not exceed.

        Parameters
        ----------
        share : float
            In [0, 1].
        followers : array of float, shape (n,)
            At least 0; NaN where there is no account.

        Returns
        -------
        array of float, shape (n,)
            In [0, most]; ``quiet`` where so many are not seen at all.

        Examples
        --------
        >>> ReachModel.prior().quantile(0.75, [100]).round(6).tolist()  # the median of those seen
        [10.0]
        """
        within("share", share, 0, 1)
        design = design_of(followers, self.centre)
        seen = self.hurdle.share_seen(design)
        above = np.minimum((1 - share) / seen, 1.0)
        with np.errstate(over="ignore"):
            excess = np.exp(self.body.centre(design) - self.body.spread * ndtri(above))
        if self.tail is not None:
            passed = self.body.share_above(self.threshold, design)
            left = np.minimum(above / passed, 1.0)
            far = self.threshold + genpareto.isf(left, self.tail.shape, scale=self.tail.scale)
            excess = np.where(above < passed, far, excess)
        reach: Floats = np.where(share <= 1 - seen, self.quiet, np.minimum(self.floor + excess, self.most))
        return reach

    def notes(self) -> tuple[str, ...]:
        """Say what must stand wherever an expected reach is shown, as sentences; often none.

        Examples
        --------
        >>> ReachModel.prior().notes()
        ('Reach is a prior, not learned: only 0 acts have one.',)
        """
        found = []
        if not self.learned:
            found.append(f"Reach is a prior, not learned: only {self.n_acts} acts have one.")
        elif self.tail is None:
            found.append(
                f"The {self.n_seen} acts that were seen are too few to learn a heavy tail: if reach has one, intervals are "
                "too short and the chance of a wide act is too low."
            )
        if self.tail is not None and self.tail.mean_is_infinite:
            found.append(
                f"The tail of reach has a shape of {self.tail.shape:.2f}: from 1 on its mean is infinite. "
                f"Expected reach counts "
                f"at most {self.most:,.0f} people for one act, and hangs on that number."
            )
        return tuple(found)

    def to_parameters(self) -> dict[str, Any]:
        """Fields as strict JSON; NaN becomes None."""
        fields = dataclasses.asdict(self)
        return fields | {"r_squared": None if np.isnan(self.r_squared) else self.r_squared}

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_parameters` wrote."""
        fields, tail, share = dict(parameters), parameters["tail"], parameters["r_squared"]
        return cls(
            **fields
            | {
                "hurdle": Hurdle(**parameters["hurdle"]),
                "body": Body(**parameters["body"]),
                "tail": None if tail is None else Tail(**tail),
                "r_squared": float("nan") if share is None else float(share),
            }
        )


def design_of(followers: npt.ArrayLike, centre: float) -> Floats:
    """One, centred log1p(followers) (0 where unknown) and whether they are unknown, shape (n, 3)."""
    x = log_count(np.atleast_1d(np.asarray(followers, dtype=np.float64)), "followers")
    unknown = np.isnan(x)
    return np.column_stack([np.ones(len(x)), np.where(unknown, 0.0, x - centre), unknown.astype(np.float64)])

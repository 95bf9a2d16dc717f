"""One more event caught per so many answers: a difference of rates read upside down."""

from __future__ import annotations

from dataclasses import dataclass

from retaliation_risk.errors import ArgumentError


@dataclass(frozen=True)
class AnswersPerEvent:
    """What :func:`answers_per_event` found.

    Attributes
    ----------
    value : float
        Answers per one more event caught; below 0 per one fewer; infinite where there is no difference.
    low, high : float
        Ends of the interval, or of the gap in it.
    form : str
        ``between``: all from ``low`` to ``high``. ``outside``: ``low`` and all below it, ``high`` and all above it.
        Empty where nothing is known.
    """

    value: float
    low: float
    high: float
    form: str

    def __str__(self) -> str:
        """Say it in one sentence."""
        if self.form == "outside":
            return _said(self.value) + (
                f"; no difference cannot be ruled out: the interval is one more per {_answers(self.high)} or more,"
                f" through none at all, to one fewer per {-self.low:.0f} or more."
            )
        if self.form == "between":
            near, far = sorted((abs(self.low), abs(self.high)))
            upto = "or more, up to no difference at all" if far == float("inf") else f"to {far:.0f}"
            return f"{_said(self.value)} (95 % interval: {near:.0f} {upto})."
        return _said(self.value) + "."


def answers_per_event(difference: float, low: float, high: float) -> AnswersPerEvent:
    """Turn a difference in events caught per answer, and its interval, into answers per one more event caught.

    As with the number needed to treat, if the difference's interval holds 0, the reciprocal's is not the stretch
    between the two reciprocals but all that lies outside of it: two rays that meet at infinity, no difference.

    Parameters
    ----------
    difference : float
        Events caught per answer by one policy minus those by another, in [-1, 1].
    low, high : float
        Its interval, ``low <= high``; NaN where there is none.

    Returns
    -------
    AnswersPerEvent

    References
    ----------
    Altman (1998), doi:10.1136/bmj.317.7168.1309

    Examples
    --------
    >>> answers_per_event(0.05, 0.02, 0.10)
    AnswersPerEvent(value=20.0, low=10.0, high=50.0, form='between')
    >>> answers_per_event(0.05, -0.02, 0.10)
    AnswersPerEvent(value=20.0, low=-50.0, high=10.0, form='outside')
    >>> print(answers_per_event(0.05, -0.02, 0.10))
    One more is caught per 20 answers; no difference cannot be ruled out: the interval is one more per 10 answers
    or more, through none at all, to one fewer per 50 or more.
    """
    if low > high:
        raise ArgumentError("RR111", f"low is {low:g} and high {high:g}; low must not exceed high.")
    if low != low or high != high:
        return AnswersPerEvent(_upside_down(difference), float("nan"), float("nan"), "")
    if low < 0 < high:
        return AnswersPerEvent(_upside_down(difference), 1 / low, 1 / high, "outside")
    # An end at 0 is a ray: infinite, on the side of the other end.
    side = 1.0 if high > 0 or low == high == 0 else -1.0
    near, far = sorted(_upside_down(end, side) for end in (low, high))
    return AnswersPerEvent(_upside_down(difference), near, far, "between")


def _upside_down(value: float, side: float = 1.0) -> float:
    return 1 / value if value else side * float("inf")


def _said(value: float) -> str:
    if value != value:
        return "Whether more are caught is not known"
    if abs(value) == float("inf"):
        return "Neither catches more than the other"
    return f"One {'more' if value > 0 else 'fewer'} is caught per {_answers(abs(value))}"


def _answers(n: float) -> str:
    return f"{n:.0f} answer{'' if round(n) == 1 else 's'}"

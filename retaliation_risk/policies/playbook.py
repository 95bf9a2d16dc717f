"""What to do for a customer: the first rule of a playbook that fits says it, and why.

A playbook is a TOML file that anybody can edit (the shipped one is playbook.toml, beside this module)::

    [actions]                        # what can be done, each in a sentence
    call_back_now = "Call back today."
    standard_referral = "Answer in turn."

    [[rules]]                        # from the first to the last; the first that fits decides
    name = "still open"
    action = "call_back_now"
    why = "Something has been open for {unresolved_days:.0f} days."
    when.unresolved_days = { at_least = 3 }      # also: above, at_most, below
    when.band = ["high", "raised"]               # one of these
    when.influence = { known = true }            # or false: no account

    [default]                        # for everybody else; required
    action = "standard_referral"
    why = "Nothing asks for more."

All conditions of a rule must hold. What is not known fulfils none but ``known = false``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from retaliation_risk.policies._conditions import Condition
from retaliation_risk.policies.contract import INFLUENCE_COLUMNS

BoolArray = npt.NDArray[np.bool_]

CHOSEN = ["action", "action_rule", "action_why", "action_uses_influence"]
DEFAULT = "default"
USES_INFLUENCE = "(uses influence)"


@dataclass(frozen=True)
class PlaybookRule:
    """One rule: where all its conditions hold, its action is taken.

    Attributes
    ----------
    name : str
    action : str
        One of the playbook's actions.
    why : str
        A sentence for the agent; ``{column}`` stands for the customer's own value, of columns that the rule looks at.
    when : tuple of Condition
        At most one for each column; none for the default.
    over : tuple of str
        Later rules that also fit some customers, and that this one is meant to win over.
    source : str
        Where the advice comes from; may be empty.
    """

    name: str
    action: str
    why: str
    when: tuple[Condition, ...] = ()
    over: tuple[str, ...] = ()
    source: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the rule looks at."""
        return tuple(condition.column for condition in self.when)

    @property
    def uses_influence(self) -> bool:
        """Whether it looks at a column made from public accounts."""
        return bool(set(self.columns) & set(INFLUENCE_COLUMNS))


@dataclass(frozen=True)
class Playbook:
    """Actions, rules in order, and what is done where none fits; read it with :func:`read_playbook`."""

    actions: Mapping[str, str]
    rules: tuple[PlaybookRule, ...]
    default: PlaybookRule


def choose_actions(scored: pd.DataFrame, playbook: Playbook) -> pd.DataFrame:
    """Choose the next best action for each customer.

    Parameters
    ----------
    scored : DataFrame
        One row per customer, with the columns that rules look at. A rule whose column is not there fits nobody
        (:func:`unusable_rules`).
    playbook : Playbook

    Returns
    -------
    DataFrame
        With the index of ``scored``: ``action``, ``action_rule`` (its name, or ``default``), ``action_why`` (a
        sentence, marked "(uses influence)" where the rule looked at a public account) and
        ``action_uses_influence``.

    Raises
    ------
    ArgumentError
        RR111 if a rule compares a column of texts with a number.

    Examples
    --------
    >>> from retaliation_risk.policies import read_playbook
    >>> scored = pd.DataFrame({"band": ["high", "usual", "usual"], "failed_recoveries_ever": [4, 0, 0],
    ...     "failed_recoveries_365d": [3, 0, 0], "open_tickets": [1, 0, 0], "influence": [None, 97.0, 12.0]})
    >>> chosen = choose_actions(scored, read_playbook())
    >>> chosen["action"].tolist()
    ['manager_call', 'proactive_offer', 'standard_referral']
    >>> chosen["action_uses_influence"].tolist()
    [False, True, False]
    """
    left = np.ones(len(scored), dtype=bool)
    found = {name: np.empty(len(scored), dtype=object) for name in CHOSEN}
    off = unusable_rules(playbook, scored)
    for rule in (*playbook.rules, playbook.default):
        if rule.name in off:
            continue
        mine = left & fits(rule, scored)
        if not mine.any():
            continue
        left &= ~mine
        found["action"][mine] = rule.action
        found["action_rule"][mine] = rule.name
        found["action_why"][mine] = _sentences(rule, scored, mine)
        found["action_uses_influence"][mine] = rule.uses_influence
    chosen = pd.DataFrame(found, index=scored.index, columns=CHOSEN)
    return chosen.astype({"action_uses_influence": bool})


def choose_action(customer: Mapping[str, Any], playbook: Playbook) -> tuple[PlaybookRule, str]:
    """Choose the next best action for one customer: :func:`choose_actions` for a single row, without a table.

    Parameters
    ----------
    customer : mapping of str to value
        The columns that rules look at; None or NaN where a value is missing. A rule whose column is not there fits not.
    playbook : Playbook

    Returns
    -------
    tuple of PlaybookRule and str
        The rule, or the default, and why.

    Raises
    ------
    ArgumentError
        RR111 if a rule compares a text with a number.

    Examples
    --------
    >>> from retaliation_risk.policies import read_playbook
    >>> rule, why = choose_action({"band": "high", "open_tickets": 2.0}, read_playbook())
    >>> rule.action, why
    ('call_back_now', 'Likely to retaliate, with something still open (2): the front line can close it now.')
    """
    rule = next((each for each in playbook.rules if _fits_one(each, customer)), playbook.default)
    return rule, _marked(rule).format(**{name: customer[name] for name in rule.columns})


def _fits_one(rule: PlaybookRule, customer: Mapping[str, Any]) -> bool:
    there = all(name in customer for name in rule.columns)
    return there and all(condition.holds_for(customer[condition.column]) for condition in rule.when)


def _marked(rule: PlaybookRule) -> str:
    """Return the sentence of a rule, which says so where it looked at a public account."""
    return f"{rule.why} {USES_INFLUENCE}" if rule.uses_influence else rule.why


def fits(rule: PlaybookRule, scored: pd.DataFrame) -> BoolArray:
    """Say which rows a rule fits, shape (n,), whatever rules come before it.

    Examples
    --------
    >>> rule = PlaybookRule("open", "call", "Open.", when=(Condition("open_tickets", at_least=1),))
    >>> fits(rule, pd.DataFrame({"open_tickets": [0, 2]})).tolist()
    [False, True]
    """
    everybody = np.ones(len(scored), dtype=bool)
    return reduce(np.logical_and, (condition.holds(scored) for condition in rule.when), everybody)


def unusable_rules(playbook: Playbook, scored: pd.DataFrame) -> dict[str, str]:
    """Say which rules cannot fit anybody on these columns, and why.

    Parameters
    ----------
    playbook : Playbook
    scored : DataFrame
        Only its columns count.

    Returns
    -------
    dict of str
        Name of each such rule to the reason.

    Examples
    --------
    >>> from retaliation_risk.policies import read_playbook
    >>> why = unusable_rules(read_playbook(), pd.DataFrame(columns=["band", "open_tickets", "failed_recoveries_ever"]))
    >>> why["influential and content"]
    'columns influence, failed_recoveries_365d are not there'
    """
    absent = {rule.name: [name for name in rule.columns if name not in scored] for rule in playbook.rules}
    return {
        name: f"column{'s' if len(columns) > 1 else ''} {', '.join(columns)} "
        f"{'are' if len(columns) > 1 else 'is'} not there"
        for name, columns in absent.items()
        if columns
    }


def _sentences(rule: PlaybookRule, scored: pd.DataFrame, mine: BoolArray) -> Sequence[str]:
    marked = _marked(rule)
    shown = [name for name in rule.columns if f"{{{name}" in marked]
    if not shown:
        return [marked.format()] * int(mine.sum())
    values = zip(*(scored.loc[mine, name] for name in shown), strict=True)
    return [marked.format(**dict(zip(shown, row, strict=True))) for row in values]

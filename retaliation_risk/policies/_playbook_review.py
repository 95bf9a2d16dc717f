"""What is odd about a playbook that can be read: rules that never decide, and ties that nobody meant."""

from __future__ import annotations

import warnings
from itertools import combinations

from retaliation_risk.errors import RetaliationRiskWarning
from retaliation_risk.policies._conditions import Condition, are_apart, is_part
from retaliation_risk.policies.playbook import Playbook, PlaybookRule


def review_playbook(playbook: Playbook) -> list[str]:
    """Find rules that can never decide, and pairs of which nobody said which is meant to win.

    Parameters
    ----------
    playbook : Playbook

    Returns
    -------
    list of str
        One sentence each:

        - a rule whose own conditions exclude each other;
        - a rule that comes after another which fits whomever it fits (looked for among pairs: what several rules take
          away together is not seen);
        - two rules with different actions that both fit some customers, where neither is a special case of the other
          and the first does not name the second in ``over``.

    Examples
    --------
    >>> from retaliation_risk.policies import parse_playbook
    >>> text = '''
    ... actions = { call = "Call.", wait = "Wait." }
    ... default = { action = "wait", why = "Nothing else." }
    ... [[rules]]
    ... name = "let down"
    ... action = "call"
    ... why = "Let down."
    ... when.failed_recoveries_ever = { at_least = 1 }
    ... [[rules]]
    ... name = "let down twice"
    ... action = "wait"
    ... why = "Let down twice."
    ... when.failed_recoveries_ever = { at_least = 2 }
    ... '''
    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     odd = parse_playbook(text)
    >>> review_playbook(odd)
    ["rule 'let down twice' never decides: 'let down', which comes before it, fits whomever it fits"]
    """
    empty = [rule.name for rule in playbook.rules if not all(test.can_hold() for test in rule.when)]
    found = [f"rule {name!r} never decides: its conditions exclude each other" for name in empty]
    for first, second in combinations((rule for rule in playbook.rules if rule.name not in empty), 2):
        if _covers(first, second):
            found.append(
                f"rule {second.name!r} never decides: {first.name!r}, which comes before it, fits whomever it fits"
            )
        elif _cross(first, second):
            found.append(
                f"rules {first.name!r} and {second.name!r} both fit some customers but ask for other actions; if the "
                f'first is meant to win, write over = ["{second.name}"] in it'
            )
    return found


def warn_of(playbook: Playbook, name: str) -> None:
    """Warn once of everything that is odd."""
    if odd := review_playbook(playbook):
        warning = RetaliationRiskWarning("RR115", f"{name}: {'; '.join(odd)}.")
        warnings.warn(warning, stacklevel=4)


def _covers(first: PlaybookRule, second: PlaybookRule) -> bool:
    """Whether ``first`` fits whomever ``second`` fits."""
    tests = {test.column: test for test in second.when}
    return all(test.column in tests and is_part(tests[test.column], test) for test in first.when)


def _cross(first: PlaybookRule, second: PlaybookRule) -> bool:
    if first.action == second.action or second.name in first.over or _covers(second, first):
        return False
    tests: dict[str, Condition] = {test.column: test for test in second.when}
    return not any(test.column in tests and are_apart(test, tests[test.column]) for test in first.when)

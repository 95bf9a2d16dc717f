"""What is wrong with a playbook: each part gives a sentence for each fault, with the nearest name that would be right."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from retaliation_risk.features import FEATURES, INFLUENCE
from retaliation_risk.policies._conditions import LIMITS, REASONS
from retaliation_risk.policies.playbook import DEFAULT

#: Words of the column ``band``, from the lowest risk to the highest.
BANDS = ("usual", "raised", "high")
FEATURE_NAMES = tuple(feature.name for feature in (*FEATURES, *INFLUENCE))
#: Columns that a rule can look at without being told of them.
COLUMNS = (
    "risk", "band", REASONS, "influence", "expected_reach", "segment",
    *FEATURE_NAMES,
)  # fmt: skip
_TOP = ("actions", "rules", "default")
_RULE = ("name", "action", "why", "when", "over", "source")
_DEFAULT = ("action", "why", "source")
_TESTS = (*LIMITS, "known")


def problems(found: Mapping[str, Any], columns: Collection[str]) -> Iterator[str]:
    """Say what is wrong with a playbook as read from TOML, one sentence after the other; nothing if it is sound."""
    yield from _strange("the file", found, _TOP)
    actions, rules = found.get("actions"), found.get("rules", [])
    if not isinstance(actions, dict) or not actions:
        yield 'a section [actions] is required, with lines such as monitor = "Look again next week."'
        actions = {}
    yield from (
        f"action {name!r} has no sentence in quotes" for name, about in actions.items() if not _is_text(about)
    )
    default = found.get("default")
    if not isinstance(default, dict):
        yield "a section [default] is required, with the action for everybody whom no rule fits"
    else:
        yield from _strange("[default]", default, _DEFAULT)
        yield from _said("[default]", default, actions)
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        yield "rules must be written as [[rules]] sections"
        return
    names = [rule.get("name") for rule in rules]
    for k, rule in enumerate(rules):
        yield from _rule_problems(f"rule {rule.get('name', k + 1)!r}", rule, names, actions, columns)


def _rule_problems(
    where: str, rule: Mapping[str, Any], names: list[Any], actions: Collection[str], columns: Collection[str]
) -> Iterator[str]:
    yield from _strange(where, rule, _RULE)
    name, when, over = rule.get("name"), rule.get("when"), rule.get("over", [])
    if not _is_text(name) or name == DEFAULT:
        yield f"{where} needs a name of its own, other than {DEFAULT!r}"
    elif names.count(name) > 1:
        yield f"{names.count(name)} rules are called {name!r}; each needs its own name"
    yield from _said(where, rule, actions)
    if not isinstance(over, list):
        yield f"{where} has over = {over!r}; it must be a list of names of rules"
    else:
        yield from (
            f"{where} goes over {other!r}, which is not a rule{_nearest(other, names)}"
            for other in over
            if other not in names
        )
    if not isinstance(when, dict) or not when:
        yield f"{where} has no condition; give one as when.<column>, or make it the [default]"
        return
    for column, test in when.items():
        if column not in columns:
            yield f"{where} looks at {column!r}, which is not a column{_nearest(column, columns)}"
        else:
            yield from _test_problems(f"{where}, when.{column}", column, test)


def _said(where: str, rule: Mapping[str, Any], actions: Collection[str]) -> Iterator[str]:
    """Say what is wrong with the action and the sentences of a rule."""
    if not _is_text(rule.get("why")):
        yield f"{where} needs a sentence why, in quotes"
    else:
        yield from _slot_problems(where, rule["why"], rule.get("when"))
    if "source" in rule and not isinstance(rule["source"], str):
        yield f"{where} has a source that is not a text"
    if (action := rule.get("action")) not in actions:
        yield f"{where} asks for action {action!r}, which is not in [actions]{_nearest(action, actions)}"


def _slot_problems(where: str, why: str, when: Any) -> Iterator[str]:
    """Only plain columns of the rule's own conditions may stand in its sentence: they are known where it fits."""
    when = when if isinstance(when, dict) else {}
    able = [column for column, test in when.items() if column != REASONS and test != {"known": False}]
    try:
        slots = [part for part in string.Formatter().parse(why) if part[1] is not None]
    except ValueError as error:
        yield f"{where} has braces in its sentence that do not fit together ({error})"
        return
    for _, column, form, converted in slots:
        if column not in able or converted:
            yield f"{where} shows {{{column}}} in its sentence, but only columns of its conditions can be shown: {able}"
        elif form and not (_is_limit(when[column]) and _formats(form)):
            yield f"{where} writes {column} as {form!r}; only a column compared with numbers can be written so, as in .0f"


def _test_problems(where: str, column: str, test: Any) -> Iterator[str]:
    if isinstance(test, dict):
        yield from _limit_problems(where, column, test)
        return
    values = test if isinstance(test, list) else [test]
    if not values or not all(isinstance(value, str | bool) or _is_number(value) for value in values):
        yield f"{where} is {test!r}; it must be a text, a number, a list of them, or limits such as {{ at_least = 2 }}"
        return
    words = {"band": BANDS, REASONS: FEATURE_NAMES}.get(column)
    if words is not None:
        yield from (
            f"{where} names {value!r}, which is none of its values{_nearest(value, words)}"
            for value in values
            if value not in words
        )


def _limit_problems(where: str, column: str, test: Mapping[str, Any]) -> Iterator[str]:
    yield from _strange(where, test, _TESTS)
    if column in (REASONS, "band") and set(test) & set(LIMITS):
        yield f"{where} compares words with numbers; write a list of words"
    elif column == REASONS:
        yield f"{where} must be a list of features"
    if not test:
        yield f"{where} is empty; use one of {', '.join(_TESTS)}"
    if "known" in test and (len(test) > 1 or not isinstance(test["known"], bool)):
        yield f"{where} must have known = true or known = false, and nothing beside it"
    yield from (
        f"{where} has {name} = {limit!r}, which is not a number"
        for name, limit in test.items()
        if name in LIMITS and not _is_number(limit)
    )


def _strange(where: str, found: Mapping[str, Any], allowed: Collection[str]) -> Iterator[str]:
    yield from (
        f"{where} has {key!r}, which means nothing there{_nearest(key, allowed)}"
        for key in found
        if key not in allowed
    )


def _nearest(name: Any, allowed: Collection[Any]) -> str:
    known = [word for word in allowed if isinstance(word, str)]
    if near := get_close_matches(str(name), known, n=1):
        return f" (nearest: {near[0]!r})"
    return f" (there are {', '.join(known)})" if 0 < len(known) <= 10 else ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _is_limit(test: Any) -> bool:
    return isinstance(test, dict) and bool(set(test) & set(LIMITS))


def _formats(form: str) -> bool:
    try:
        format(1.0, form)
    except ValueError:
        return False
    return True

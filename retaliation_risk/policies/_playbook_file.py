"""Playbooks from TOML and back: everything wrong in a file is said at once, with the nearest name that would be right."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from retaliation_risk._texts import toml_of
from retaliation_risk.errors import DataError
from retaliation_risk.policies._conditions import Condition
from retaliation_risk.policies._playbook_checks import COLUMNS, problems
from retaliation_risk.policies._playbook_review import warn_of
from retaliation_risk.policies.playbook import DEFAULT, Playbook, PlaybookRule

SHIPPED = "the shipped playbook"


def read_playbook(path: Path | None = None, *, columns: Collection[str] = ()) -> Playbook:
    """Read a playbook and check it.

    Parameters
    ----------
    path : Path, optional
        A TOML file; the shipped playbook by default.
    columns : collection of str, default ()
        Columns of your own that rules look at, besides the features of the dictionary and ``risk``, ``band``,
        ``reasons``, ``influence``, ``expected_reach``, ``segment``.

    Returns
    -------
    Playbook

    Raises
    ------
    DataError
        RR107 if there is no such file, RR114 with everything wrong in it.

    Warns
    -----
    RetaliationRiskWarning
        RR115 for rules that can never decide, and for rules that both fit some customers where the file does not say which
        is meant to win.

    Examples
    --------
    >>> [rule.name for rule in read_playbook().rules][:2]
    ['let down again and again', 'something is open']
    """
    if path is None:
        text = (files("retaliation_risk.policies") / "playbook.toml").read_text(encoding="utf-8")
        return parse_playbook(text, columns=columns, name=SHIPPED)
    path = Path(path)
    if not path.is_file():
        raise DataError("RR107", f"playbook {str(path)!r} does not exist.")
    try:
        return parse_playbook(path.read_text(encoding="utf-8-sig"), columns=columns, name=path.name)
    except UnicodeDecodeError as error:
        raise DataError("RR114", f"{path.name} is not UTF-8 text: {error}.") from error


def parse_playbook(text: str, *, columns: Collection[str] = (), name: str = "playbook") -> Playbook:
    r"""Read a playbook from the text of a TOML file; as :func:`read_playbook`.

    Parameters
    ----------
    text : str
    columns : collection of str, default ()
        Columns of your own that rules look at.
    name : str, default "playbook"
        What to call it in messages.

    Examples
    --------
    >>> parse_playbook('actions.wait = "Wait."\ndefault = {action = "wait", why = "No rules."}').rules
    ()
    """
    try:
        found = toml_of(text.encode())
    except ValueError as error:
        raise DataError("RR114", f"{name} is not TOML: {error}.") from error
    if wrong := list(problems(found, (*COLUMNS, *columns))):
        raise DataError("RR114", f"{name}: {'; '.join(wrong)}.")
    rules = tuple(_rule(rule) for rule in found.get("rules", []))
    playbook = Playbook(dict(found["actions"]), rules, _rule({"name": DEFAULT} | found["default"]))
    warn_of(playbook, name)
    return playbook


def playbook_toml(playbook: Playbook) -> str:
    """Write a playbook as the text of a TOML file, which reads back as the same playbook.

    Examples
    --------
    >>> parse_playbook(playbook_toml(read_playbook())) == read_playbook()
    True
    """
    lines = ["[actions]", *(f"{_text(name)} = {_text(about)}" for name, about in playbook.actions.items())]
    for rule in playbook.rules:
        lines += ["", "[[rules]]", f"name = {_text(rule.name)}", *_written(rule)]
    return "\n".join([*lines, "", "[default]", *_written(playbook.default), ""])


# Reading.


def _rule(found: Mapping[str, Any]) -> PlaybookRule:
    return PlaybookRule(
        name=found["name"],
        action=found["action"],
        why=found["why"],
        when=tuple(_condition(column, test) for column, test in found.get("when", {}).items()),
        over=tuple(found.get("over", ())),
        source=found.get("source", ""),
    )


def _condition(column: str, test: Any) -> Condition:
    if isinstance(test, dict):
        return Condition(column, **test)
    return Condition(column, values=tuple(test) if isinstance(test, list) else (test,))


# Writing.


def _written(rule: PlaybookRule) -> Iterator[str]:
    yield f"action = {_text(rule.action)}"
    yield f"why = {_text(rule.why)}"
    if rule.source:
        yield f"source = {_text(rule.source)}"
    if rule.over:
        yield f"over = [{', '.join(map(_text, rule.over))}]"
    for condition in rule.when:
        yield f"when.{_text(condition.column)} = {_test(condition)}"


def _test(condition: Condition) -> str:
    if condition.values is not None:
        return f"[{', '.join(map(_text, condition.values))}]"
    tests = condition.limits if condition.known is None else {"known": condition.known}
    return f"{{ {', '.join(f'{name} = {_text(value)}' for name, value in tests.items())} }}"


def _text(value: Any) -> str:
    """Write a value as TOML does: texts as in JSON, which escapes all that TOML wants escaped but the delete character."""
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

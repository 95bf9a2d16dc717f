"""Quoting: names and text from outside never meet SQL unquoted."""

from __future__ import annotations


def name(text: str) -> str:
    """Return ``text`` as a quoted SQL identifier.

    Examples
    --------
    >>> print(name('Created "at" '))
    "Created ""at"" "
    """
    return '"' + text.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return ``text`` as a quoted SQL string.

    Examples
    --------
    >>> print(literal("it's"))
    'it''s'
    """
    return "'" + text.replace("'", "''") + "'"

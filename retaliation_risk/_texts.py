"""JSON and TOML from bytes that anybody may have written: whatever is wrong with them is one kind of error."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from typing import Any


def json_of(content: bytes) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    ValueError
        If it is no UTF-8 text, no JSON, or nested too deep to be read.

    Examples
    --------
    >>> json_of(b"[" * 100_000)
    Traceback (most recent call last):
    ValueError: nested too deep
    """
    return _parsed(content, json.loads)


def toml_of(content: bytes) -> dict[str, Any]:
    """Return what a TOML file holds; as :func:`json_of`.

    Examples
    --------
    >>> toml_of(b"n = 3")
    {'n': 3}
    """
    found: dict[str, Any] = _parsed(content, tomllib.loads)
    return found


def _parsed(content: bytes, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except RecursionError:
        raise ValueError("nested too deep") from None

"""Text in CSV cells that a spreadsheet must not take for a formula.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return, quoted or not. Ids, issue
keys and segments come from customers. So such text is written with an apostrophe before it, and so is text that already
has apostrophes there: taking one away gives back what was meant, whatever it was. Numbers are left as they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_RUNS = r"[=+\-@\t\r]"
_TO_QUIET, _QUIETED = re.compile(f"'*{_RUNS}"), re.compile(f"'+{_RUNS}")


def quiet(cell: Any) -> Any:
    """Return text so that no spreadsheet runs it; what is no text, and other text, as it is.

    Examples
    --------
    >>> quiet("=1+1"), quiet("C-17"), quiet(-3.0)
    ("'=1+1", 'C-17', -3.0)
    """
    return f"'{cell}" if isinstance(cell, str) and _TO_QUIET.match(cell) else cell


def unquiet(cell: Any) -> Any:
    """Return what :func:`quiet` was given.

    Examples
    --------
    >>> unquiet(quiet("=1+1")), unquiet(quiet("'=1+1")), unquiet("it's")
    ('=1+1', "'=1+1", "it's")
    """
    return cell[1:] if isinstance(cell, str) and _QUIETED.match(cell) else cell


def quiet_frame(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose text no spreadsheet runs; columns of numbers, booleans and times are not looked at."""
    texts = table.select_dtypes(["object", "string", "category"])
    return table.assign(**{str(name): table[name].astype(object).map(quiet) for name in texts})


def quiet_sql(column: str) -> str:
    """Return SQL for :func:`quiet` of a text column, given as SQL.

    Examples
    --------
    >>> import duckdb
    >>> duckdb.sql(f"SELECT {quiet_sql('c')} FROM (VALUES ('@x'), ('x')) t(c)").fetchall()
    [("'@x",), ('x',)]
    """
    return f"CASE WHEN regexp_matches({column}, '^''*{_RUNS}') THEN '''' || {column} ELSE {column} END"


def unquiet_sql(column: str) -> str:
    """Return SQL for :func:`unquiet` of a text column, given as SQL.

    Examples
    --------
    >>> import duckdb
    >>> duckdb.sql(f"SELECT {unquiet_sql('c')} FROM (SELECT $$'@x$$ AS c)").fetchall()
    [('@x',)]
    """
    # The first test is cheap and settles nearly every cell of a large table.
    quieted = f"starts_with({column}, '''') AND regexp_matches({column}, '^''+{_RUNS}')"
    return f"CASE WHEN {quieted} THEN substr({column}, 2) ELSE {column} END"

"""SQL that turns a delivered cell into one of the contract's kinds, or into NULL where it cannot be read.

DuckDB's own casts are not used bare, because three of them move facts: text to ``TIMESTAMP`` drops the
offset, ``TIMESTAMP_NS`` to ``TIMESTAMP`` rounds up, and fractions round to the nearest integer.
"""

from __future__ import annotations

from retaliation_risk.tables._sql import literal
from retaliation_risk.tables.contract import Column

SQL_TYPES = {
    "id": "VARCHAR",
    "str": "VARCHAR",
    "time": "TIMESTAMP",
    "float": "DOUBLE",
    "int": "BIGINT",
    "bool": "BOOLEAN",
}

TRUE_WORDS = ("true", "t", "yes", "1")
FALSE_WORDS = ("false", "f", "no", "0")

ISO_8601 = (
    r"[1-9]\d{3}-\d{2}-\d{2}"
    r"([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?)?"
)

_FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_NUMBERS = (*_FRACTIONS, *_INTEGERS, *("U" + integer for integer in _INTEGERS))


def text(expression: str, sql_type: str) -> str:
    """Return SQL for the cell as text: empty is NULL, whole numbers lose ``.0``, all else stays."""
    words = f"CAST({expression} AS VARCHAR)"
    if sql_type.startswith(_FRACTIONS):
        return rf"NULLIF(regexp_replace({words}, '\.0+$', ''), 'nan')"
    return f"NULLIF({words}, '')"


def value(column: Column, expression: str, sql_type: str) -> str:
    """Return SQL for the cell as the column's kind; NULL where it is missing or cannot be read.

    Parameters
    ----------
    column : Column
        The declared column.
    expression : str
        SQL for the delivered cell.
    sql_type : str
        DuckDB's type of ``expression``.
    """
    if column.kind in ("id", "str"):
        return text(expression, sql_type)
    return {"time": _time, "float": _float, "int": _int, "bool": _bool}[column.kind](expression, sql_type)


def trimmed(expression: str, sql_type: str) -> str:
    """Return SQL for what is read of a cell that is no text: spaces around it do not count."""
    return f"NULLIF(trim({text(expression, sql_type)}), '')"


def _time(expression: str, sql_type: str) -> str:
    if sql_type == "TIMESTAMP_NS":
        return _floored(expression)
    if sql_type == "DATE" or sql_type.startswith("TIMESTAMP"):
        moment = f"TRY_CAST({expression} AS TIMESTAMP)"
        return f"CASE WHEN isfinite({expression}) THEN {moment} END"
    words = trimmed(expression, sql_type)
    with_seconds = (
        rf"regexp_replace({words}, '([T ]\d\d:\d\d)( ?[ZU+-].*)?$', '\1:00\2')"  # DuckDB 1.4 wants them
    )
    instant = f"coalesce(TRY_CAST({words} AS TIMESTAMPTZ), TRY_CAST({with_seconds} AS TIMESTAMPTZ))"
    moment = f"CAST({instant} AS TIMESTAMP)"
    return f"CASE WHEN regexp_full_match({words}, {literal(ISO_8601)}) THEN {moment} END"


def _floored(expression: str) -> str:
    """Cut nanoseconds down, before 1970 too; a cast would round."""
    nanoseconds = f"epoch_ns({expression})"
    below = f"(({nanoseconds} % 1000) + 1000) % 1000"
    return f"CASE WHEN isfinite({expression}) THEN make_timestamp(({nanoseconds} - {below}) // 1000) END"


def _double(expression: str, sql_type: str) -> str:
    number = expression if sql_type.startswith(_NUMBERS) else trimmed(expression, sql_type)
    return f"TRY_CAST({number} AS DOUBLE)"


def _float(expression: str, sql_type: str) -> str:
    number = _double(expression, sql_type)
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _int(expression: str, sql_type: str) -> str:
    number = _double(expression, sql_type)
    return f"CASE WHEN {number} = floor({number}) THEN TRY_CAST({expression} AS BIGINT) END"


def _bool(expression: str, sql_type: str) -> str:
    word = f"lower({trimmed(expression, sql_type)})"
    true, false = (", ".join(map(literal, words)) for words in (TRUE_WORDS, FALSE_WORDS))
    return f"CASE WHEN {word} IN ({true}) THEN true WHEN {word} IN ({false}) THEN false END"

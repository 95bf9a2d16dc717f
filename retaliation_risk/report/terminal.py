"""The answer and the call list for a terminal, as wide as it is."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from retaliation_risk._words import NBSP
from retaliation_risk.report import words
from retaliation_risk.report.blocks import Block
from retaliation_risk.report.formats import show, written_for
from retaliation_risk.report.render import cell
from retaliation_risk.report.sentences import interval

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

# Columns of the call list, and from how many characters of width on each is shown.
_COLUMNS = {
    "rank": 0,
    "customer": 0,
    "risk": 0,
    "action": 60,
    "reasons": 0,
    "calls": 90,
    "failed_recoveries": 100,
}


def terminal_page(summary: dict[str, Any], *, width: int) -> Group:
    """Return the answer, its numbers and whom to call, to be printed by a rich console.

    Parameters
    ----------
    summary : dict
        As made by :func:`summarise`.
    width : int
        Characters in a line; columns of the call list that would crowd it are left out.

    Returns
    -------
    rich.console.Group
        Text of customers is in it as text: no markup of it counts, and nothing in it moves the cursor.
    """
    from rich.console import Group

    by_id = {section["id"]: section for section in summary["sections"]}
    answer, queue = by_id["answer"], by_id["queue"]
    with written_for(summary["locale"]):
        parts: list[Any] = [_text(answer["sentence"], "bold"), ""]
        if answer["numbers"]:
            parts += [_numbers(answer), ""]
        parts += [_text(paragraph) for paragraph in answer["paragraphs"]]
        parts += ["", _text(queue["title"], "bold")]
        hint = [words.PSEUDONYMS_HERE] if queue.get("pseudonymised") and queue["tables"] else []
        parts += [_text(line) for line in (*queue["paragraphs"][:1], *queue["missing"], *hint)]
        parts += [_calls(table, width) for table in queue["tables"][:1]]
    return Group(*parts)


def _numbers(answer: Block) -> Table:
    table = _grid()
    for number in answer["numbers"]:
        value = f"{show(number['value'], number['kind'])} {number['unit']}"
        table.add_row(*map(_text, (number["label"].capitalize(), value, interval(number, number["kind"]))))
    return table


def _calls(given: Block, width: int) -> Table:
    columns = [column for column in given["columns"] if _COLUMNS.get(column["key"], width + 1) <= width]
    table = _grid()
    table.show_header = True
    for column in columns:
        right = column["kind"] != "text"
        table.add_column(column["label"], justify="right" if right else "left", no_wrap=right)
    for row in given["rows"]:
        table.add_row(*(_text(_lines(row, column)) for column in columns))
    return table


def _lines(row: Block, column: Block) -> str:
    value = row.get(column["key"])
    return "\n".join(map(_plain, value)) if isinstance(value, list) else cell(row, column)


def _grid() -> Table:
    from rich.table import Table

    return Table(show_header=False, box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")


def _text(said: str, style: str = "") -> Text:
    """Return words in which rich looks for no markup; a line break is one."""
    from rich.text import Text

    return Text("\n".join(map(_plain, said.split("\n"))), style=style)


def _plain(text: str) -> str:
    r"""Return text without characters that steer a terminal or turn the direction of a line.

    Examples
    --------
    >>> _plain("a\x1b[31mb") == "a\ufffd[31mb"
    True
    """
    kept = (
        "\ufffd" if unicodedata.category(mark).startswith("C") else mark for mark in text.replace(NBSP, " ")
    )
    return "".join(kept)

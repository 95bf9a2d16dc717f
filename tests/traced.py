"""Every number on a page must stand in a file of its run folder: what reads the page, and what reads the folder."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd

from retaliation_risk.report.formats import FORMATS, show

#: Numbers that are words of the page, and why they need no file.
SETTLED = {
    "95": "the level of every interval",
    "100": "shares are counted out of a hundred; points too",
    "0": "no difference, nobody",
    "1": "a ratio without difference; a perfect order; the slope that is right; a threshold of 1 %",
    "0.5": "what chance gives an order",
    "0.001": "p-values below it are not told apart",
    "1,000": "net benefit is counted per thousand customers",
}
#: Words with digits in them that are no numbers.
SETTLED_WORDS = {"99th": "1 % of risk is odds of 1 to 99", "SHA-256": "the name of the checksum"}
WRITTEN = [kind for kind in FORMATS if kind not in ("text", "date")]
# A run of signs with a digit in it, less the marks of the sentence around it.
_TOKEN = re.compile(r"[^\s()\[\]“”·]*\d[^\s()\[\]“”·]*")
_NUMBER = re.compile(r"\u2212?\d[\d,]*(?:\.\d+)?")


class _Nodes(HTMLParser):
    """Text nodes in order, each with the section that it stands in."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.section, self.silent, self.nodes = "", False, []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent = tag == "style"
        if tag == "section":
            self.section = dict(attrs)["id"] or ""

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.nodes.append((self.section, data.strip()))


def untraced(
    run_dir: Path, html: str, *others: Path, also: Collection[str] = (), only: str = ""
) -> list[str]:
    """Return the tokens with digits on the page that no file of the folder (or ``others``) holds, each with its text.

    ``only`` names the one section to read; by default all but ``since``, which is about two folders.
    """
    names = [folder.name for folder in (run_dir, *others)]
    leaves = [*names, *(leaf for folder in (run_dir, *others) for leaf in _leaves_of(folder))]
    # A time may be shown as its day.
    texts = {
        part
        for leaf in leaves
        if isinstance(leaf, str)
        for part in (leaf, leaf[:10], *leaf.split(" · "), *leaf.split())
    }
    numbers = (
        {w for leaf in leaves if not isinstance(leaf, str) for w in _written(leaf)} | set(SETTLED) | set(also)
    )
    counted = _counted(run_dir)
    found = []
    for section, node in _Nodes(html).nodes:
        if (section != only if only else section == "since") or node in texts:
            continue
        held = numbers | counted.get(node, set())
        if any(not _held(token, held, texts) for token in _tokens(node)):
            rest = _tokens(_without(node, texts))
            found += [f"{token} in {node!r}" for token in rest if not _held(token, held, texts)]
    return found


def _held(token: str, numbers: set[str], texts: set[str]) -> bool:
    bare = token.strip(".,;:%'\u2019")
    if bare in texts or bare in SETTLED_WORDS:
        return True
    return bool(_NUMBER.fullmatch(bare)) and bare in numbers


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def _without(node: str, texts: set[str]) -> str:
    """Take whole sentences of the folder out of a node: a reason, a note, why something is off."""
    for text in sorted((t for t in texts if len(t) > 15 and t in node), key=len, reverse=True):
        node = node.replace(text, " ")
    return node


def _counted(run_dir: Path) -> dict[str, set[str]]:
    """Numbers that count the rows of a chart, by the sentence that states the chart."""
    summary = json.loads((run_dir / "report.json").read_text(encoding="utf-8"))
    charts = [made for section in summary["sections"] for made in section["figures"]]
    return {made["alt"]: {str(k) for k in range(len(made["data"]["rows"]) + 1)} for made in charts}


def _written(value: float) -> set[str]:
    """All ways in which the page may write a value; ends of intervals and falls without their sign, risks per thousand."""
    scaled = (value, abs(value), 1000 * value)
    return {show(each, kind).removesuffix("\u00a0%") for each in scaled for kind in WRITTEN}


def _leaves_of(folder: Path) -> Iterator[str | float]:
    for path in sorted(folder.glob("*.json")):
        if path.name != "report.json":
            yield from _leaves(json.loads(path.read_text(encoding="utf-8")))
    for path in sorted(folder.glob("*.toml")):
        yield from _leaves(tomllib.loads(path.read_text(encoding="utf-8")))
    for path in sorted(folder.glob("*.csv")):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        yield float(len(frame))
        for cell in pd.unique(frame.to_numpy().ravel()):
            yield from _cell(cell)


def _cell(cell: str) -> Iterator[str | float]:
    yield cell
    try:
        yield float(cell)
    except ValueError:
        return


def _leaves(value: Any) -> Iterator[str | float]:
    """Texts and numbers of a JSON value, and how many there are of what it lists."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _leaves(item)
    elif isinstance(value, list):
        yield float(len(value))
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)

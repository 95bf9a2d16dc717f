"""What the documents promise can be typed, run and followed."""

import re
import shlex
from pathlib import Path

import click
import pytest

from benchmarks.page import page as page_of_benchmarks
from retaliation_risk.cli import main
from retaliation_risk.errors import MESSAGES
from retaliation_risk.tables import markdown_table

ROOT = Path(__file__).parents[1]
MADE = ("docs/api/", "docs/notebooks/")
"""Folders that building the site fills."""
PAGES = [
    page
    for page in sorted(
        path.relative_to(ROOT).as_posix()
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "data").rglob("*.md")]
    )
    if not page.startswith(MADE)
]


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(page), flags=re.M | re.S)


def commands(page):
    """Every call of the program in the page's shell blocks, as its arguments."""
    for block in blocks(page, "(?:sh|bash|console)"):
        for line in re.split(r"\n|&+|;|\|", block.replace("\\\n", " ")):
            words = shlex.split(line, comments=True)
            if words and Path(words[0]).name == "retaliation-risk":
                yield words[1:]


def parse(arguments, group=main):
    """Let click read the arguments of a command without running it."""
    name, command, rest = group.resolve_command(click.Context(group), list(arguments))
    if isinstance(command, click.Group):
        return parse(rest, command)
    return command.make_context(name, rest)


CALLS = [(page, call) for page in PAGES for call in commands(page)]


@pytest.mark.parametrize(("page", "call"), CALLS, ids=[f"{page}: {' '.join(call)}" for page, call in CALLS])
def test_every_command_line_can_be_typed(page, call):
    assert parse(call).params


def test_the_reader_of_command_lines_reads_and_refuses():
    shown = [call[0] for page, call in CALLS if page == "README.md"]
    assert {"demo", "import", "check", "run"} <= set(shown)
    with pytest.raises(click.UsageError, match="(?i)no such option.*--loud"):
        parse(["check", "tables/", "--loud"])
    with pytest.raises(click.UsageError, match="No such command"):
        parse(["dance"])


def test_the_commands_of_the_readme_are_all_there_are():
    rows = re.findall(r"^\| `retaliation-risk ([a-z]+)` \|", text_of("README.md"), flags=re.M)
    assert sorted(rows) == sorted(main.commands)


def test_the_tables_of_the_readme_are_the_contract():
    (shown,) = re.findall(r"<!-- tables: .*? -->\n(.*?)\n<!-- /tables -->", text_of("README.md"), flags=re.S)
    assert shown.strip() == markdown_table().strip()


def test_the_python_of_the_readme_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    written = blocks("README.md", "python")
    assert written
    names = {}
    for block in written:
        exec(compile(block, "README.md", "exec"), names)
    assert len(names["known"]) == len(names["later"]) > 1000
    assert names["later"]["event"].sum() > 0


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_project_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", re.sub(r"```.*?```|`[^`]*`", "", text_of(page), flags=re.S))
    here = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in here if not ((ROOT / page).parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_code_that_is_named_exists(page):
    assert set(re.findall(r"\bRR\d{3}\b", text_of(page))) <= MESSAGES.keys()


def test_the_page_of_benchmarks_is_made_from_their_results():
    assert text_of("docs/benchmarks.md") == page_of_benchmarks()


def test_every_page_of_the_docs_is_in_the_index():
    index = text_of("docs/index.md")
    pages = [name.removeprefix("docs/").removesuffix(".md") for name in PAGES if name.startswith("docs/")]
    listed = [name for name in pages if not name.startswith("design/") and name != "index"]
    assert [name for name in listed if not re.search(rf"^{re.escape(name)}$", index, flags=re.M)] == []

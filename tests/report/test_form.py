"""What the report looks like apart from the page: a terminal, a PDF, other locales; and folders that are broken."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_folder import write_run_folder
from rich.console import Console

from retaliation_risk.errors import ArgumentError, ArtefactError
from retaliation_risk.plots.svg import compact, data_uri
from retaliation_risk.report import render_html, render_pdf, summarise, terminal_page, write_report
from retaliation_risk.report.formats import LOCALES, localise, show, written_for


def printed(summary, width, **settings):
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, **settings)
    console.print(terminal_page(summary, width=width))
    return out.getvalue()


def program(*arguments, **environment):
    command = [sys.executable, "-m", "retaliation_risk", "report", *map(str, arguments)]
    settings = os.environ | environment
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=settings)


# Locales.


@given(st.floats(-1e9, 1e9), st.sampled_from(["count", "number", "ratio"]), st.sampled_from(sorted(LOCALES)))
def test_a_number_in_any_locale_reads_back_as_the_english_one(value, kind, locale):
    english, marks = show(value, kind), LOCALES[locale]
    with written_for(locale):
        written = show(value, kind)
    back = written.replace(marks.thousands, "\0").replace(marks.decimal, ".").replace("\0", ",")
    assert back == english


def test_marks_are_changed_only_within_numbers():
    with written_for("de"):
        assert localise("1,234,567.25; 3, 4. End 2025-01-01 v1") == "1.234.567,25; 3, 4. End 2025-01-01 v1"
    assert localise("1,234.5") == "1,234.5"


def test_a_locale_that_is_not_there_is_refused(full):
    with pytest.raises(ArgumentError, match=r"^RR111 .*locale is 'xx'; it must be one of en, de, fr"):
        write_report(full, locale="xx")


def test_a_german_page_has_german_numbers_and_dates_and_english_words(full):
    english = write_report(full).read_text(encoding="utf-8")
    german = write_report(full, locale="de").read_text(encoding="utf-8")
    assert json.loads((full / "report.json").read_text(encoding="utf-8"))["locale"] == "de"
    assert '<html lang="en">' in german
    assert '<time datetime="2026-09-30">30.09.2026</time>' in german
    for number in ("1,100", "0.83"):
        assert f">{number}" in english
        assert f">{number.translate(str.maketrans(',.', '.,'))}" in german
        assert f">{number}<" not in german
    assert english != german
    assert write_report(full).read_text(encoding="utf-8") == english


# The terminal.


@pytest.mark.parametrize("width", [40, 80, 160])
def test_the_summary_keeps_to_the_width(full, width):
    lines = printed(summarise(full), width).splitlines()
    assert max(map(len, lines)) <= width
    assert "Rank" in "".join(lines)
    assert any("Failed recoveries" in line for line in lines) == (width >= 100)


def test_the_summary_says_the_answer_and_every_customer_on_the_list(full):
    summary = summarise(full, show_contacts=True)
    said = " ".join(printed(summary, 200).split())
    by_id = {section["id"]: section for section in summary["sections"]}
    assert " ".join(by_id["answer"]["sentence"].split()) in said
    assert all(row["customer"] in said for row in by_id["queue"]["tables"][0]["rows"])


def test_the_summary_says_how_to_see_ids_where_it_hides_them(full):
    said = {shown: printed(summarise(full, show_contacts=shown), 200) for shown in (True, False)}
    assert ["--show-contacts" in said[shown] for shown in (True, False)] == [False, True]
    assert "95 % interval" in said[True]


def test_text_of_customers_neither_colours_nor_steers_a_terminal(full):
    queue = pd.read_csv(full / "queue_risk_only.csv")
    queue["customer_id"] = [f"[red]{k}\x1b[2J\u202e" for k in range(len(queue))]
    queue.to_csv(full / "queue_risk_only.csv", index=False)
    said = printed(summarise(full, show_contacts=True), 200, force_terminal=True, color_system="truecolor")
    assert "\ufffd[2J\ufffd" in said
    assert "[red]" in said
    assert "\x1b[2J" not in said
    assert "\u202e" not in said


def test_the_command_prints_no_colour_into_a_pipe_and_json_for_machines(full):
    done = program(full, "--summary", COLUMNS="100")
    assert (done.returncode, "\x1b" in done.stdout) == (0, False)
    assert "Whom to call" in done.stdout
    told = json.loads(program(full, "--summary", "--json").stdout)
    assert set(told) == {"run", "report", "answer", "queue"}
    assert len(told["queue"]["tables"][0]["rows"]) == told["queue"]["total"]


def test_open_gives_the_page_to_the_browser_or_says_where_it_is(full, tmp_path):
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/asked\n', encoding="utf-8")
    browser.chmod(0o755)
    assert program(full, "--open", BROWSER=str(browser)).returncode == 0
    assert (tmp_path / "asked").read_text(encoding="utf-8").strip() == (full / "report.html").as_uri()
    done = program(full, "--open", PATH=str(tmp_path / "nothing"), BROWSER="", DISPLAY="", WAYLAND_DISPLAY="")
    assert done.returncode == 0
    assert f"There is no browser to open here; open {full / 'report.html'} in one." in done.stderr


# The PDF.


def test_the_pdf_is_tagged_has_title_and_language_and_the_same_bytes_each_time(full, tmp_path):
    weasyprint = pytest.importorskip("weasyprint", reason="WeasyPrint is not installed (the extra pdf)")
    assert weasyprint
    summary = summarise(full)
    # The whole report takes WeasyPrint long: the first section and one with a chart are enough here.
    summary["sections"] = [part for part in summary["sections"] if part["id"] in ("answer", "served")]
    page = render_html(summary)
    made = render_pdf(page)
    assert made == render_pdf(page)
    (tmp_path / "report.pdf").write_bytes(made)
    plain = _unpacked(made)
    assert len(re.findall(rb"/Type /Page\b", plain)) > 1
    assert b"/StructTreeRoot" in plain
    assert re.search(rb"/MarkInfo\s*<<[^>]*/Marked true", plain)
    assert re.search(rb"/Lang\s*\(en\)", plain)
    assert b"pdfuaid:part" in plain
    assert b"/Title (Whom to call first" in plain
    assert b"CreationDate" not in plain
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("pdftotext (poppler-utils) is not here to read the text back")
    done = subprocess.run([reader, tmp_path / "report.pdf", "-"], capture_output=True, text=True, check=True)
    assert " ".join(summary["sections"][0]["sentence"].split()) in " ".join(done.stdout.split())


def test_the_pdf_fetches_nothing_from_outside_the_page(tmp_path, caplog):
    pytest.importorskip("weasyprint", reason="WeasyPrint is not installed (the extra pdf)")
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    page = (
        f'<html lang="en"><title>t</title><body><p>a</p><img src="{secret.as_uri()}" alt="x"></body></html>'
    )
    assert render_pdf(page).startswith(b"%PDF")
    assert "disallowed protocol: file:" in caplog.text


def test_without_weasyprint_the_command_says_what_to_install(full, tmp_path):
    (tmp_path / "weasyprint.py").write_text(
        "raise ImportError('No module named weasyprint')", encoding="utf-8"
    )
    done = program(full, "--pdf", PYTHONPATH=f"{tmp_path}:{os.getcwd()}")
    assert done.returncode == 2
    assert done.stderr.startswith("RR113 missing extra: WeasyPrint cannot be loaded")
    assert not (full / "report.pdf").exists()


def _unpacked(pdf):
    """Return a PDF with its compressed streams unpacked behind it."""
    import zlib

    parts = [pdf]
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(found[1]))
        except zlib.error:
            continue
    return b"\n".join(parts)


# Broken folders.

BROKEN = {
    "empty": b"",
    "garbage": b'{[,\n"',
    "a list": b"[1]",
    "an object": b'{"a": 1}',
    "a number": b"7",
    "no text": b"\xff\xfe\x00\x01",
}
FILES = (
    "run.json",
    "validation.json",
    "features.json",
    "scores.csv",
    "queue_risk_only.csv",
    "effects.csv",
    "playbook.toml",
)


@pytest.mark.parametrize("how", [*BROKEN, "a folder"])
@pytest.mark.parametrize("name", FILES)
def test_a_broken_file_is_named_or_does_without(tmp_path, name, how):
    folder = write_run_folder(tmp_path / "run")
    path = folder / name
    path.unlink(missing_ok=True)
    if how == "a folder":
        path.mkdir()
    else:
        path.write_bytes(BROKEN[how])
    said = _told(folder)
    # Either the error names the file, or there is a report: a list to call from, whatever could be judged.
    assert name in said if said.startswith("RR501 foreign run: ") else re.match(r"[A-Z][a-z]", said)


def _told(folder):
    """Return the answer of a folder, or why it cannot be read."""
    try:
        return summarise(folder)["sections"][0]["sentence"]
    except ArtefactError as error:
        return str(error)


def test_a_folder_that_cannot_be_written_to_says_so(full):
    (full / "figures").write_text("a file where a folder must be", encoding="utf-8")
    with pytest.raises(ArgumentError, match=r"^RR111 .*figures.* cannot be written"):
        write_report(full)
    assert not list(full.glob(".*partial*"))


@pytest.mark.parametrize("arguments", [["nowhere"], ["nowhere", "--summary"], ["nowhere", "--pdf"]])
def test_the_command_refuses_what_is_no_run(arguments):
    done = program(*arguments)
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.startswith("RR501 foreign run: nowhere has no run.json")


# Charts in the page.


@given(st.text(alphabet="<>&\"'%#é \n", max_size=12))
def test_a_chart_comes_out_of_its_address_as_it_went_in(text):
    from html import unescape
    from urllib.parse import unquote

    address = data_uri(f'<svg id="{text}"/>')
    assert not set('<>"#&\n') & set(address.replace("\n", ""))
    back = unquote(address.removeprefix("data:image/svg+xml,")).replace("'", '"')
    assert unescape(back) == unescape(f'<svg id="{text}"/>'.replace("'", "&apos;"))


def test_a_compact_chart_has_no_comments_and_keeps_its_scales():
    given = (
        '<svg>\n <!-- Secret & Sons -->\n <g transform="translate(1.23456 2) scale(0.015625)">\n'
        '  <path d="M 1.23456 -0.001 \nL 2 3 \nz\n" style="fill: #ffffff"/>\n </g>\n</svg>'
    )
    assert compact(given) == (
        '<svg><g transform="translate(1.23 2) scale(0.015625)"><path d="M1.23 -0L2 3z" style="fill: #ffffff"/></g></svg>'
    )

"""The audit log: what was changed after it was written shows, and nobody is answered who cannot be recorded."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retaliation_risk.errors import DataError
from retaliation_risk.serve.audit import START, AuditLog, verify_audit
from retaliation_risk.serve.refusals import Refused

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def write(folder, moments, keep_days=365.0, **entry):
    log = AuditLog(folder, keep_days)
    for moment in moments:
        log.append({"kind": "readout", **entry}, moment)
    log.close()


def files(folder):
    return sorted(path for path in folder.iterdir() if path.suffix == ".jsonl")


def test_each_line_follows_the_one_before_over_days_and_restarts(tmp_path):
    write(tmp_path, [NOW, NOW, NOW + timedelta(days=1)])
    write(tmp_path, [NOW + timedelta(days=1), NOW + timedelta(days=2)])
    assert [path.name[6:16] for path in files(tmp_path)] == ["2026-07-01", "2026-07-02", "2026-07-03"]
    found = verify_audit(tmp_path)
    assert (found.lines, found.torn) == (5, 0)
    assert verify_audit(tmp_path, found.head) == found
    lines = [json.loads(line) for path in files(tmp_path) for line in path.read_text().splitlines()]
    assert lines[0]["previous"] == START
    assert {line["at"][:10] for line in lines} == {"2026-07-01", "2026-07-02", "2026-07-03"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The lines of a log of twelve entries over two days."""
    folder = tmp_path_factory.mktemp("whole")
    write(folder, [NOW + timedelta(hours=4 * number) for number in range(12)])
    return [(path.name, path.read_bytes().splitlines(keepends=True)) for path in files(folder)]


@given(data=st.data())
def test_a_line_changed_cut_out_or_moved_shows(whole, tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("changed")
    lines = [line for _, part in whole for line in part]
    place = data.draw(st.integers(0, len(lines) - 2))
    match data.draw(st.sampled_from(["changed", "cut out", "moved", "put in"])):
        case "changed":
            lines[place] = lines[place].replace(b'"readout"', b'"nothing"')
        case "cut out":
            del lines[place if place else 1]
        case "moved":
            lines[place], lines[place + 1] = lines[place + 1], lines[place]
        case "put in":
            lines.insert(place + 1, lines[place])
    (folder / whole[0][0]).write_bytes(b"".join(lines))
    with pytest.raises(DataError, match=r"RR733.*line \d+ of audit-2026-07-01\.jsonl"):
        verify_audit(folder)


def test_the_end_cut_off_shows_against_a_head_that_was_noted(tmp_path):
    write(tmp_path, [NOW] * 4)
    head = verify_audit(tmp_path).head
    path = files(tmp_path)[0]
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert verify_audit(tmp_path).lines == 3
    with pytest.raises(DataError, match=f"RR733.*{head}"):
        verify_audit(tmp_path, head)


def test_old_days_are_deleted_and_the_rest_still_follows(tmp_path):
    write(tmp_path, [NOW + timedelta(days=day) for day in range(10)], keep_days=3.0)
    assert files(tmp_path)[0].name == "audit-2026-07-07.jsonl"
    assert verify_audit(tmp_path).lines == 4


def test_a_clock_that_goes_back_breaks_nothing(tmp_path):
    write(tmp_path, [NOW, NOW + timedelta(days=1), NOW - timedelta(days=40), NOW + timedelta(days=1)])
    assert verify_audit(tmp_path).lines == 4
    assert len(files(tmp_path)) == 2


def test_a_torn_line_is_counted_and_the_next_vouches_for_it(tmp_path):
    write(tmp_path, [NOW] * 3)
    path = files(tmp_path)[0]
    path.write_bytes(path.read_bytes()[:-40])
    write(tmp_path, [NOW] * 2)
    assert verify_audit(tmp_path).torn == 1
    path.write_bytes(path.read_bytes().replace(b'"previous":"0', b'"previous":"1', 1))
    with pytest.raises(DataError, match="RR733"):
        verify_audit(tmp_path)


def test_two_writers_make_one_chain(tmp_path):
    one, two = AuditLog(tmp_path, 365.0), AuditLog(tmp_path, 365.0)
    for number in range(20):
        (one, two)[number % 2].append({"kind": "readout"}, NOW + timedelta(hours=3 * number))
    one.close()
    two.close()
    assert verify_audit(tmp_path).lines == 20


def test_a_killed_process_loses_no_line_that_was_written(tmp_path):
    script = (
        "import os, sys\nfrom datetime import UTC, datetime\nfrom pathlib import Path\n"
        "from retaliation_risk.serve.audit import AuditLog\n"
        "log = AuditLog(Path(sys.argv[1]), 365.0)\n"
        "for _ in range(50):\n    log.append({'kind': 'readout'}, datetime.now(UTC))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, timeout=120)
    assert done.returncode == -9
    assert verify_audit(tmp_path).lines == 50


def test_where_nothing_can_be_written_nothing_is_answered(tmp_path):
    log = AuditLog(tmp_path, 365.0)
    log.append({"kind": "readout"}, NOW)
    (tmp_path / "audit-2026-07-02.jsonl").mkdir()
    with pytest.raises(Refused, match="RR731"):
        log.append({"kind": "readout"}, NOW + timedelta(days=1))
    log.close()


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "audit").write_text("")
    with pytest.raises(Refused, match="RR731"):
        AuditLog(tmp_path / "audit", 365.0)

"""What breaks in earnest: power, disks, clocks, databases. What was acknowledged stays; what cannot be kept is refused."""

import signal
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from retaliation_risk.serve.answers import LiveEvent
from retaliation_risk.serve.log import EventLog
from retaliation_risk.serve.service import Service
from retaliation_risk.serve.settings import ServeSettings
from tests.serve._process import ROOT, served, settings_of
from tests.serve._writer import entry
from tests.serve.api.conftest import SECRET

HOUR = 3_600_000_000
# Root may write everywhere: so as nobody, once everything is imported.
WITHOUT_POWER = """
import os, sys
from tests.serve._writer import main
if os.getuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
main(sys.argv[1], "a", 1)
"""


@contextmanager
def writer(log, name, count, *limit):
    """A process that appends ``count`` entries, one by one."""
    command = [sys.executable, "-m", "tests.serve._writer", log, name, count, *limit]
    with subprocess.Popen(
        [str(each) for each in command], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ids(address):
    """Event ids of a log, in its order."""
    with closing(EventLog.open(str(address), "default").store) as store:
        return [each.event_id for each in EventLog(store, "default").after(0)]


@pytest.mark.parametrize("after", [1, 30, 90])
def test_a_killed_writer_has_lost_nothing_that_it_acknowledged(tmp_path, after):
    log = tmp_path / "live.sqlite"
    with writer(log, "a", 100_000) as process:
        acknowledged = [process.stdout.readline().strip() for _ in range(after)]
        process.kill()
        acknowledged += process.stdout.read().split()
    kept = ids(log) if log.exists() else []
    assert kept[: len(acknowledged)] == acknowledged
    assert len(kept) <= len(acknowledged) + 1  # at most the one under way
    assert kept == [f"a-{number}" for number in range(len(kept))]


def test_two_writers_of_one_log_lose_and_double_nothing(tmp_path):
    log = tmp_path / "live.sqlite"
    with writer(log, "a", 60) as one, writer(log, "b", 60) as two, writer(log, "b", 60) as same:
        said = [process.stdout.read().split()[-1] for process in (one, two, same)]
    assert said == ["done"] * 3
    found = ids(log)
    assert sorted(found) == sorted(f"{name}-{number}" for name in "ab" for number in range(60))
    for name in "ab":
        assert [each for each in found if each[0] == name] == [f"{name}-{number}" for number in range(60)]


def test_a_reader_beside_a_writer_misses_nothing(tmp_path):
    log = tmp_path / "live.sqlite"
    EventLog.open(str(log), "default").store.close()
    reader = EventLog.open(str(log), "default")
    seen, last = [], 0
    with closing(reader.store), writer(log, "a", 100) as process:
        while process.poll() is None or reader.after(last):
            fresh = reader.after(last)
            seen += [each.event_id for each in fresh]
            last = fresh[-1].seq if fresh else last
    assert seen == [f"a-{number}" for number in range(100)]


def test_a_full_disk_refuses_and_keeps_what_was_acknowledged(tmp_path):
    log = tmp_path / "live.sqlite"
    with writer(log, "a", 100_000, 400_000) as process:
        *acknowledged, last = process.stdout.read().split()
    assert last == "RR703"
    assert len(acknowledged) > 10
    assert ids(log) == acknowledged
    with closing(EventLog.open(str(log), "default").store) as store:  # there is room again
        assert EventLog(store, "default").append([entry("a", len(acknowledged))]) == ["stored"]


@pytest.mark.parametrize("there", [False, True], ids=["no log yet", "a log there"])
def test_a_store_that_cannot_be_written_is_said_at_the_start(there):
    with TemporaryDirectory(dir="/tmp") as place:  # not tmp_path, which lets in nobody but its owner
        folder, log = Path(place), Path(place) / "live.sqlite"
        if there:
            EventLog.open(str(log), "default").store.close()
            log.chmod(0o444)
        folder.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_POWER, log], cwd=ROOT, capture_output=True, text=True, check=True
        )
        folder.chmod(0o755)
    assert done.stdout.split() == ["RR711"]


@pytest.fixture
def asked(made_run, tmp_path):
    """Settings of a service in this process."""
    return ServeSettings.from_env(settings_of(made_run, tmp_path, SECRET))


def stamp(microseconds):
    return f"{np.datetime64(int(microseconds), 'us')}Z"


def test_a_clock_that_goes_back_hides_no_acknowledged_event(made_run, asked):
    now = [2_000_000_000_000_000]
    with closing(Service.open(replace(asked, clock="system"), clock=lambda: now[0])) as service:
        before = service.readout(made_run.customers[0])
        ticket = {"ticket_id": "new-1", "customer_id": made_run.customers[0], "opened_at": stamp(now[0] - 1)}
        assert service.append([LiveEvent("t-1", "tickets", ticket)]).count("stored") == 1
        now[0] -= 24 * HOUR
        after = service.readout(made_run.customers[0])
    assert after.history.calls == before.history.calls + 1
    assert after.moment.timestamp() * 1e6 >= 2_000_000_000_000_000 - 1
    with closing(Service.open(replace(asked, clock="system"), clock=lambda: now[0])) as again:
        assert again.readout(made_run.customers[0]).history.calls == after.history.calls


def test_a_killed_service_counts_every_acknowledged_event_after_its_restart(made_run, tmp_path):
    """Killed while events are sent, and in its next life in the middle of a switch of runs too."""
    environ = settings_of(made_run, tmp_path, SECRET)
    moment = _moment_of(made_run, environ)
    acknowledged, number = [], iter(range(100_000))
    for disturb in (lambda running: None, lambda running: running.process.send_signal(signal.SIGHUP)):
        with served(environ) as running:
            sent = (running, made_run.customers[0], moment, number, acknowledged)
            sender = threading.Thread(target=_send, args=sent)
            enough = len(acknowledged) + 20
            sender.start()
            while len(acknowledged) < enough:
                sender.join(0.01)
                assert sender.is_alive()
            disturb(running)
            running.kill()
            sender.join()
    with served(environ) as running:
        events = [_opened(made_run.customers[0], moment, each) for each in acknowledged]
        status, again = running.ask("POST", "/v1/events", {"events": events})
        assert (status, again["duplicate"]) == (200, len(acknowledged))
        _, readout = running.ask("POST", "/v1/readout", {"customer_id": made_run.customers[0]})
    assert readout["history"]["calls"] >= len(acknowledged)


def _moment_of(made_run, environ):
    with closing(Service.open(ServeSettings.from_env(environ))) as service:
        return service.readout(made_run.customers[0]).moment.timestamp()


def _opened(customer, moment, number):
    opened_at = stamp((moment - 86_400 + number) * 1e6)
    row = {"ticket_id": f"live-{number}", "customer_id": customer, "opened_at": opened_at}
    return {"event_id": f"e-{number}", "table": "tickets", "row": row}


def _send(running, customer, moment, numbers, acknowledged):
    """Send events one after another until the service is gone; remember those that were acknowledged."""
    for number in numbers:
        try:
            status, answer = running.ask("POST", "/v1/events", _opened(customer, moment, number))
        except OSError:
            return
        if status == 200 and answer["stored"] == 1:
            acknowledged.append(number)

"""The durable log: real SQLite files, and a real PostgreSQL where there is one to start."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from retaliation_risk.errors import DataError
from retaliation_risk.serve import Feedback, LiveEvent, Service
from retaliation_risk.serve.log import Entry, EventLog, body_of
from retaliation_risk.serve.log_postgres import PostgresStore
from retaliation_risk.serve.service import BEHIND

ROW = body_of({"ticket_id": "T1", "value": 0.5})


def entry(name, body=ROW, **more):
    return Entry(name, "ticket_events", body, ticket_id="T1", **more)


def made_cluster(folder):
    """Make a cluster of our own in the folder; return the words that go before each of its commands."""
    if not (shutil.which("initdb") and shutil.which("postgres")):
        pytest.skip("needs initdb and postgres")
    before = []
    if os.getuid() == 0:
        if not shutil.which("runuser"):
            pytest.skip("PostgreSQL does not run as root, and there is no runuser")
        shutil.chown(folder, "nobody")
        before = ["runuser", "-u", "nobody", "--"]
    asked = [shutil.which("initdb"), "-D", folder / "data", "-U", "log", "--auth=trust", "-N"]
    made = subprocess.run([*before, *asked], capture_output=True, cwd=folder)
    if made.returncode:
        pytest.skip(f"initdb fails here: {made.stderr.decode()[-200:]}")
    return before


class Cluster:
    """A running PostgreSQL."""

    def __init__(self, folder):
        self.before, self.data, self.folder = made_cluster(folder), folder / "data", folder
        self.start()

    def start(self):
        options = ["-D", self.data, "-k", self.folder, "-c", "listen_addresses="]
        self.process = subprocess.Popen(
            [*self.before, shutil.which("postgres"), *options], stderr=subprocess.DEVNULL, cwd=self.folder
        )
        self.address = f"postgresql:///postgres?host={self.folder}&user=log"
        import psycopg

        for _ in range(600):
            try:
                psycopg.connect(self.address).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        pytest.fail("PostgreSQL did not start")

    @contextmanager
    def silent(self):
        """Let the connections there are take what is sent to them, and answer nothing."""
        pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        # Its children, and not itself: runuser would stop with it.
        children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        for each in children:
            os.kill(each, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in children:
                os.kill(each, signal.SIGCONT)

    def stop(self):
        pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGINT)
        self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def cluster():
    pytest.importorskip("psycopg")
    # Not below pytest's own folder, which nobody but its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="log-"))
    running = Cluster(folder)
    yield running
    running.stop()
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgres"])
def address(request, tmp_path):
    if request.param == "sqlite":
        return str(tmp_path / "live.sqlite")
    return request.getfixturevalue("cluster").address


@pytest.fixture
def log(address, request):
    opened = EventLog.open(address, request.node.name[:40])
    yield opened
    opened.close()


def test_entries_come_back_in_their_order_and_once(log):
    assert log.append([entry("a"), entry("b"), entry("a")]) == ["stored", "stored", "duplicate"]
    assert log.append([entry("b", body_of({"ticket_id": "T2"}))]) == ["different"]
    found = log.after(0)
    assert [each.event_id for each in found] == ["a", "b"]
    assert found[0].seq < found[1].seq
    assert found[0].values() == {"ticket_id": "T1", "value": 0.5}
    assert log.after(found[0].seq) == found[1:]


def test_tenants_do_not_see_each_other(address, log):
    other = EventLog.open(address, "another")
    assert other.append([entry("a")]) == ["stored"]
    assert log.append([entry("a")]) == ["stored"]
    assert len(log.after(0)) == 1
    other.erase("", ["T1"], [])
    assert not other.after(0)
    assert len(log.after(0)) == 1
    other.close()


def test_two_writers_lose_nothing_and_a_reader_misses_nothing(address, log):
    def write(name):
        own = EventLog.open(address, log.tenant)
        for number in range(40):
            own.append([Entry(f"{name}{number}", "orders", "{}")])
        own.close()

    seen, position = [], 0
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(write, name) for name in ("x", "y")]
        while not all(each.done() for each in both) or log.after(position):
            found = log.after(position)
            seen += [each.event_id for each in found]
            position = found[-1].seq if found else position
        assert [each.result() for each in both] == [None, None]
    assert sorted(seen) == sorted(f"{name}{n}" for name in "xy" for n in range(40))


def test_erasing_takes_entries_of_the_customer_and_of_her_tickets(log):
    hers = Entry("c", "orders", "{}", customer_id="C1")
    log.append([entry("a"), hers, Entry("d", "orders", "{}", customer_id="C2")])
    assert log.erase("C1", ["T1"], [Entry("_forgotten1", "_forgotten", "{}")]) == 2
    assert [each.event_id for each in log.after(0)] == ["d", "_forgotten1"]


def test_what_was_erased_leaves_no_bytes_in_the_files(tmp_path):
    log = EventLog.open(str(tmp_path / "live.sqlite"), "shop")
    log.append([Entry("c", "orders", body_of({"segment": "unmistakable-words"}), customer_id="C1")])
    log.erase("C1", [], [])
    assert not any(b"unmistakable" in path.read_bytes() for path in tmp_path.iterdir())
    log.close()


def test_a_killed_writer_loses_no_acknowledged_entry(tmp_path):
    writer = (
        "import sys; from retaliation_risk.serve.log import Entry, EventLog\n"
        "log = EventLog.open(sys.argv[1], 'shop')\n"
        "for n in range(100000):\n"
        "    log.append([Entry(f'e{n}', 'orders', '{}')]); print(n, flush=True)\n"
    )
    path = str(tmp_path / "live.sqlite")
    process = subprocess.Popen([sys.executable, "-c", writer, path], stdout=subprocess.PIPE, text=True)
    told = [int(next(process.stdout)) for _ in range(25)]
    process.kill()
    told += [int(line) for line in process.communicate()[0].split()]
    log = EventLog.open(path, "shop")
    assert {f"e{n}" for n in told} <= {each.event_id for each in log.after(0)}
    log.close()


def test_a_full_file_is_said_and_nothing_of_the_request_is_there(tmp_path):
    log = EventLog.open(str(tmp_path / "live.sqlite"), "shop")
    log.append([entry("a")])
    log.store._connection.execute("PRAGMA max_page_count = 12")
    big = body_of({"x": "y" * 100_000})
    with pytest.raises(DataError, match=r"RR703 .*full"):
        log.append([entry("b"), entry("c", big)])
    assert [each.event_id for each in log.after(0)] == ["a"]
    assert log.append([entry("b")]) == ["stored"]
    log.close()


def test_a_store_that_cannot_be_written_is_said(tmp_path):
    path = tmp_path / "live.sqlite"
    EventLog.open(str(path), "shop").close()
    log = EventLog.open(str(path), "shop")
    log.store._connection = sqlite3.connect(
        f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    with pytest.raises(DataError, match=r"RR703 .*readonly"):
        log.append([entry("a")])
    log.close()


def test_a_place_where_no_log_can_be_is_refused(tmp_path):
    with pytest.raises(DataError, match="RR711"):
        EventLog.open(str(tmp_path / "nowhere" / "live.sqlite"), "shop")


def test_a_database_that_was_restarted_is_found_again(cluster):
    log = EventLog.open(cluster.address, "restarted")
    assert log.append([entry("a")]) == ["stored"]
    cluster.stop()
    with pytest.raises(DataError, match="RR703"):
        log.append([entry("b")])
    cluster.start()
    assert log.append([entry("b")]) == ["stored"]
    assert [each.event_id for each in log.after(0)] == ["a", "b"]
    log.close()


def test_a_reader_finds_a_restarted_database_again(cluster):
    log = EventLog.open(cluster.address, "reader")
    log.append([entry("a")])
    cluster.stop()
    cluster.start()
    assert [each.event_id for each in log.after(0)] == ["a"]
    log.close()


def test_a_service_outlives_its_database_and_keeps_all_that_it_acknowledged(cluster, settings):
    own = replace(settings, log=cluster.address, tenant="outlived")
    service = Service.open(own)
    customer = service.queue(1)[0].customer_id
    calls = service.readout(customer).history.calls

    def send(number):
        row = {"ticket_id": f"L{number}", "customer_id": customer, "opened_at": "2025-12-30"}
        return service.append([LiveEvent(f"l{number}", "tickets", row)]).count("stored")

    assert send(1) == 1
    cluster.stop()
    told = service.readout(customer)
    assert (told.history.calls, told.stale, told.caveats[-1]) == (calls + 1, True, BEHIND)
    assert service.queue(1)[0].customer_id == customer
    with pytest.raises(DataError, match="RR703"):
        send(2)
    with pytest.raises(DataError, match="RR703"):
        service.feedback(Feedback(customer, "acknowledged", "k"))
    assert service.ready()["log"].startswith("RR711")
    cluster.start()
    assert send(2) == 1
    assert (service.readout(customer).history.calls, service.ready()["log"]) == (calls + 2, "ok")
    assert BEHIND not in service.readout(customer).caveats
    service.close()
    again = Service.open(own)
    assert again.readout(customer).history.calls == calls + 2
    again.close()


def opened_ticket(customer, number):
    row = {"ticket_id": f"L{number}", "customer_id": customer, "opened_at": "2025-12-30"}
    return [LiveEvent(f"l{number}", "tickets", row)]


def test_a_silent_database_keeps_no_readout_waiting_and_is_caught_up_with_when_it_speaks(cluster, settings):
    with closing(Service.open(replace(settings, log=cluster.address, tenant="silent"))) as service:
        customer = service.queue(1)[0].customer_id
        calls = service.readout(customer).history.calls
        with cluster.silent():
            assert service.readout(customer).caveats[-1] == BEHIND
            assert service.ready()["log"].startswith("RR711")
            for _ in range(50):  # each for half a second would be more than anybody waits
                assert service.find(customer_id=customer) == customer
            with pytest.raises(DataError, match="RR703"):
                service.append(opened_ticket(customer, 1))
        asked = service._following.log.store._asked
        asked.exception(timeout=60)
        assert service.append(opened_ticket(customer, 1)).count("stored") == 1
        assert (service.ready()["log"], service.readout(customer).history.calls) == ("ok", calls + 1)


def test_of_a_place_that_swallows_everything_only_the_first_to_ask_waits():
    pytest.importorskip("psycopg")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = PostgresStore(f"postgresql://log@127.0.0.1:{silent.getsockname()[1]}/log")
        asked = []
        for words in ("no answer within 0.1 s", "has not answered yet"):
            with pytest.raises(DataError, match=f"RR711 .*{words}"):
                store.read("SELECT 1", (), within=0.1)
            asked.append(store._asked)
        assert asked[0] is asked[1]
    assert asked[0].exception(timeout=60) is not None  # it is gone, and so the question failed
    with pytest.raises(DataError, match="RR711"):
        store.read("SELECT 1", (), within=60)
    store.close()


def test_while_a_write_waits_for_its_turn_readouts_and_readiness_do_not(address, settings):
    with closing(Service.open(replace(settings, log=address, tenant="waits"))) as service:
        customer = service.queue(1)[0].customer_id
        other = EventLog.open(address, "another")
        with ThreadPoolExecutor(1) as pool:
            with other.store.writing():
                writing = pool.submit(service.append, opened_ticket(customer, 2))
                while not service._following._turn.locked():
                    time.sleep(0.001)
                told = service.readout(customer)
                assert (told.stale, service.ready()["log"], len(service.queue(3))) == (False, "ok", 3)
                assert not writing.done()
            assert writing.result(timeout=60).count("stored") == 1
        assert service.readout(customer).history.calls == told.history.calls + 1
        other.close()


def test_a_long_log_comes_in_parts(tmp_path, monkeypatch, settings):
    monkeypatch.setattr("retaliation_risk.serve.log.PAGE", 3)
    own = replace(settings, log=str(tmp_path / "long.sqlite"))
    with closing(Service.open(own)) as first, closing(Service.open(own)) as second:
        customer = first.queue(1)[0].customer_id
        for number in range(8):
            first.append(opened_ticket(customer, number))
        assert len(first._following.log.after(0)) == 3
        assert second.readout(customer) == first.readout(customer)

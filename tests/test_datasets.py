from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import socket
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from retaliation_risk import datasets
from retaliation_risk.datasets import DATASETS, Dataset, fetch, read_iranian_churn
from retaliation_risk.errors import DataError

TEXT = b"number,incident_state\nINC01,New\n"
LOG = Dataset(
    name="small", about="", file="small/log.csv.gz", address="", member="log.csv",
    sha256=hashlib.sha256(TEXT).hexdigest(), licence="ours", citation="",
)  # fmt: skip


def zipped(text: bytes = TEXT, member: str = "log.csv") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, text)
    return file.getvalue()


class Server(ThreadingHTTPServer):
    """Sends one payload on every path and counts how often it was asked; cuts it short when told to."""

    payload: bytes = b""
    status: int = 200
    announced: int | None = None
    asked: int = 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(self.server.announced or len(self.server.payload)))
        self.end_headers()
        self.wfile.write(self.server.payload)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_folders_of_the_tester(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "RETALIATION_RISK_DATA",
        "XDG_CACHE_HOME",
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)


def at(server: Server) -> Dataset:
    return dataclasses.replace(LOG, address=f"http://127.0.0.1:{server.server_port}/log.zip")


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def test_download_is_unpacked_compared_and_kept(tmp_path: Path, server: Server) -> None:
    server.payload = zipped()
    path = datasets._fetch(at(server), tmp_path)
    assert gzip.decompress(path.read_bytes()) == TEXT
    assert files(tmp_path) == ["small/log.csv.gz"]
    assert [entry.name for entry in (tmp_path / "small").iterdir()] == ["log.csv.gz"]


def test_second_time_nothing_is_asked(tmp_path: Path, server: Server) -> None:
    server.payload = zipped()
    assert datasets._fetch(at(server), tmp_path) == datasets._fetch(at(server), tmp_path)
    assert server.asked == 1


def test_the_same_download_is_kept_as_the_same_bytes(tmp_path: Path, server: Server) -> None:
    server.payload = zipped()
    one, two = (datasets._fetch(at(server), tmp_path / name).read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_name_without_gz_is_kept_unpacked(tmp_path: Path, server: Server) -> None:
    server.payload = zipped()
    path = datasets._fetch(dataclasses.replace(at(server), file="log.csv"), tmp_path)
    assert path.read_bytes() == TEXT


def test_another_payload_is_refused_with_both_hashes(tmp_path: Path, server: Server) -> None:
    server.payload = zipped(TEXT + b"INC02,New\n")
    other = hashlib.sha256(TEXT + b"INC02,New\n").hexdigest()
    with pytest.raises(DataError, match=f"^RR109 .*log.csv has SHA-256 {other}, published is {LOG.sha256}"):
        datasets._fetch(at(server), tmp_path)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "payload",
    [b"<html>moved</html>", zipped(member="readme.txt"), zipped()[:60], b""],
    ids=["a page", "another file", "cut", "nothing"],
)
def test_what_is_no_such_zip_is_refused(tmp_path: Path, server: Server, payload: bytes) -> None:
    server.payload = payload
    with pytest.raises(DataError, match=r"^RR102 .*sent is no zip with log\.csv"):
        datasets._fetch(at(server), tmp_path)
    assert files(tmp_path) == []


def test_a_download_that_breaks_off_is_refused(tmp_path: Path, server: Server) -> None:
    server.payload, server.announced = zipped()[:60], 1000
    with pytest.raises(DataError, match=r"^RR1"):
        datasets._fetch(at(server), tmp_path)
    assert files(tmp_path) == []


def test_not_found_at_the_address(tmp_path: Path, server: Server) -> None:
    server.payload, server.status = b"gone", 404
    with pytest.raises(
        DataError, match=r"^RR110 not available: small could not be downloaded from http://.*404"
    ):
        datasets._fetch(at(server), tmp_path)
    assert files(tmp_path) == []


def test_no_network(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dataset = dataclasses.replace(LOG, address=f"http://127.0.0.1:{port}/log.zip")
    with pytest.raises(
        DataError, match=r"^RR110 .*\(.*refused.*\)\. Set RETALIATION_RISK_DATA to the folder"
    ):
        datasets._fetch(dataset, tmp_path)
    assert files(tmp_path) == []


def test_a_cache_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "small").write_text("a file where a folder should be")
    with pytest.raises(DataError, match=r"^RR110 .*File exists"):
        datasets._fetch(dataclasses.replace(LOG, address="http://127.0.0.1:9/"), tmp_path)


def put(folder: Path, content: bytes) -> Path:
    path = folder / LOG.file
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def test_a_folder_of_yours_comes_first(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = put(tmp_path / "mine", gzip.compress(TEXT))
    put(tmp_path / "cache", gzip.compress(TEXT))
    monkeypatch.setenv("RETALIATION_RISK_DATA", str(tmp_path / "mine"))
    assert datasets._fetch(at(server), tmp_path / "cache") == mine
    assert server.asked == 0


def test_a_folder_of_yours_without_the_file_is_passed_over(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.payload = zipped()
    monkeypatch.setenv("RETALIATION_RISK_DATA", str(tmp_path / "mine"))
    assert datasets._fetch(at(server), tmp_path / "cache") == tmp_path / "cache" / LOG.file
    assert not (tmp_path / "mine").exists()


def test_a_changed_local_file_is_refused_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, gzip.compress(b"changed"))
    monkeypatch.setenv("RETALIATION_RISK_DATA", str(tmp_path))
    with pytest.raises(DataError, match=f"RR109 .*, published is {LOG.sha256}"):
        datasets._fetch(LOG, tmp_path / "cache")
    assert path.exists()


def test_a_cut_local_file_is_refused(tmp_path: Path) -> None:
    put(tmp_path, gzip.compress(TEXT)[:-12])
    with pytest.raises(DataError, match=r"RR102 .*log\.csv\.gz cannot be unpacked"):
        datasets._fetch(LOG, tmp_path)


def test_what_may_not_be_passed_on_is_only_read_locally(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"RR110 .*peerindex_train is in no folder of yours and is not downloaded \(Kaggle"
    ):
        fetch("peerindex_train", folder=tmp_path)
    assert files(tmp_path) == []


def test_default_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert datasets._cache() == tmp_path / ".cache" / "retaliation-risk"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert datasets._cache() == tmp_path / "xdg" / "retaliation-risk"


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_declarations(dataset: Dataset) -> None:
    assert DATASETS[dataset.name] is dataset
    assert len(bytes.fromhex(dataset.sha256)) == 32
    assert dataset.licence
    assert dataset.citation
    assert dataset.address == "" or dataset.address.startswith("https://")
    assert bool(dataset.address) == bool(dataset.member)


def test_the_public_log_is_the_published_one(incident_log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETALIATION_RISK_DATA", str(incident_log.parents[1]))
    assert fetch("uci_incident_log") == incident_log


CHURN = """Call  Failure,Complains,Subscription  Length,Charge  Amount,Seconds of Use,Frequency of use,Frequency of SMS,\
Distinct Called Numbers,Age Group,Tariff Plan,Status,Age,Customer Value,Churn
8,0,38,0,4370,71,5,17,3,1,1,30,197.64,0
0,1,39,0,318,5,7,4,2,1,2,25,46.035,1
8,1,38,0,4370,71,5,17,3,1,1,30,197.64,0
"""


def test_identical_customers_are_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "iranian_churn" / "iranian_churn.csv"
    path.parent.mkdir()
    path.write_text(CHURN, encoding="utf-8")
    published = dataclasses.replace(
        DATASETS["iranian_churn"], sha256=hashlib.sha256(CHURN.encode()).hexdigest()
    )
    monkeypatch.setitem(DATASETS, "iranian_churn", published)
    found = read_iranian_churn(folder=tmp_path)
    # The first and the last differ in nothing but the complaint, which is no feature.
    assert found["group"].tolist() == [0, 1, 0]
    assert found["complained"].tolist() == [False, True, True]
    assert found["churned"].tolist() == [False, True, False]
    assert found["inactive"].tolist() == [False, True, False]
    assert found.loc[1, ["failures", "tenure_months", "customer_value"]].tolist() == [0, 39, 46.035]
    assert (found.dtypes.iloc[:11] == "float64").all()


def test_the_public_churn_data_are_as_their_card_says(iranian_churn: pd.DataFrame) -> None:
    assert len(iranian_churn) == 3150
    assert iranian_churn.duplicated().sum() == 300
    assert iranian_churn["complained"].sum() == 241
    assert iranian_churn["churned"].mean() == pytest.approx(0.157, abs=5e-4)
    assert iranian_churn["group"].nunique() < len(iranian_churn) - 300

"""Public real data: where it is, whose it is, and a checksum that says it is the one that was published."""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
import urllib.request
import zipfile
import zlib
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO, TYPE_CHECKING

from retaliation_risk._validate import one_of
from retaliation_risk.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_CHUNK = 1 << 20
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Dataset:
    """One public data set.

    Attributes
    ----------
    name, about : str
        The name to ask for, and what it is.
    file : str
        Where it lies inside a data folder; a name in ``.gz`` is kept packed.
    address : str
        The zip to download, over https; empty if it is only read from a folder of yours.
    member : str
        The file inside that zip.
    sha256 : str
        Hash of the unpacked file.
    licence, citation : str
        What its publisher allows, and how to cite it.
    """

    name: str
    about: str
    file: str
    address: str
    member: str
    sha256: str
    licence: str
    citation: str


_KAGGLE = "Kaggle competition rules; no licence to pass it on is known, so it is only read locally"

_ALL = (
    Dataset(
        name="uci_incident_log",
        about="ServiceNow audit log of an IT company: 141,712 changes of 24,918 incidents, 2016 to 2017.",
        file="uci_incident_log/incident_event_log.csv.gz",
        address="https://archive.ics.uci.edu/static/public/498/"
        "incident+management+process+enriched+event+log.zip",
        member="incident_event_log.csv",
        sha256="fd184bbfd62329cfe093e99da2ea7071905f2ead91900b448eb2635870821bef",
        licence="CC BY 4.0",
        citation="Amaral, Fantinato and Peres (2018), Incident management process enriched event log, UCI"
        " Machine Learning Repository, doi 10.24432/C57S4H.",
    ),
    Dataset(
        name="iranian_churn",
        about="3,150 telecom customers: service failures, tenure, use and whether they complained; no times.",
        file="iranian_churn/iranian_churn.csv",
        address="",
        member="",
        sha256="c641f37d23beded41b004fec0976c66a9410616b7cf319011fb5fcd7edcf7b87",
        licence="CC BY 4.0",
        citation="Iranian Churn (2020), UCI Machine Learning Repository, data set 563.",
    ),
    Dataset(
        name="peerindex_train",
        about="5,500 pairs of Twitter profiles with the human judgement of who is more influential.",
        file="peerindex_influencers/train.csv.gz",
        address="",
        member="",
        sha256="cc117044a859b5a9af7df8a1c23a2960710fbf24abef1119c7dd72ac7896981f",
        licence=_KAGGLE,
        citation="PeerIndex and Data Science London (2013), Influencers in Social Networks, Kaggle.",
    ),
    Dataset(
        name="peerindex_test",
        about="5,952 pairs of Twitter profiles without a judgement.",
        file="peerindex_influencers/test.csv.gz",
        address="",
        member="",
        sha256="8e9b3fa3e69674a64839a3cb4fbcb9518a3e7395b64c12e0b5b41372ae689fa0",
        licence=_KAGGLE,
        citation="PeerIndex and Data Science London (2013), Influencers in Social Networks, Kaggle.",
    ),
)

DATASETS: dict[str, Dataset] = {dataset.name: dataset for dataset in _ALL}


def fetch(name: str, *, folder: Path | None = None) -> Path:
    """Return the path of a public data set, downloading it once if that is allowed.

    Looked for in the folder that the variable ``RETALIATION_RISK_DATA`` names, then in ``folder``, then at
    its public address. Whatever is found is read to its end and compared with the published checksum.

    Parameters
    ----------
    name : str
        A key of :data:`DATASETS`.
    folder : Path, optional
        Where downloads are kept; default ``$XDG_CACHE_HOME/retaliation-risk``, or
        ``~/.cache/retaliation-risk``.

    Returns
    -------
    Path

    Raises
    ------
    ArgumentError
        RR111, a name that is not in :data:`DATASETS`.
    DataError
        RR109 if a file is not the published one, RR110 if there is none and none can be downloaded.

    Examples
    --------
    >>> fetch("klout_scores")
    Traceback (most recent call last):
    retaliation_risk.errors.ArgumentError: RR111 bad argument: name is 'klout_scores'; it must be one of ...
    """
    one_of("name", name, tuple(DATASETS))
    return _fetch(DATASETS[name], Path(folder) if folder else _cache())


#: Columns of the churn data as published, words split by one blank, and what they are called here.
_CHURN = {
    "Call Failure": "failures",
    "Subscription Length": "tenure_months",
    "Charge Amount": "charge_level",
    "Seconds of Use": "seconds_of_use",
    "Frequency of use": "calls",
    "Frequency of SMS": "texts",
    "Distinct Called Numbers": "numbers_called",
    "Age Group": "age_group",
    "Tariff Plan": "tariff_plan",
    "Age": "age",
    "Customer Value": "customer_value",
}


def read_iranian_churn(*, folder: Path | None = None) -> pd.DataFrame:
    """Read the Iranian churn data under plain names, identical customers marked.

    Nine months of each customer; whether one left is of the end of the twelfth. There are no times, so whether a
    failure came before a complaint is not known.

    Parameters
    ----------
    folder : Path, optional
        As for :func:`fetch`.

    Returns
    -------
    DataFrame
        3,150 rows. Float columns ``failures`` (calls that failed), ``tenure_months``, ``charge_level`` (0 to 10),
        ``seconds_of_use``, ``calls``, ``texts``, ``numbers_called``, ``age_group``, ``tariff_plan``, ``age`` (years),
        ``customer_value``; bool ``complained``, ``inactive``, ``churned``; int ``group``, the same for rows that are equal
        in all float columns: keep them in one fold, or a model is tested on what it has seen.

    Raises
    ------
    DataError
        As :func:`fetch`.
    """
    import pandas as pd

    raw = pd.read_csv(fetch("iranian_churn", folder=folder))
    raw.columns = [" ".join(name.split()) for name in raw.columns]
    known = raw[list(_CHURN)].rename(columns=_CHURN).astype(float)
    return known.assign(
        complained=raw["Complains"] == 1,
        inactive=raw["Status"] == 2,
        churned=raw["Churn"] == 1,
        group=known.groupby(list(known), sort=False).ngroup(),
    )


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "retaliation-risk"


def _fetch(dataset: Dataset, folder: Path) -> Path:
    own = os.environ.get("RETALIATION_RISK_DATA")
    for place in (Path(own), folder) if own else (folder,):
        if (path := place / dataset.file).is_file():
            return _verified(path, dataset)
    if not dataset.address:
        raise DataError(
            "RR110", f"{dataset.name} is in no folder of yours and is not downloaded ({dataset.licence})."
        )
    return _download(dataset, folder / dataset.file)


def _verified(path: Path, dataset: Dataset) -> Path:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            _compare(hashlib.file_digest(file, "sha256").hexdigest(), dataset, path.name)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError("RR102", f"{path} cannot be unpacked ({str(error).rstrip('.')}).") from error
    return path


def _compare(found: str, dataset: Dataset, what: str) -> None:
    if found != dataset.sha256:
        raise DataError("RR109", f"{what} has SHA-256 {found}, published is {dataset.sha256}.")


def _download(dataset: Dataset, path: Path) -> Path:
    """Download, unpack, compare, and only then give the file its name; nothing stays behind otherwise."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=path.parent) as partial:
            packed, whole = Path(partial) / "download.zip", Path(partial) / path.name
            with (
                urllib.request.urlopen(dataset.address, timeout=_TIMEOUT_SECONDS) as reply,
                packed.open("wb") as file,
            ):
                _copy(reply, file)
            _unpack(packed, whole, dataset)
            whole.replace(path)
    except (OSError, HTTPException) as error:
        found = f"{dataset.name} could not be downloaded from {dataset.address} ({error})."
        raise DataError("RR110", found) from error
    return path


def _unpack(packed: Path, whole: Path, dataset: Dataset) -> None:
    try:
        with (
            zipfile.ZipFile(packed) as archive,
            archive.open(dataset.member) as member,
            whole.open("wb") as file,
        ):
            if whole.suffix == ".gz":
                with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as target:
                    found = _copy(member, target)
            else:
                found = _copy(member, file)
    except (zipfile.BadZipFile, KeyError, EOFError, zlib.error) as error:
        raise DataError(
            "RR102", f"what {dataset.address} sent is no zip with {dataset.member} ({error})."
        ) from error
    _compare(found, dataset, dataset.member)


def _copy(source: IO[bytes], target: IO[bytes] | gzip.GzipFile) -> str:
    """Copy to the end and return the SHA-256 of what went through."""
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()

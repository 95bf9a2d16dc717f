"""Settings of the service, declared once: from here come the environment's names, their checks and the table in the docs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from retaliation_risk._contact import FEWEST_BYTES
from retaliation_risk._validate import one_of, positive, within
from retaliation_risk.errors import ArgumentError

PREFIX = "RETALIATION_RISK_"
CLOCKS = ("system", "run")
TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@dataclass(frozen=True)
class ServeSettings:
    """What the service is told; every field is the environment variable ``RETALIATION_RISK_<FIELD>``.

    Secrets are read from the environment alone, are never printed, and are kept in no store.

    Raises
    ------
    ArgumentError
        RR111, naming the field, the value (not of a secret) and what is allowed.

    Examples
    --------
    >>> asked = {"RETALIATION_RISK_RUN": "reports/july", "RETALIATION_RISK_STALE_DAYS": "3"}
    >>> settings = ServeSettings.from_env(asked)
    >>> settings.run.name, settings.stale_days
    ('july', 3.0)
    """

    run: Annotated[Path, "the run folder that is served"] = Path("reports/latest")
    tables: Annotated[Path, "the folder of tables that the run was made of"] = Path("tables")
    log: Annotated[str, "the event log: a SQLite file, or a postgresql:// address"] = "live.sqlite"
    tenant: Annotated[str, "whose customers these are; a key belongs to one tenant"] = "default"
    secrets: Annotated[
        tuple[bytes, ...],
        "secrets of the contact keys, parted by commas, newest first; older ones still find customers",
    ] = field(default=(), repr=False)
    webhook_secret: Annotated[bytes, "secret that signs generic webhooks; empty: none is accepted"] = field(
        default=b"", repr=False
    )
    zendesk_secret: Annotated[bytes, "signing secret of the Zendesk webhook; empty: none is accepted"] = (
        field(default=b"", repr=False)
    )
    replay_seconds: Annotated[float, "a signed webhook is refused when its timestamp is further away"] = 300.0
    future_seconds: Annotated[float, "an event may be known so far ahead of the clock, and no further"] = (
        300.0
    )
    stale_days: Annotated[float, "the tables count as stale when they end longer ago"] = 2.0
    run_stale_days: Annotated[float, "the run counts as stale when its moment is longer ago"] = 35.0
    clock: Annotated[str, "now: the system's clock, or `run`: the run's own moment (to demonstrate)"] = (
        "system"
    )
    other_tables: Annotated[bool, "serve although the tables are not those that the run was made of"] = False
    host: Annotated[str, "address to listen on"] = "127.0.0.1"
    port: Annotated[int, "port to listen on"] = 8000
    keys: Annotated[Path, "the file of hashed API keys"] = Path("keys.sqlite")
    audit: Annotated[Path, "the folder of the audit log, one file a day"] = Path("audit")
    audit_days: Annotated[float, "days after which files of the audit log are deleted"] = 365.0
    rate_per_minute: Annotated[int, "requests of one key within a minute"] = 600
    failures_per_minute: Annotated[int, "requests of one address without a valid key within a minute"] = 30
    body_bytes: Annotated[int, "largest body of a request"] = 1_000_000
    body_seconds: Annotated[float, "a body that takes longer to arrive is refused"] = 10.0
    batch_events: Annotated[int, "most events in one request"] = 1_000
    proxies: Annotated[
        tuple[str, ...], "addresses of proxies whose X-Forwarded-For is believed, parted by spaces"
    ] = ()
    frame_ancestors: Annotated[
        tuple[str, ...], "origins that may frame the agent's page, parted by spaces"
    ] = ()

    def __post_init__(self) -> None:
        for name in ("replay_seconds", "stale_days", "run_stale_days", "audit_days", "rate_per_minute"):
            positive(name, getattr(self, name))
        for name in ("failures_per_minute", "body_bytes", "body_seconds", "batch_events"):
            positive(name, getattr(self, name))
        within("future_seconds", self.future_seconds, 0, 86_400)
        within("port", self.port, 0, 65_535)
        one_of("clock", self.clock, CLOCKS)
        if not TENANT.fullmatch(self.tenant):
            raise ArgumentError(
                "RR111",
                f"tenant is {self.tenant!r}; it must be lower-case letters, digits, - and _, at most 63.",
            )
        for name, secret in self._secrets():
            if len(secret) < FEWEST_BYTES:
                raise ArgumentError("RR111", f"{name} must have at least {FEWEST_BYTES} bytes.")

    def _secrets(self) -> list[tuple[str, bytes]]:
        single = [(name, getattr(self, name)) for name in ("webhook_secret", "zendesk_secret")]
        return [("secrets", secret) for secret in self.secrets] + [pair for pair in single if pair[1]]

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> ServeSettings:
        """Read the variables that are set; the others keep their defaults."""
        kinds = _declared()
        given = {name: environ.get(PREFIX + name.upper(), "") for name in kinds}
        return cls(**{name: _read(name, kinds[name][0], text) for name, text in given.items() if text})


def variables() -> list[dict[str, str]]:
    """Return name, default and meaning of every variable, in the order declared: the table of the docs.

    Examples
    --------
    >>> [each["name"] for each in variables()][:2]
    ['RETALIATION_RISK_RUN', 'RETALIATION_RISK_TABLES']
    """
    default = {each.name: each.default for each in fields(ServeSettings)}
    return [
        {"name": PREFIX + name.upper(), "default": _shown(default[name]), "about": about}
        for name, (_, about) in _declared().items()
    ]


def _declared() -> dict[str, tuple[Any, str]]:
    """Return kind and meaning of every field."""
    hints = get_type_hints(ServeSettings, include_extras=True)
    return {name: (hint.__origin__, hint.__metadata__[0]) for name, hint in hints.items()}


def _shown(value: Any) -> str:
    if value in ((), b""):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _flag(text: str) -> bool:
    one_of("flag", text.lower(), ("true", "false", "1", "0"))
    return text.lower() in ("true", "1")


_READERS: Mapping[Any, Callable[[str], Any]] = {
    Path: Path,
    str: str,
    float: float,
    int: int,
    bool: _flag,
    bytes: str.encode,
    tuple[bytes, ...]: lambda text: tuple(part.strip().encode() for part in text.split(",")),
    tuple[str, ...]: lambda text: tuple(text.split()),
}


def _read(name: str, kind: Any, text: str) -> Any:
    try:
        return _READERS[kind](text)
    except ValueError as error:
        # What cannot be read is not repeated: it may be a secret in the wrong place.
        said = f"{PREFIX}{name.upper()} cannot be read as {getattr(kind, '__name__', kind)}."
        raise ArgumentError("RR111", said) from error

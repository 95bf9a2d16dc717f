"""Commands of the readout service: serve, keys, forget, audit. Settings come from RETALIATION_RISK_SERVE_... variables."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from retaliation_risk._words import counted
from retaliation_risk.cli._console import as_json, echo_json, say

if TYPE_CHECKING:
    from retaliation_risk.serve.keys import ApiKey, KeyStore
    from retaliation_risk.serve.settings import ServeSettings

# As serve.keys.SCOPES, which would load the service for --help; a test compares the two.
SCOPES = ("metrics", "read", "agent", "write", "admin")
keys_option = click.option(
    "--keys",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File of hashed keys; without it, RETALIATION_RISK_SERVE_KEYS.",
)


def _settings(**flags: Any) -> ServeSettings:
    """Return the settings of the environment, with the flags that were given over them."""
    from retaliation_risk.serve.settings import ServeSettings

    given = {name: value for name, value in flags.items() if value is not None}
    return replace(ServeSettings.from_env(os.environ), **given)


@click.command()
@click.option(
    "--run", "runs", multiple=True, help="Run folder, or TENANT=FOLDER; may be given more than once."
)
@click.option("--tables", multiple=True, help="Folder of the run's tables, or TENANT=FOLDER.")
@click.option("--host", help="Address to listen on; 127.0.0.1 without it.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port to listen on; 8000 without it.")
@as_json
def serve(
    runs: tuple[str, ...], tables: tuple[str, ...], host: str | None, port: int | None, as_json: bool
) -> None:
    """Serve readouts of a run: who asks for a customer gets risk, reasons and history as of now.

    Everything else is set by environment variables, listed in docs/serve.md. SIGHUP opens the run folder anew, SIGTERM
    stops in order. The log is JSON lines on standard error, with --json or without.
    """
    from retaliation_risk.serve.server import serve as listen
    from retaliation_risk.serve.server import tenants

    listen(tenants(_settings(host=host, port=port), runs, tables))


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def keys(context: click.Context, as_json: bool) -> None:
    """Create, list and revoke the API keys of the service.

    Without a command the keys are listed.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_, path=None, as_json=as_json)


def _store(path: Path | None) -> KeyStore:
    from retaliation_risk.serve.keys import KeyStore

    return KeyStore(path or _settings().keys)


@keys.command()
@click.option("--name", required=True, help="Who has the key, in words.")
@click.option(
    "--scope",
    type=click.Choice(SCOPES),
    default="read",
    show_default=True,
    help="What it may do; each includes those before it.",
)
@click.option("--tenant", help="Whose customers it sees; without it, RETALIATION_RISK_SERVE_TENANT.")
@click.option(
    "--days", type=click.FloatRange(min=0, min_open=True), help="Days until it expires; never without it."
)
@keys_option
@as_json
def create(
    name: str, scope: str, tenant: str | None, days: float | None, path: Path | None, as_json: bool
) -> None:
    """Make a key and print its token, once: only a hash of it is stored."""
    now = datetime.now(UTC)
    expires = None if days is None else now + timedelta(days=days)
    tenant = tenant or _settings().tenant
    key, token = _store(path).create(name=name, tenant=tenant, scope=scope, now=now, expires_at=expires)
    echo_json({**_told(key), "token": token}) if as_json else click.echo(token)
    say(f"Key {key.key_id} ({key.scope}, tenant {key.tenant}) made. The token is not shown again.")


@keys.command("list")
@keys_option
@as_json
def list_(path: Path | None, as_json: bool) -> None:
    """List the keys, without their secrets."""
    found = _store(path).listed()
    if as_json:
        echo_json([_told(key) for key in found])
    for key in () if as_json else found:
        click.echo(f"{key.key_id}  {key.tenant}  {key.scope}  {_state(key)}  {key.name}")
    say(f"{counted(len(found), 'keys')}.")


@keys.command()
@click.argument("key_id")
@keys_option
@as_json
def revoke(key_id: str, path: Path | None, as_json: bool) -> None:
    """Close a key for good; a running service refuses it from its next request on."""
    key = _store(path).revoke(key_id, datetime.now(UTC))
    if as_json:
        echo_json(_told(key))
    say(f"Key {key.key_id} is revoked.")


def _told(key: ApiKey) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(key).items()
    }


def _state(key: ApiKey) -> str:
    if key.revoked_at:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    return f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "valid"


@click.command()
@click.argument("customer_id")
@click.option(
    "--run", type=click.Path(path_type=Path), help="Run folder; without it, RETALIATION_RISK_SERVE_RUN."
)
@click.option(
    "--tables", type=click.Path(path_type=Path), help="Its tables; without it, RETALIATION_RISK_SERVE_TABLES."
)
@as_json
def forget(customer_id: str, run: Path | None, tables: Path | None, as_json: bool) -> None:
    """Erase a customer from tables, run folder and event log, and say what remains and why.

    For a service that is not running; of one that is, DELETE /v1/customers/ID does the same and empties its memory too.
    """
    from retaliation_risk.serve.erasing import forget_offline

    done = forget_offline(_settings(run=run, tables=tables), customer_id)
    if as_json:
        echo_json({"erased": dict(done.erased), "remains": list(done.remains)})
    for place, rows in () if as_json else done.erased.items():
        click.echo(f"{place}: {rows:,} rows erased")
    for line in () if as_json else done.remains:
        click.echo(f"remains: {line}")


@click.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--head", help="Hash that an earlier check printed; it must still be there.")
@as_json
def audit(folder: Path | None, head: str | None, as_json: bool) -> None:
    """Check that no line of the audit log was changed, cut out or put in; exit code 3 if one was.

    Prints the hash of the last line: keep it elsewhere and give it as --head at the next check.
    """
    from retaliation_risk.serve.audit import verify_audit

    found = verify_audit(folder or _settings().audit, head)
    if as_json:
        echo_json(asdict(found))
    else:
        click.echo(found.head)
    say(f"{found.lines:,} lines follow each other, {found.torn} of them torn.")

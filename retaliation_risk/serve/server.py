"""A server process: opens what the app needs, listens, switches runs on SIGHUP, and leaves in order on SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from retaliation_risk.errors import ArgumentError, RetaliationRiskError
from retaliation_risk.serve.app import create_app
from retaliation_risk.serve.audit import AuditLog
from retaliation_risk.serve.guard import Desk
from retaliation_risk.serve.keys import KeyStore
from retaliation_risk.serve.refusals import without_addresses
from retaliation_risk.serve.service import Service
from retaliation_risk.serve.settings import ServeSettings
from retaliation_risk.serve.watch import JsonLines, told, write_line

#: Seconds an idle connection is kept, and seconds that requests under way have when the server is told to stop.
KEEP_ALIVE_SECONDS = 15
STOP_SECONDS = 20


def tenants(
    settings: ServeSettings, runs: tuple[str, ...], tables: tuple[str, ...]
) -> dict[str, ServeSettings]:
    """Return the settings of each tenant.

    Parameters
    ----------
    settings : ServeSettings
    runs, tables : tuple of str
        Each a folder, of the tenant in the settings, or ``tenant=folder``.

    Raises
    ------
    ArgumentError
        RR111, a tenant named twice, or tables of a tenant that has no run.

    Examples
    --------
    >>> several = tenants(ServeSettings(), ("shop=reports/a", "bank=reports/b"), ("shop=a", "bank=b"))
    >>> [(name, one.run.name, str(one.tables)) for name, one in several.items()]
    [('shop', 'a', 'a'), ('bank', 'b', 'b')]
    """
    by_run = _by_tenant("--run", settings.tenant, runs or (str(settings.run),))
    by_tables = _by_tenant("--tables", settings.tenant, tables)
    if odd := sorted(set(by_tables) - set(by_run)):
        raise ArgumentError("RR111", f"--tables names {odd[0]!r}, and no --run does.")
    return {
        name: replace(settings, tenant=name, run=run, tables=by_tables.get(name, settings.tables))
        for name, run in by_run.items()
    }


def _by_tenant(flag: str, usual: str, given: tuple[str, ...]) -> dict[str, Path]:
    told: dict[str, Path] = {}
    for text in given:
        name, equals, folder = text.partition("=")
        name, folder = (name, folder) if equals else (usual, text)
        if name in told:
            raise ArgumentError("RR111", f"{flag} names the tenant {name!r} twice.")
        told[name] = Path(folder)
    return told


def serve(several: Mapping[str, ServeSettings]) -> None:
    """Serve until told to stop.

    SIGTERM and SIGINT: no new connections, requests under way are answered, logs are put on disk, exit code 0. SIGHUP: each
    tenant's run folder is opened anew (point a link at another run first); requests go on all the while, and a folder that
    cannot be opened changes nothing.

    Parameters
    ----------
    several : mapping of str to ServeSettings
        By tenant; host, port, keys, audit log and limits are those of the first.

    Raises
    ------
    RetaliationRiskError
        Of the run, the tables, the event log or the keys, before anything listens.
    """
    settings = next(iter(several.values()))
    with ExitStack() as stack:
        keys = KeyStore(settings.keys)
        stack.callback(keys.close)
        audit = AuditLog(settings.audit, settings.audit_days)
        stack.callback(audit.close)
        services = {}
        for name, own in several.items():
            services[name] = Service.open(own)
            stack.callback(services[name].close)
        app = create_app(services, keys, settings, audit)
        stack.callback(gc.unfreeze)
        set_apart()
        config = uvicorn_config(app, settings)
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_listen(app, config, several))


async def _listen(app: FastAPI, config: uvicorn.Config, several: Mapping[str, ServeSettings]) -> None:
    server = uvicorn.Server(config)
    switches: set[asyncio.Task[None]] = set()

    def switch_and_settle() -> None:
        switch_runs(app.state.desk, several)
        set_apart()

    def switch() -> None:
        task = asyncio.ensure_future(asyncio.to_thread(switch_and_settle))
        switches.add(task)
        task.add_done_callback(switches.discard)

    # uvicorn raises again the signal that stopped it; here it has done all it shall.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, switch)
    await server.serve()
    await asyncio.gather(*switches)


def switch_runs(desk: Desk, several: Mapping[str, ServeSettings]) -> None:
    """Open each tenant's run folder anew, and say in the log what came of it."""
    for name, settings in several.items():
        try:
            desk.services[name].switch(settings.run)
            outcome: dict[str, Any] = {"switched": True}
        except Exception as error:  # whatever is wrong with the new run, the old one goes on
            outcome = {"switched": False, **told(error), "message": _words(error)}
        desk.metrics.count("run_switches_total", tenant=name, outcome=str(outcome["switched"]).lower())
        write_line({"tenant": name, **outcome})


def set_apart() -> None:
    """Keep the garbage collector off what is there now: a pass over it stops every answer, and it stays as it is.

    What an earlier call set apart is looked through once more, so a run that is no longer served is let go. Full passes come
    when what is new has grown to a quarter of what the last one left: the second here leaves next to nothing, so that later
    ones come early and are short.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.collect()


def _words(error: Exception) -> str:
    """Return what the log may repeat of an exception: our own words, without what looks like an address in them."""
    return without_addresses(str(error)) if isinstance(error, RetaliationRiskError) else ""


def uvicorn_config(app: FastAPI, settings: ServeSettings) -> uvicorn.Config:
    """Return how uvicorn shall run an app: no log of its own but warnings and the address, no banner, patience that ends."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.getLogger("uvicorn").handlers = [handler]
    logging.getLogger("uvicorn.access").disabled = True  # its lines hold addresses with their queries
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        log_level="info",
        access_log=False,
        server_header=False,
        ws="none",
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )

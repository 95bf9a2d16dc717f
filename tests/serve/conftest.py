"""A run to serve, and a real server on loopback in front of it."""

import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import httpx
import numpy as np
import pytest
import uvicorn

from retaliation_risk.influence import contact_key
from retaliation_risk.run import Settings, run
from retaliation_risk.serve import ServeSettings, Service
from retaliation_risk.serve.app import create_app
from retaliation_risk.serve.audit import AuditLog
from retaliation_risk.serve.keys import SCOPES, KeyStore
from retaliation_risk.serve.server import uvicorn_config
from retaliation_risk.simulate import simulate
from retaliation_risk.tables import read_tables, tables_from_frames, write_tables

SECRET = b"a secret of the firm for tests"


def address(customer_id):
    """The e-mail address of a simulated customer."""
    return f"{customer_id.lower()}@customers.example"


@pytest.fixture(scope="session")
def made_run(tmp_path_factory):
    """Tables with contact keys, every tenth customer opted out, and a run of them with the model it serves alone."""
    folder = tmp_path_factory.mktemp("served")
    frames = simulate(400, seed=1).frames
    customers = frames["customers"]
    keys = [contact_key(address(each), SECRET) for each in customers["customer_id"]]
    out = np.arange(len(customers)) % 10 == 3
    frames = {**frames, "customers": customers.assign(contact_key=keys, profiling_opt_out=out)}
    write_tables(tables_from_frames(frames), folder / "tables")
    quick = {"capacity": 40, "n_bootstrap": 20, "test_moments": 1, "every_days": 120.0, "controls": 5}
    run(read_tables(folder / "tables"), folder / "run", Settings(compare=("cox",), **quick))
    return SimpleNamespace(
        run=folder / "run",
        tables=folder / "tables",
        customers=list(customers["customer_id"][~out]),
        opted_out=customers["customer_id"][out].iloc[0],
    )


@pytest.fixture(scope="session")
def serve_settings(made_run):
    """Settings of a service of the run in a folder, with changes."""

    def settings(folder, **changes):
        own = ServeSettings(
            run=made_run.run,
            tables=made_run.tables,
            log=str(folder / "live.sqlite"),
            keys=folder / "keys.sqlite",
            audit=folder / "audit",
            secrets=(SECRET,),
            clock="run",
            port=0,
            rate_per_minute=1_000_000,
            failures_per_minute=1_000_000,
        )
        return replace(own, **changes)

    return settings


@contextmanager
def listening(services, settings):
    """Run the app in a thread: its address, a token for each scope, its keys and its app."""
    keys = KeyStore(settings.keys)
    now = datetime.now(UTC)
    tokens = {
        scope: keys.create(name=scope, tenant=settings.tenant, scope=scope, now=now)[1] for scope in SCOPES
    }
    audit = AuditLog(settings.audit, settings.audit_days)
    lines = []
    app = create_app(services, keys, settings, audit, lines.append)
    server = uvicorn.Server(uvicorn_config(app, settings))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    with httpx.Client(base_url=f"http://{host}:{port}", timeout=30) as client:
        yield SimpleNamespace(
            client=client, port=port, tokens=tokens, keys=keys, app=app, settings=settings, lines=lines
        )
    server.should_exit = True
    thread.join()
    audit.close()
    keys.close()


@pytest.fixture(scope="module")
def api(made_run, serve_settings, tmp_path_factory):
    """The service of the run on loopback, tenant ``default``, with no limit that a test would meet."""
    settings = serve_settings(tmp_path_factory.mktemp("api"))
    service = Service.open(settings)
    with listening({"default": service}, settings) as served:
        yield served
    service.close()


@pytest.fixture
def ask(api):
    """Ask the service with the token of a scope, or none."""

    def asked(method, path, scope=None, **more):
        headers = {**({"X-API-Key": api.tokens[scope]} if scope else {}), **more.pop("headers", {})}
        return api.client.request(method, path, headers=headers, **more)

    return asked

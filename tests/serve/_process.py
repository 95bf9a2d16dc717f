"""The service as a process of its own, as it is run in earnest: started, asked, killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from retaliation_risk.serve.keys import KeyStore

ROOT = Path(__file__).parents[2]


@dataclass
class Served:
    """A running service: its process, its address and a key of the scope admin."""

    process: subprocess.Popen
    url: str
    key: str

    def ask(self, method, path, body=None):
        """Return status and JSON of an answer."""
        headers = {"X-API-Key": self.key, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=60) as response:
                return response.status, json.loads(response.read() or "null")
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read() or "null")

    def kill(self):
        """Kill -9: nothing is flushed, nothing is closed."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def settings_of(world, state, secret):
    """The environment of a service of this run, with its state in a folder."""
    own = {
        "RUN": world.run, "TABLES": world.tables, "LOG": state / "live.sqlite", "KEYS": state / "keys.sqlite",
        "AUDIT": state / "audit", "SECRETS": secret.decode(), "CLOCK": "run", "RATE_PER_MINUTE": 100_000,
    }  # fmt: skip
    return {f"RETALIATION_RISK_SERVE_{name}": str(value) for name, value in own.items()}


@contextmanager
def served(environ, *, seconds=120):
    """Start the service by its command line, wait until it is ready, and kill it at the end if it still runs."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    keys = KeyStore(Path(environ["RETALIATION_RISK_SERVE_KEYS"]))
    _, token = keys.create(name="test", tenant="default", scope="admin", now=datetime.now(UTC))
    keys.close()
    command = [sys.executable, "-m", "retaliation_risk", "serve", "--port", str(port)]
    said = Path(environ["RETALIATION_RISK_SERVE_KEYS"]).with_name(f"stderr-{port}.log")
    with said.open("wb") as stderr:
        process = subprocess.Popen(command, env={**os.environ, **environ}, cwd=ROOT, stderr=stderr)
    running = Served(process, f"http://127.0.0.1:{port}", token)
    try:
        _wait(running, said, seconds)
        yield running
    finally:
        process.kill()
        process.wait()


def _wait(running, said, seconds):
    """Until the service says that it is ready."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and running.process.poll() is None:
        try:
            if running.ask("GET", "/readyz")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the service is not ready:\n{said.read_text()[-2000:]}")

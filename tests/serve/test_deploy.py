"""The files of deploy/: linted, complete, and nginx really started before a small server."""

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
HOST = "readout.example.com"


def program(name, variable=None):
    """Path of a program of this machine; skips where there is none."""
    found = os.environ.get(variable or "", "") or shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if not found:
        pytest.skip(f"no {name} on this machine")
    return found


def test_the_dockerfile_has_no_complaint_of_hadolint():
    hadolint = program("hadolint", "HADOLINT")
    done = subprocess.run([hadolint, DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def instructions():
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, rest in lines]


def test_the_image_runs_as_nobody_with_power_and_holds_no_secret():
    told = instructions()
    words = [word for word, _ in told]
    (user,) = [rest for word, rest in told if word == "USER"]
    assert user.isdigit()
    assert int(user) > 0
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert "HEALTHCHECK" in words
    assert all(":" in rest.split()[0] for word, rest in told if word == "FROM")  # pinned by tag
    kept = " ".join(rest for word, rest in told if word in ("ENV", "ARG"))
    assert not any(secret in kept.upper() for secret in ("SECRET", "PASSWORD", "API_KEY"))
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert allowed[0] == "*"  # what is not named does not get in


def test_the_unit_is_one_that_systemd_reads(tmp_path):
    systemd = program("systemd-analyze")
    unit = (DEPLOY / "retaliation-risk.service").read_text()
    here = tmp_path / "retaliation-risk.service"
    here.write_text(unit.replace("/opt/retaliation-risk/bin/retaliation-risk", shutil.which("true")))
    done = subprocess.run([systemd, "verify", here], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


class Behind(BaseHTTPRequestHandler):
    """Answers with what came through the proxy, and counts connections."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self):
        type(self).connections += 1
        super().setup()

    def do_POST(self):
        length = len(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"length": length, **{name.lower(): value for name, value in self.headers.items()}})
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_POST

    def log_message(self, *said):
        pass


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def certificate(folder):
    """A self-signed certificate of readout.example.com."""
    openssl = program("openssl")
    command = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={HOST} -addext subjectAltName=DNS:{HOST}"
    files = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)


def configuration(folder, behind, http, https):
    """Our nginx.conf with other ports and folders, inside the least that nginx needs around it."""
    ours = (DEPLOY / "nginx.conf").read_text()
    for old, new in {
        "127.0.0.1:8000": f"127.0.0.1:{behind}",
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ssl;": f"listen 127.0.0.1:{https} ssl;",
        "/etc/ssl/readout": str(folder),
        "/var/log/nginx": str(folder),
    }.items():
        assert old in ours
        ours = ours.replace(old, new)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path = folder / "nginx.conf"
    path.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;\nevents {{}}\nhttp {{\n{temporary}{ours}}}\n"
    )
    return path


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    """Nginx with TLS on the loopback: gives its ports, its folder and a way to ask through it."""
    nginx = program("nginx")
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    certificate(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    http_port, https_port = free_port(), free_port()
    path = configuration(folder, server.server_port, http_port, https_port)
    with subprocess.Popen([nginx, "-p", folder, "-c", path], stderr=subprocess.DEVNULL) as process:
        wait_for(https_port)
        yield folder, http_port, https_port
        process.terminate()
    server.shutdown()
    server.server_close()


def wait_for(port, seconds=10):
    """Until somebody listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"nobody listens on {port}")


class Through(http.client.HTTPSConnection):
    """A connection to readout.example.com that goes to the loopback, and believes our certificate alone."""

    def __init__(self, folder, port):
        trust = ssl.create_default_context(cafile=folder / "fullchain.pem")
        super().__init__(HOST, port, timeout=10, context=trust)
        self.there = ("127.0.0.1", port)

    def connect(self):
        self.sock = self._context.wrap_socket(
            socket.create_connection(self.there, 10), server_hostname=self.host
        )


def ask(connection, method, path, body=b"", headers=None):
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    return response, response.read()


def ask_once(connection, *question):
    """Ask on a connection of its own."""
    with closing(connection):
        return ask(connection, *question)


def test_a_question_goes_through_tls_on_one_connection(proxy):
    folder, _, port = proxy
    before = Behind.connections
    with closing(Through(folder, port)) as connection:
        for _ in range(5):
            headers = {"X-Forwarded-For": "1.2.3.4", "X-API-Key": "k"}
            response, body = ask(connection, "POST", "/v1/readout", b"{}", headers)
            came = json.loads(body)
            assert response.status == 200
    assert Behind.connections == before + 1  # kept alive on both sides
    assert came["x-forwarded-for"] == "127.0.0.1"  # a client cannot say who it is
    assert came["x-forwarded-proto"] == "https"
    assert came["x-api-key"] == "k"
    assert response.headers["Strict-Transport-Security"]
    assert response.headers["Server"] == "nginx"  # no version


def test_what_is_too_large_stops_at_the_proxy(proxy):
    folder, _, port = proxy
    response, body = ask_once(Through(folder, port), "POST", "/v1/events", b"x" * 1_000_000)
    assert (response.status, json.loads(body)["length"]) == (200, 1_000_000)
    response, _ = ask_once(Through(folder, port), "POST", "/v1/events", b"x" * 1_100_000)
    assert response.status == 413


def test_metrics_stay_inside_and_http_is_sent_to_https(proxy):
    folder, http_port, port = proxy
    assert ask_once(Through(folder, port), "GET", "/metrics")[0].status == 404
    response, _ = ask_once(
        http.client.HTTPConnection("127.0.0.1", http_port, timeout=10), "POST", "/v1/readout"
    )
    assert response.status == 308
    assert response.headers["Location"].startswith("https://")


def test_who_is_erased_and_what_is_mistyped_reach_no_log(proxy):
    folder, _, port = proxy
    for path in ("/v1/customers/C-1042", "/agent/ana@example.org"):
        ask_once(Through(folder, port), "POST", path, b"{}")
    end = time.monotonic() + 10
    while "POST other" not in (folder / "readout.access.log").read_text() and time.monotonic() < end:
        time.sleep(0.02)
    said = "".join(log.read_text() for log in folder.glob("*.log"))
    assert '"POST /v1/customers/"' in said
    assert [word for word in ("C-1042", "ana@") if word in said] == []


def test_an_address_in_a_query_reaches_no_log(proxy):
    folder, _, port = proxy
    ask_once(
        Through(folder, port), "POST", "/v1/readout?email=ana@example.org", b'{"email": "ana@example.org"}'
    )
    end = time.monotonic() + 10
    while "/v1/readout" not in (folder / "readout.access.log").read_text() and time.monotonic() < end:
        time.sleep(0.02)
    for log in folder.glob("*.log"):
        assert "ana@example.org" not in log.read_text()
    assert "POST /v1/readout" in (folder / "readout.access.log").read_text()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_an_old_protocol_is_refused(proxy):
    _, _, port = proxy
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        pytest.raises(ssl.SSLError, match="(?i)protocol|alert"),
    ):
        old.wrap_socket(plain, server_hostname=HOST)

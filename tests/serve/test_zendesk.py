"""The Zendesk app: its manifest, and its bridge against a stand-in for Zendesk's framework in a real browser."""

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from retaliation_risk.serve.headers import HEADERS, page_policy
from retaliation_risk.serve.pages import PAGES, read_page

from .test_pages import READOUT

APP = Path(__file__).parents[2] / "integrations/zendesk"
LOCATIONS = {"ticket_sidebar", "new_ticket_sidebar", "user_sidebar"}

# What the bridge uses of Zendesk's framework, with the key known to the proxy's side only.
STAND_IN = """
window.ZAFClient = { init: () => ({
  metadata: async () => ({ settings: { server: SERVER } }),
  context: async () => ({ location: "ticket_sidebar" }),
  get: async (path) => ({ [path]: "ana@example.org" }),
  on: () => {},
  request: async (options) => { (window.proxied ??= []).push(options); return { status: 200, responseJSON: READOUT }; },
}) };
"""


def test_the_manifest_has_what_zendesk_asks_for():
    manifest = json.loads((APP / "manifest.json").read_text())
    assert {"name", "email", "url"} <= set(manifest["author"])
    assert manifest["frameworkVersion"] == "2.0"
    assert manifest["defaultLocale"] == "en"
    assert set(manifest["location"]["support"]) == LOCATIONS
    for place in manifest["location"]["support"].values():
        assert (APP / place["url"]).is_file()
    parameters = {each["name"]: each for each in manifest["parameters"]}
    assert parameters["api_key"]["secure"] is True
    assert "default" not in parameters["api_key"]
    assert manifest["domainWhitelist"] == [parameters["server"]["default"].removeprefix("https://")]
    told = json.loads((APP / "translations/en.json").read_text())["app"]["parameters"]
    assert set(told) == set(parameters)


class Service(SimpleHTTPRequestHandler):
    """The readout pages, which only the origins in ``ancestors`` may frame."""

    ancestors = ()

    def do_GET(self):
        content, kind = read_page(self.path)
        self.send_response(200)
        policy = page_policy(self.ancestors)
        for name, value in {**HEADERS, "Content-Security-Policy": policy, "Content-Type": kind}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *said):
        pass


class Helpdesk(SimpleHTTPRequestHandler):
    """The app's assets, as Zendesk hosts them."""

    def log_message(self, *said):
        pass


@pytest.fixture
def started():
    servers = []

    def start(handler):
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def helpdesk(started, browser):
    """Give the app in its frame, around a service that lets these origins frame it ("self": the helpdesk)."""

    def show(ancestors):
        desk = started(partial(Helpdesk, directory=APP / "assets"))
        allowed = tuple(desk if each == "self" else each for each in ancestors)
        server = started(type("Allowing", (Service,), {"ancestors": allowed}))
        page = browser.new_page(viewport={"width": 320, "height": 700})
        script = STAND_IN.replace("SERVER", json.dumps(server)).replace("READOUT", json.dumps(READOUT))
        page.route(
            "https://static.zdassets.com/**",
            lambda route: route.fulfill(body=script, content_type="text/javascript"),
        )
        page.goto(f"{desk}/iframe.html")
        return page, page.frame_locator("#readout")

    return show


def test_the_app_asks_for_the_requester_and_the_key_stays_with_the_proxy(helpdesk):
    page, framed = helpdesk(["self"])
    framed.get_by_role("article").wait_for()
    (asked,) = page.evaluate("window.proxied")
    assert json.loads(asked["data"]) == {"email": "ana@example.org"}
    assert asked["url"].endswith("/v1/readout")
    assert asked["secure"] is True
    assert asked["headers"] == {"X-API-Key": "{{setting.api_key}}"}
    framed.get_by_role("button", name="Disagree").click()
    framed.locator("button[aria-pressed=true]").wait_for()
    told = json.loads(page.evaluate("window.proxied.at(-1).data"))
    assert told == {"customer_id": "C-1042", "kind": "disagree"}


def test_the_bridge_passes_on_nothing_but_readouts_and_feedback(helpdesk):
    page, framed = helpdesk(["self"])
    framed.get_by_role("article").wait_for()
    answer = page.frames[1].evaluate(
        """() => new Promise((resolve) => {
            window.addEventListener("message", ({ data }) => data.id === 99 && resolve(data));
            window.parent.postMessage({ retaliationRisk: "ask", id: 99, method: "DELETE", path: "/v1/customers/C-1" }, "*");
        })"""
    )
    assert answer["status"] == 404
    assert len(page.evaluate("window.proxied")) == 1


def test_a_stranger_cannot_frame_the_page(helpdesk):
    page, framed = helpdesk(["https://firm.zendesk.com"])
    page.wait_for_load_state("networkidle")
    assert page.frames[1].url.startswith("chrome-error:")
    assert framed.get_by_role("search").count() == 0
    assert page.evaluate("window.proxied") is None


def test_every_page_is_served_as_it_is():
    for path, name in PAGES.items():
        content, kind = read_page(path)
        assert content, name
        assert kind.endswith("; charset=utf-8")

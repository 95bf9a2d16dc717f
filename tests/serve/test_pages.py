"""The pages in a real browser, with answers of the service written by hand."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from retaliation_risk.serve.headers import HEADERS, page_policy
from retaliation_risk.serve.pages import PAGES, read_page
from tests.browser.opening import asked_axe, breaches

HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>\'"&amp;'
READOUT = {
    "customer_id": "C-1042",
    "moment": "2026-03-02T14:05:00Z",
    "risk": 0.12,
    "low": 0.08,
    "high": 0.17,
    "band": "high",
    "horizon_days": 90,
    "reasons": [
        {"sentence": "Let down twice within 180 days.", "feature": "double_deviations_180d", "tickets": ["T-7", "T-9"]},
        {"sentence": "2 tickets are open.", "feature": "open_tickets", "tickets": []},
    ],
    "history": {
        "tenure_days": 800.0,
        "calls": 7,
        "open_tickets": 2,
        "failed_recoveries": 3,
        "double_deviation": True,
        "experiences": [
            {
                "ticket_id": "T-9",
                "opened_at": "2026-02-11T09:00:00Z",
                "line": "Complaint about billing, reopened",
                "open": True,
                "failed": True,
            },
            {
                "ticket_id": "T-7",
                "opened_at": "2026-01-03T09:00:00Z",
                "line": "Complaint about billing, solved",
                "open": False,
                "failed": False,
            },
        ],
    },
    "influence": 43.0,
    "influence_used": False,
    "action": "Call back today.",
    "action_why": "Let down before, with something still open.",
    "model": "cox",
    "model_version": "0123abcd",
    "run": "july",
    "computed_at": "2026-03-02T14:05:00Z",
    "stale": False,
    "caveats": [],
}  # fmt: skip
ROW = {
    "rank": 1, "customer_id": "C-1042", "risk": 0.12, "band": "high", "calls": 7, "failed_recoveries": 3,
    "reasons": ["Let down twice within 180 days."], "action": "Call back today.", "changed": True,
    "acknowledged_at": None, "snoozed_until": None, "disagreed": False,
}  # fmt: skip


class Static(BaseHTTPRequestHandler):
    """The pages as the app serves them."""

    def do_GET(self):
        if self.path not in PAGES:
            self.send_error(404)
            return
        content, kind = read_page(self.path)
        self.send_response(200)
        headers = {**HEADERS, "Content-Security-Policy": page_policy(), "Content-Type": kind}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *said):
        pass


@pytest.fixture(scope="module")
def site():
    with ThreadingHTTPServer(("127.0.0.1", 0), Static) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Api:
    """The service's side of a page: the answers to give, the requests that came."""

    def __init__(self, page):
        self.answers = {
            "/v1/readout": (200, READOUT),
            "/v1/feedback": (200, {}),
            "/v1/queue": (200, {"rows": [ROW]}),
        }
        self.asked = []
        page.route("**/v1/**", self.fulfil)

    def fulfil(self, route):
        request = route.request
        self.asked.append((request.url, request.method, request.headers, request.post_data))
        path = "/" + "/".join(request.url.split("?")[0].split("/")[3:])
        status, body = self.answers[path]
        if status is None:
            route.abort("internetdisconnected")
        else:
            route.fulfill(status=status, content_type="application/json", body=json.dumps(body))

    def bodies(self, path):
        return [json.loads(body) for url, _, _, body in self.asked if path in url]


@pytest.fixture
def opened(browser, site):
    """Open a page with a key kept in its tab: gives the page, the service's side, and what the console complained of."""
    contexts = []

    def go(path="/agent", width=320, scheme="light", key="key-1"):
        context = browser.new_context(viewport={"width": width, "height": 720}, color_scheme=scheme)
        contexts.append(context)
        context.add_init_script(f"sessionStorage.setItem('retaliation-risk-key', {key!r})" if key else "")
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        api = Api(page)
        page.goto(site + path)
        return page, api

    yield go
    for context in contexts:
        context.close()


def ask(page, text="ana@example.org"):
    page.get_by_label("E-mail address or customer id").fill(text)
    page.keyboard.press("Enter")


def look_again(page):
    """What the page does every few seconds."""
    page.evaluate("window.dispatchEvent(new Event('online'))")


def fits(page):
    """Nothing is wider than the sidebar."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_readout_tells_the_history_first_and_influence_last(opened):
    page, _ = opened()
    ask(page)
    page.get_by_role("article").wait_for()
    text = page.get_by_role("article").inner_text()
    order = [
        "A customer for 2 years and 2 months.",
        "billing, reopened",
        "High: 12 of 100",
        "Let down twice within 180 days. T-7 T-9",
        "Call back today.",
        "Acknowledged",
        "Influence 43 of 100 — not used in the risk",
    ]
    places = [text.find(said) for said in order]
    assert -1 not in places
    assert places == sorted(places)
    assert "between 8 and 17" in text
    assert page.locator(".dots .on").count() == 12
    assert page.locator(".dots .maybe").count() == 5
    size = "el => parseFloat(getComputedStyle(el).fontSize)"
    assert page.locator(".influence").evaluate(size) < page.locator(".facts").evaluate(size)
    assert page.complaints == []


def test_the_address_goes_into_the_body_and_nowhere_else(opened):
    page, api = opened()
    ask(page, "Ana@Example.org")
    page.get_by_role("article").wait_for()
    assert api.bodies("/v1/readout") == [{"email": "Ana@Example.org"}]
    assert "xample" not in "".join(url for url, *_ in api.asked) + page.url
    assert "xample" not in page.evaluate(
        "JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])"
    )
    ask(page, "C-1042")
    page.get_by_role("article").wait_for()
    assert api.bodies("/v1/readout")[-1] == {"customer_id": "C-1042"}
    assert {headers["x-api-key"] for _, _, headers, _ in api.asked} == {"key-1"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/agent", "/queue"])
def test_nothing_is_wider_than_a_sidebar_and_axe_finds_nothing(opened, path, scheme):
    page, _ = opened(path, scheme=scheme)
    if path == "/agent":
        ask(page)
    page.locator("article, .card").first.wait_for()
    assert fits(page)
    assert breaches(asked_axe(page)) == []


def test_hostile_text_stays_text(opened):
    page, api = opened()
    hostile = json.loads(json.dumps(READOUT).replace("T-7", "T7"))
    hostile |= dict.fromkeys(["customer_id", "action", "action_why", "model", "run", "band"], HOSTILE) | {
        "caveats": [HOSTILE]
    }
    hostile["reasons"] = [{"sentence": HOSTILE, "feature": HOSTILE, "tickets": [HOSTILE]}]
    hostile["history"]["experiences"][0] |= {"line": HOSTILE, "ticket_id": HOSTILE}
    api.answers["/v1/readout"] = (200, hostile)
    api.answers["/v1/queue"] = (
        200,
        {"rows": [ROW | {"customer_id": HOSTILE, "reasons": [HOSTILE], "action": HOSTILE}]},
    )
    ask(page)
    page.get_by_role("article").wait_for()
    assert page.locator("article img, article script").count() == 0
    assert page.locator("article").inner_text().count("<script>") >= 6
    assert fits(page)
    page.get_by_role("link", name="Call list").click()
    page.locator(".card").wait_for()
    assert page.locator(".card img, .card script").count() == 0
    assert page.evaluate("window.hit") is None


def test_marks_go_by_key_and_by_button(opened):
    page, api = opened()
    ask(page)
    page.get_by_role("article").wait_for()
    page.keyboard.press("d")  # the readout has the focus as soon as it is there
    page.locator("button[aria-pressed=true]", has_text="Disagree").wait_for()
    page.get_by_role("button", name="Acknowledged").click()
    page.locator("button[aria-pressed=true]", has_text="Acknowledged").wait_for()
    page.get_by_label("Snooze for").select_option("30")
    page.get_by_role("button", name="Snooze").click()
    page.locator("button[aria-pressed=true]", has_text="Snooze").wait_for()
    kinds = [body["kind"] for body in api.bodies("/v1/feedback")]
    assert kinds == ["disagree", "acknowledged", "snooze"]
    assert {body["customer_id"] for body in api.bodies("/v1/feedback")} == {"C-1042"}
    assert "until" in api.bodies("/v1/feedback")[-1]


def test_a_letter_typed_into_the_field_marks_nothing(opened):
    page, api = opened()
    ask(page)
    page.get_by_role("article").wait_for()
    page.get_by_label("E-mail address or customer id").press_sequentially("dad")
    assert api.bodies("/v1/feedback") == []


def test_a_change_is_drawn_and_said(opened):
    page, api = opened()
    ask(page)
    page.get_by_role("article").wait_for()
    later = {"moment": "2026-03-02T14:05:09Z", "computed_at": "2026-03-02T14:05:09Z", "risk": 0.120001}
    api.answers["/v1/readout"] = (200, READOUT | later)
    with page.expect_response("**/v1/readout"):
        look_again(page)
    assert page.locator(".changed").count() == 0  # time passed, and nothing else
    api.answers["/v1/readout"] = (200, READOUT | {"risk": 0.31, "high": 0.4})
    look_again(page)
    page.locator(".changed", has_text="from 12 to 31 of 100").wait_for()
    assert page.evaluate("document.activeElement.className") == "readout"


def refused(code, message):
    return {"code": code, "message": message}


OLD = READOUT | {"stale": True, "caveats": ["The tables end 9 days ago."]}
NO_RISK = dict.fromkeys(["risk", "low", "high", "band"])
OPTED_OUT = READOUT | NO_RISK | {"caveats": ["Opted out of profiling."]}
STATES = {
    "nothing is known": (404, refused("RR727", "not here"), "Nothing is known of this customer."),
    "wrong key": (401, refused("RR720", "the key is not valid"), "RR720: the key is not valid"),
    "too narrow a key": (403, refused("RR721", "needs the scope read"), "wider scope"),
    "too many": (429, refused("RR722", "too many"), "works again in a moment"),
    "failure": (500, refused("RR729", "a bug"), "RR729: a bug"),
    "no answer": (None, None, "No connection to the service."),
    "stale": (200, OLD, "These facts are old. The tables end 9 days ago."),
    "opted out": (200, OPTED_OUT, "No risk is shown. Opted out of profiling."),
}


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_its_words(opened, state):
    page, api = opened()
    status, body, words = STATES[state]
    api.answers["/v1/readout"] = (status, body)
    ask(page)
    page.get_by_text(words).first.wait_for()
    assert not page.locator("#shown[aria-busy]").count()
    assert fits(page)


def test_a_page_without_a_key_asks_for_it_and_goes_on(opened):
    page, api = opened(key=None)
    ask(page)
    assert api.asked == []
    page.get_by_label("Your API key").fill("key-2")
    page.keyboard.press("Enter")
    page.get_by_role("article").wait_for()
    assert api.asked[0][2]["x-api-key"] == "key-2"
    assert page.get_by_label("Your API key").is_hidden()


def test_the_last_readout_stays_when_the_line_is_cut_and_comes_back_by_itself(opened):
    page, api = opened()
    ask(page)
    page.get_by_role("article").wait_for()
    api.answers["/v1/readout"] = (None, None)
    look_again(page)
    page.get_by_text("No connection to the service.").wait_for()
    assert page.get_by_role("article").is_visible()
    api.answers["/v1/readout"] = (200, READOUT)
    look_again(page)
    page.locator("#banner").wait_for(state="hidden")


def test_the_queue_is_worked_by_keys_and_hands_over_without_an_address(opened):
    page, api = opened("/queue", width=1000)
    api.answers["/v1/queue"] = (200, {"rows": [ROW, ROW | {"rank": 2, "customer_id": "C-7", "risk": 0.004}]})
    look_again(page)
    page.get_by_role("button", name="2. C-7").wait_for()
    assert "4 of 1,000" in page.locator(".card").nth(1).inner_text()
    page.get_by_role("button", name="1. C-1042").focus()
    page.keyboard.press("ArrowDown")
    later = "2026-03-09T00:00:00Z"
    api.answers["/v1/queue"] = (
        200,
        {"rows": [ROW, ROW | {"rank": 2, "customer_id": "C-7", "snoozed_until": later}]},
    )
    page.keyboard.press("s")
    page.get_by_text("Snoozed until 9 Mar 26").wait_for()
    assert api.bodies("/v1/feedback")[0]["customer_id"] == "C-7"
    page.keyboard.press("Enter")  # the focus has stayed on her card
    page.get_by_role("article").wait_for()
    assert api.bodies("/v1/readout") == [{"customer_id": "C-7"}]
    assert page.url.endswith("/agent")

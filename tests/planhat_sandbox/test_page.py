"""The page of the sandbox, over HTTP and without a browser."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from urllib.parse import quote, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from planhat_sandbox import Sandbox
from planhat_sandbox.server.request_log import LoggedRequest
from planhat_sandbox.web.chart import HEIGHT, WIDTH, draw
from planhat_sandbox.web.fault_buttons import BUTTONS, describe_effects

BEARER = {"Authorization": "Bearer token-a"}


class Browser:
    """Acts like a browser over HTTP: sends the Origin of a POST, and follows redirects."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str = "/", **headers: str) -> requests.Response:
        return requests.get(self.url + path, headers=headers, timeout=30)

    def post(self, path: str, form: dict[str, str], **headers: str) -> requests.Response:
        headers = {"Origin": self.url, **headers}
        return requests.post(self.url + path, data=form, headers=headers, timeout=30)

    def text(self, path: str = "/") -> str:
        """Return the visible text of a page, without its tags."""
        shown = self.get(path).text
        shown = re.sub(r"<(script|style|title)\b.*?</\1>", "", shown, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", shown)).split())


@pytest.fixture
def browser(sandbox: Sandbox) -> Browser:
    return Browser(sandbox.url)


def issue(sandbox: Sandbox, tenant: str = "alpha", **fields: object) -> dict:
    return sandbox.tenant(tenant).insert("issues", {"title": "An issue", **fields})


def rows(browser: Browser, path: str) -> list[str]:
    """Return the titles on a page of records, in order."""
    return re.findall(r"title-\d+", browser.text(path))


def test_the_overview_shows_tenants_and_record_counts(sandbox, browser):
    issue(sandbox)
    sandbox.tenant("beta").insert("objectives", {"name": "Grow"})
    shown = browser.text()
    assert re.search(r"alpha 1 issues 0 objectives", shown)
    assert re.search(r"beta 0 issues 1 objectives", shown)
    assert "No requests yet." in shown


def test_requests_are_shown_with_status_items_and_faults(sandbox, browser):
    issue(sandbox)
    sandbox.fault("status", status=503, nth=2)
    for path in ("/issues?select=_id%2Ctitle", "/issues", "/nothing"):
        requests.get(sandbox.url + path, headers=BEARER, timeout=30)
    requests.get(f"{sandbox.url}/issues", headers={"Authorization": "Bearer wrong"}, timeout=30)
    sandbox.fault("reset-before")
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{sandbox.url}/issues", headers=BEARER, timeout=30)
    shown = browser.text("/_page/requests")
    assert re.search(r"1 [\d:.]+ alpha 200 1 \d+ GET /issues\?select=_id,title ", shown)
    assert re.search(r"2 [\d:.]+ alpha 503 \d+ GET /issues status", shown)
    assert re.search(r"3 [\d:.]+ alpha 404 \d+ GET /nothing", shown)
    assert re.search(r"4 [\d:.]+ unknown 401 \d+ GET /issues", shown)
    assert re.search(r"5 [\d:.]+ alpha no response \d+ GET /issues reset-before", shown)
    trouble = browser.text("/_page/requests?trouble=1&tenant=alpha")
    assert [n for n in "12345" if re.search(rf"\b{n} [\d:.]+ alpha", trouble)] == ["2", "3", "5"]


def test_one_request_is_shown_with_its_body(sandbox, browser):
    body = '{"title":"Näive"}'.encode()
    requests.post(f"{sandbox.url}/issues", data=body, headers=BEARER, timeout=30)
    shown = browser.text("/_page/request/1")
    assert "POST /issues" in shown
    assert '"title": "Näive"' in shown
    assert browser.get("/_page/request/2").status_code == 404


def test_older_requests_are_on_further_pages(sandbox, browser):
    with requests.Session() as session:
        for _ in range(130):
            session.get(f"{sandbox.url}/issues", headers=BEARER, timeout=30)
    first = browser.get("/_page/requests").text
    (older,) = set(re.findall(r'href="(/_page/requests\?[^"]*before=\d+)"', first))
    numbers = [int(n) for n in re.findall(r"/_page/request/(\d+)", first)]
    numbers += [
        int(n) for n in re.findall(r"/_page/request/(\d+)", browser.get(html.unescape(older)).text)
    ]
    assert numbers == list(range(130, 0, -1))


def test_records_are_filtered_sorted_and_paged(sandbox, browser):
    for n in range(120):
        issue(sandbox, title=f"title-{n:03}", status="Open" if n % 3 else "Done", custom={"n": n})
    path = "/_page/tenant/alpha/issues"
    newest_first = [f"title-{n:03}" for n in range(119, -1, -1)]
    assert rows(browser, path) == newest_first[:50]
    assert rows(browser, f"{path}?from=100") == newest_first[100:]
    assert rows(browser, f"{path}?sort=title") == newest_first[::-1][:50]
    done = [f"title-{n:03}" for n in range(0, 120, 3)]
    assert rows(browser, f"{path}?q=status%3Ddone&sort=title") == done
    assert "40 of 120 issues" in browser.text(f"{path}?q=status%3Ddone")
    assert rows(browser, f"{path}?q=TITLE-07&sort=-title")[0] == "title-079"
    assert "No matching records." in browser.text(f"{path}?q=no+such+text")


def test_a_record_is_shown_with_every_write_to_it(sandbox, browser):
    stored = issue(sandbox, sourceId="s1")
    item = {"sourceId": "s1", "title": "Renamed", "companyIds": []}
    requests.put(f"{sandbox.url}/issues", json=[item], headers=BEARER, timeout=30)
    path = f"/_page/tenant/alpha/issues/{stored['_id']}"
    shown = browser.text(path)
    assert '"title": "Renamed"' in shown
    assert re.search(
        r"updated [\d:.]+ by request 1 .*title.* created [\d:.]+ bypassing the API", shown
    )
    sandbox.tenant("alpha").delete("issues", stored["_id"])
    shown = browser.text(path)
    assert "This record has been deleted." in shown
    assert "deleted" in shown.partition("History of writes")[2]
    assert browser.get("/_page/tenant/alpha/issues/never-there").status_code == 404


def test_records_cannot_inject_markup(sandbox, browser):
    hostile = "<script>alert(1)</script>\"'&{{ 7 * 7 }}</pre>"
    stored = issue(sandbox, title=hostile, sourceId=hostile, custom={hostile: hostile})
    requests.get(
        f"{sandbox.url}/issues/{quote(hostile, safe='')}?q={quote(hostile)}",
        headers={**BEARER, "X-Odd": hostile},
        timeout=5,
    )
    search = quote(hostile)
    for path in (
        "/",
        "/_page/requests",
        "/_page/request/1",
        f"/_page/requests?tenant={search}",
        f"/_page/tenant/alpha/issues?q={search}&sort={search}",
        f"/_page/tenant/alpha/issues/{stored['_id']}",
        f"/_page/tenant/{quote(hostile, safe='')}/issues",
        f"/_page/{quote(hostile, safe='')}",
    ):
        answer = browser.get(path)
        assert "<script>alert" not in answer.text
        assert "49" not in re.findall(r"&amp;(\d+)&lt;", answer.text), "records are not templates"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
    answer = browser.post("/_page/faults", {"name": hostile})
    assert answer.status_code == 400
    assert "<script>alert" not in answer.text


def test_links_work_for_any_alias(sandbox):
    with Sandbox({"t": "a/b?c#d <é>"}) as odd:
        odd.tenant("t").insert("issues", {"title": "found"})
        browser = Browser(odd.url)
        (link,) = re.findall(r'href="(/_page/tenant/[^"]+/issues)"><b>', browser.get().text)
        assert "found" in browser.text(link)


def test_no_page_shows_the_token(sandbox, browser):
    requests.get(f"{sandbox.url}/issues", headers=BEARER, timeout=30)
    for path in ("/", "/_page/requests", "/_page/request/1", "/_page/tenant/token-a/issues"):
        shown = browser.get(path).text
        assert "token-a" not in shown


@pytest.mark.parametrize("name", BUTTONS)
def test_every_button_switches_its_fault_on(sandbox, browser, name):
    assert browser.post("/_page/faults", {"button": name, "tenant": "beta"}).status_code == 200
    (active,) = sandbox.faults.snapshot()
    assert active.fault.name == BUTTONS[name].fault["name"]
    assert active.fault.tenant == "beta"
    shown = browser.get().text
    assert "tenant beta" in browser.text()
    (identity,) = re.findall(r'name="remove" value="(\w+)"', shown)
    browser.post("/_page/faults", {"remove": identity})
    assert sandbox.faults.snapshot() == []


def test_a_button_affects_the_next_request_and_is_counted(sandbox, browser):
    browser.post("/_page/faults", {"button": "throttle", "tenant": ""})
    statuses = [
        requests.get(f"{sandbox.url}/issues", headers=BEARER, timeout=30).status_code for _ in "abc"
    ]
    assert statuses == [429, 200, 200]
    assert "1 of 3" in browser.text()
    browser.post("/_page/faults", {"clear": "1"})
    assert "No faults are active." in browser.text()


@pytest.mark.parametrize("effect", describe_effects(), ids=lambda effect: effect["name"])
def test_every_fault_can_be_switched_on_in_the_form(sandbox, browser, effect):
    form = {"name": effect["name"], "options": effect["options"], "times": "3", "route": "list"}
    answer = browser.post("/_page/faults", form)
    assert answer.status_code == 200, answer.text
    (active,) = sandbox.faults.snapshot()
    assert (active.fault.name, active.fault.times, active.fault.route) == (
        effect["name"],
        3,
        "list",
    )


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"name": "nothing"}, "no fault is called"),
        ({"name": "status", "options": "stat=1"}, "has no option"),
        ({"name": "status", "times": "often"}, "times"),
        ({"name": "status", "options": "'"}, "quotation"),
        ({"name": "status", "tenant": "gamma"}, "no such tenant"),
        ({"button": "nothing"}, "no such button"),
    ],
)
def test_an_invalid_form_is_explained(sandbox, browser, form, sentence):
    answer = browser.post("/_page/faults", form)
    assert answer.status_code == 400
    assert sentence in re.search(r'role="alert">([^<]*)<', answer.text)[1]
    assert sandbox.faults.snapshot() == []


def test_an_empty_tenant_can_be_filled(sandbox, browser):
    browser.post("/_page/seed", {"tenant": "alpha"})
    assert len(sandbox.tenant("alpha").records("issues")) == 500
    assert "Fill with demo data" in browser.text(), "beta is still empty"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Origin": None},
        {"Origin": None, "Referer": "https://evil.example/"},
    ],
)
def test_other_sites_cannot_press_buttons(sandbox, browser, headers):
    for path, form in (
        ("/_page/faults", {"button": "outage"}),
        ("/_page/seed", {"tenant": "beta"}),
    ):
        assert browser.post(path, form, **headers).status_code == 403
    assert sandbox.faults.snapshot() == []
    assert sandbox.tenant("beta").records("issues") == []


def test_other_sites_cannot_use_control_routes(sandbox):
    foreign = {"Origin": "https://evil.example"}
    url = f"{sandbox.url}/_sandbox/reset"
    issue(sandbox)
    assert requests.post(url, headers=foreign, timeout=30).status_code == 403
    assert len(sandbox.tenant("alpha").records("issues")) == 1
    assert requests.post(url, timeout=30).status_code == 200, "programs send no Origin"


def test_dns_rebinding_is_refused(sandbox, browser):
    port = urlsplit(sandbox.url).port
    for host in (f"evil.example:{port}", "evil.example", f"127.0.0.1.evil.example:{port}"):
        origin = {"Host": host, "Origin": f"http://{host}"}
        assert browser.get("/", **origin).status_code == 403
        assert browser.post("/_page/faults", {"button": "outage"}, **origin).status_code == 403
    assert browser.get("/", Host=f"localhost:{port}").status_code == 200


def test_get_requests_change_nothing(sandbox, browser):
    stored = issue(sandbox)
    writes = len(sandbox.tenant("alpha").writes)
    for path in ("/", "/?minutes=60", "/_page/faults?clear=1", "/_page/seed?tenant=beta"):
        browser.get(path)
    browser.get(f"/_page/tenant/alpha/issues/{stored['_id']}")
    assert len(sandbox.tenant("alpha").writes) == writes
    assert sandbox.requests == [], "the log has only requests to the fake API"


def test_without_jinja_the_sandbox_runs_and_the_page_explains():
    program = """
import sys
sys.modules["jinja2"] = None  # as if not installed
import requests
from planhat_sandbox import Sandbox
with Sandbox() as sandbox:
    print(requests.get(sandbox.url, timeout=30).text)
    print(requests.get(f"{sandbox.url}/_sandbox/health", timeout=30).status_code)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert "pip install 'planhat-sync[sandbox]'" in run.stdout
    assert run.stdout.endswith("200\n")


def test_the_page_does_not_shadow_the_api(sandbox):
    assert requests.post(f"{sandbox.url}/", headers=BEARER, timeout=30).status_code == 404
    assert requests.get(f"{sandbox.url}/issues", headers=BEARER, timeout=30).json() == []


@given(
    st.lists(
        st.tuples(
            st.floats(0, 400, exclude_max=True), st.sampled_from([None, 200, 206, 429, 400, 503])
        )
    ),
    st.sampled_from([120, 600, 3600]),
)
def test_the_chart_counts_every_request_and_stays_in_its_bounds(requested, window):
    now = 1_700_000_000.4
    log = [
        LoggedRequest(
            n, "GET", "/issues", "/issues", {}, {}, started=now - ago, status=status, seconds=0.1
        )
        for n, (ago, status) in enumerate(sorted(requested, key=lambda one: -one[0]))
    ]
    chart = draw(log, now, window)
    for bar in chart.bars:
        assert 0 <= bar.x < WIDTH
        for _, y, height in bar.parts:
            assert -0.01 <= y <= HEIGHT
            assert height > 0
    drawn = sum(
        int(n)
        for bar in chart.bars
        for n in re.findall(r"(\d+) (?:ok|throttled|failed)", bar.label)
    )
    slice_seconds = window / 120
    heights = sum(height for bar in chart.bars for _, _, height in bar.parts)
    scale = float(chart.ticks[-1][0]) / HEIGHT
    assert heights * scale * slice_seconds == pytest.approx(drawn, rel=0.02, abs=0.5)
    start = (now // slice_seconds + 1) * slice_seconds - window
    assert drawn == sum(now - ago >= start for ago, _ in requested)
    assert chart.last_minute == sum(ago < 60 for ago, _ in requested)
    assert 0 <= chart.limit_y <= HEIGHT

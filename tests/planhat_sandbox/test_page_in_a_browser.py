"""The page of the sandbox in headless Chromium, and the screenshots of the documentation."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import requests
from browser import needs_browser, opened
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait
from served import served

from planhat_sandbox import Sandbox

pytestmark = needs_browser
IMAGES = Path(__file__).parents[2] / "docs" / "images"


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("chromium")) as window:
        yield window


@pytest.fixture
def filled() -> Sandbox:
    """Return a sandbox with two tenants: one with issues of a few companies, one empty."""
    with Sandbox({"token-a": "acme", "token-b": "acme-demo"}) as sandbox:
        acme, demo = sandbox.tenants
        words = ("Login", "Import", "Billing", "Dashboard", "Search", "Export")
        for name in ("Tenet", "Croft Ltd", "North 42"):
            company = acme.insert("companies", {"name": name})
            demo.insert("companies", {"name": name, "_id": company["_id"]})
            for n in range(40):
                acme.insert(
                    "issues",
                    {
                        "title": f"{words[n % 6]} fails for {name} #{n + 1}",
                        "sourceId": f"JIRA-{n + 1}-{name[0]}",
                        "status": ("Open", "In Progress", "Done")[n % 3],
                        "priority": ("Low", "Medium", "High")[n % 3],
                        "companyIds": [company["_id"]],
                        "custom": {"Severity": n % 5},
                    },
                )
        yield sandbox


def copy(sandbox: Sandbox, page_size: int = 12) -> list[int]:
    """Copy one tenant to the other page by page, as a pipe does; return the statuses."""
    statuses = []
    query = {"sort": "_id", "select": "_id,title,sourceId,status,priority,companyIds,custom"}
    with requests.Session() as session:
        for offset in range(0, 120, page_size):
            read = session.get(
                f"{sandbox.url}/issues",
                params={"limit": page_size, "offset": offset, **query},
                headers={"Authorization": "Bearer token-a"},
                timeout=10,
            )
            statuses.append(read.status_code)
            if read.status_code == 200:
                items = [{k: v for k, v in row.items() if k != "_id"} for row in read.json()]
                written = session.put(
                    f"{sandbox.url}/issues",
                    json=items,
                    headers={"Authorization": "Bearer token-b"},
                    timeout=10,
                )
                statuses.append(written.status_code)
    return statuses


def test_watch_a_pipe_inject_a_fault_and_follow_a_record(window, filled):
    window.open(filled.url)
    assert "No requests yet." in window.text()
    Select(window.driver.find_element(By.ID, "fault-tenant")).select_by_visible_text("acme-demo")
    window.press("429 once")
    window.until("tenant acme-demo")
    assert copy(filled).count(429) == 1
    window.until("108 issues")  # without a reload: the page refreshes itself
    assert "1 of 10" in window.text(), "how often the fault fired"
    window.follow("issues")
    window.click(By.NAME, "q")
    window.driver.find_element(By.NAME, "q").send_keys("status=done\n")
    window.until("39 of 120 issues")
    window.follow("sourceId")
    window.until("JIRA-12-C")
    window.click(By.LINK_TEXT, "acme-demo")
    window.until("108 issues")
    window.click(By.CSS_SELECTOR, "td a")
    window.until("History of writes")
    assert '"sourceId": "JIRA-' in window.text()
    window.follow("request ")
    window.until("Body")
    assert "PUT /issues" in window.text()
    assert window.console_messages() == []


def test_the_page_works_without_scripts(window, filled):
    window.open(filled.url, scripts=False)
    try:
        window.press("503 three times")
        window.until("status=503")
        assert [active.fault.name for active in filled.faults.snapshot()] == ["status"]
        assert not window.driver.find_element(By.ID, "live").is_displayed()
        window.press("Switch all off")
        window.until("No faults are active.")
        window.driver.get(f"{filled.url}/_page/tenant/acme/issues?q=croft")
        assert "40 of 120 issues" in window.text()
    finally:
        window.execute("Emulation.setScriptExecutionDisabled", value=False)


def test_a_part_with_the_focus_is_not_refreshed(window, filled):
    filled.fault("slow", seconds=0.001)
    window.open(filled.url)
    window.driver.execute_script("document.querySelector('[name=remove]').focus()")
    filled.fault("chunked")
    copy(filled, 60)
    window.until("acme-demo\n120 issues")
    assert "chunked" not in window.driver.find_element(By.ID, "faults").text.splitlines()
    window.driver.execute_script("document.activeElement.blur()")
    window.until("chunked\n")


@contextmanager
def another_site(page: str):
    """Serve one page on another port, and so from another origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            pass

    with served(Handler) as address:
        yield f"{address}/"


def test_other_sites_in_the_same_browser_change_nothing(window, filled):
    url = filled.url
    attack = f"""<!doctype html><title>begun</title><main>evil</main>
    <iframe name=aside></iframe>
    <form method=post action="{url}/_page/faults" target=aside>
      <input name=button value=outage></form>
    <script>
      const send = (path, body) => fetch("{url}" + path, {{method: "POST", mode: "no-cors", body}});
      document.forms[0].submit();
      Promise.allSettled([
        send("/_page/faults", new URLSearchParams({{button: "outage"}})),
        send("/_page/seed", new URLSearchParams({{tenant: "acme-demo"}})),
        send("/_sandbox/reset", "{{}}"),
        send("/_sandbox/faults", '{{"name":"status"}}'),
        fetch("{url}/").then((answer) => answer.text()).then(() => document.body.append("read it")),
      ]).then(() => setTimeout(() => document.title = "done", 300));
    </script>"""
    with another_site(attack) as site:
        window.open(site)
        WebDriverWait(window.driver, 15, 0.05).until(lambda driver: driver.title == "done")
        assert "read it" not in window.driver.page_source.rpartition("</script>")[2]
    assert filled.faults.snapshot() == []
    assert len(filled.tenant("acme").records("issues")) == 120
    assert filled.tenant("acme-demo").records("issues") == []
    window.console_messages()  # drop the refusals


@pytest.mark.parametrize("width", [380, 1280])
def test_controls_have_names_and_pages_fit_the_window(window, filled, width):
    copy(filled)
    filled.fault("slow", seconds=0.001)
    record = filled.tenant("acme").records("issues")[0]["_id"]
    for path in (
        "/",
        "/_page/requests",
        "/_page/request/1",
        "/_page/tenant/acme/issues",
        f"/_page/tenant/acme/issues/{record}",
    ):
        window.open(filled.url + path, width=width)
        nodes = window.execute("Accessibility.getFullAXTree")["nodes"]
        roles = {"button", "link", "textbox", "searchbox", "combobox", "checkbox", "image", "table"}
        nameless = [
            node["role"]["value"]
            for node in nodes
            if not node["ignored"]
            and node["role"]["value"] in roles
            and not node.get("name", {}).get("value", "").strip()
        ]
        assert nameless == []
        assert window.overflow() <= 0, f"{path} is wider than the window"


def test_the_screenshots_of_the_docs(window, filled, request):
    """Open the pages in both colour schemes; --update-screenshots writes the images."""
    spread_over_two_minutes(filled)
    filled.fault("status", status=429, retry_after="2", tenant="acme-demo", every=9)
    update = request.config.getoption("--update-screenshots")
    record = filled.tenant("acme-demo").records("issues")[7]["_id"]
    seen = {}
    for name, path, height in (
        ("sandbox-overview", "/", 1000),
        ("sandbox-overview-dark", "/", 580),
        ("sandbox-records", "/_page/tenant/acme/issues?q=status%3Dopen&sort=-updatedAt", 560),
        ("sandbox-record", f"/_page/tenant/acme-demo/issues/{record}", 560),
    ):
        window.open(filled.url + path, dark=name.endswith("dark"), width=1200, height=height)
        picture = window.driver.get_screenshot_as_png()
        seen[name] = window.driver.execute_script(
            "return getComputedStyle(document.body).backgroundColor"
        )
        if update:
            IMAGES.mkdir(exist_ok=True)
            (IMAGES / f"{name}.png").write_bytes(picture)
    assert seen["sandbox-overview"] != seen["sandbox-overview-dark"]
    assert all((IMAGES / f"{name}.png").exists() for name in seen)


def spread_over_two_minutes(sandbox: Sandbox) -> None:
    """Make several copies with faults, and spread their requests over two minutes."""
    failing = sandbox.fault("status", status=503, every=14)
    throttling = sandbox.fault("status", status=429, every=11)
    for _ in range(8):
        copy(sandbox, 6)
    sandbox.faults.remove(failing)
    sandbox.faults.remove(throttling)
    log = sandbox.requests
    rng, now = random.Random(8), time.time()
    gaps = [rng.expovariate(1) * (1.6 if place % 90 > 60 else 0.8) for place in range(len(log))]
    for place, entry in enumerate(log):
        entry.started = now - 108 * sum(gaps[place:]) / sum(gaps)

"""The sandbox's page in headless Chromium: seen, clicked, attacked; and the docs' screenshots."""

from __future__ import annotations

import random
import shutil
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from planhat_sandbox import Sandbox

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no browser here: apt-get install chromium chromium-driver"
)
IMAGES = Path(__file__).parents[2] / "docs" / "images"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--lang=en-GB",
)


class Window:
    """One browser window, and what a person does in it."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(
        self,
        url: str,
        *,
        scripts: bool = True,
        dark: bool = False,
        width: int = 1280,
        height: int = 900,
    ) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.does("Emulation.setEmulatedMedia", features=[scheme])
        self.does("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.does(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.driver.get(url)

    def does(self, command: str, **values: object) -> dict:
        return self.driver.execute_cdp_cmd(command, values)

    def click(self, how: str, what: str) -> None:
        """Click what is there, or will be; the page may put it in place anew meanwhile."""
        self._wait(lambda driver: driver.find_element(how, what).click() or True, what)

    def press(self, label: str) -> None:
        self.click(
            By.XPATH, f"//button[normalize-space()='{label}' or b[normalize-space()='{label}']]"
        )

    def follow(self, label: str) -> None:
        self.click(By.PARTIAL_LINK_TEXT, label)

    def text(self) -> str:
        return self._wait(lambda driver: driver.find_element(By.TAG_NAME, "main").text, "text")

    def until(self, text: str) -> None:
        """Wait until a text is there, without touching anything."""
        self._wait(lambda driver: text in driver.find_element(By.TAG_NAME, "main").text, text)

    def _wait(self, condition, message: str):
        passing = (StaleElementReferenceException, NoSuchElementException)
        waiting = WebDriverWait(self.driver, 30, 0.1, ignored_exceptions=passing)
        return waiting.until(condition, message)

    def complaints(self) -> list[str]:
        """What the browser's console holds: broken scripts, refused sources."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, Service(DRIVER))
    try:
        yield Window(driver)
    finally:
        driver.quit()


@pytest.fixture
def filled() -> Sandbox:
    """Two tenants: one with issues of a few companies, one empty."""
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
    """Read one tenant page by page and write the other, as a pipe does; give the statuses."""
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


def test_a_person_watches_a_pipe_breaks_it_and_follows_one_record(window, filled):
    window.open(filled.url)
    assert "No requests yet." in window.text()
    Select(window.driver.find_element(By.ID, "fault-tenant")).select_by_visible_text("acme-demo")
    window.press("429 once")
    window.until("tenant acme-demo")
    assert copy(filled).count(429) == 1
    window.until("108 issues")  # nobody reloads: the page keeps itself fresh
    assert "1 of 10" in window.text(), "how often the fault struck"
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
    assert window.complaints() == []


def test_without_scripts_everything_works_by_reloading(window, filled):
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
        window.does("Emulation.setScriptExecutionDisabled", value=False)


def test_a_part_in_which_somebody_is_at_work_is_left_alone(window, filled):
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
    """Serve one page on another port, which is another origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def test_another_site_in_the_same_browser_breaks_nothing(window, filled):
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
    window.complaints()  # the refusals, which are not asked after


@pytest.mark.parametrize("width", [380, 1280])
def test_controls_have_names_and_nothing_sticks_out(window, filled, width):
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
        nodes = window.does("Accessibility.getFullAXTree")["nodes"]
        roles = {"button", "link", "textbox", "searchbox", "combobox", "checkbox", "image", "table"}
        nameless = [
            node["role"]["value"]
            for node in nodes
            if not node["ignored"]
            and node["role"]["value"] in roles
            and not node.get("name", {}).get("value", "").strip()
        ]
        assert nameless == []
        over = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert window.driver.execute_script(over) <= 0, f"{path} is wider than the window"


def test_the_screenshots_of_the_docs(window, filled, request):
    """Look at both schemes; the pictures are written with --update-screenshots only."""
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
    """Let a copy look as if it had taken its time, with some trouble on the way."""
    failing = sandbox.fault("status", status=503, every=14)
    throttling = sandbox.fault("status", status=429, every=11)
    for _ in range(8):
        copy(sandbox, 6)
    sandbox.faults.remove(failing)
    sandbox.faults.remove(throttling)
    log = sandbox.requests
    chance, now = random.Random(8), time.time()
    gaps = [chance.expovariate(1) * (1.6 if place % 90 > 60 else 0.8) for place in range(len(log))]
    for place, entry in enumerate(log):
        entry.started = now - 108 * sum(gaps[place:]) / sum(gaps)

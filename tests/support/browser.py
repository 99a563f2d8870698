"""Headless Chromium, for the page of the sandbox and for the site."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no browser here: apt-get install chromium chromium-driver"
)
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
    """One browser window, and the actions of its user."""

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
        self.execute("Emulation.setEmulatedMedia", features=[scheme])
        self.execute("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.execute(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.driver.get(url)

    def execute(self, command: str, **values: object) -> dict:
        return self.driver.execute_cdp_cmd(command, values)

    def click(self, how: str, what: str) -> None:
        """Click an element once it is there; the page may replace it meanwhile."""
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
        """Wait until a text is shown."""
        self._wait(lambda driver: text in driver.find_element(By.TAG_NAME, "main").text, text)

    def _wait(self, condition, message: str):
        # An element of a page that is being replaced has several errors, some without a class.
        waiting = WebDriverWait(self.driver, 30, 0.1, ignored_exceptions=[WebDriverException])
        return waiting.until(condition, message)

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        return self.driver.execute_script(
            "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
        )

    def console_messages(self) -> list[str]:
        """Return the messages in the console of the browser, such as script errors."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@contextmanager
def opened(profile: Path) -> Iterator[Window]:
    """Start Chromium with a profile in this folder, and end it."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, Service(DRIVER))
    try:
        yield Window(driver)
    finally:
        driver.quit()

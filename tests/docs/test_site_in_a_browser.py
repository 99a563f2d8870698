"""The site in headless Chromium: on a phone and on a screen, in both colour schemes.

The pictures that it takes are kept in `.venv/cache/site/`.
"""

from __future__ import annotations

import functools
from http.server import SimpleHTTPRequestHandler

import pytest
from browser import needs_browser, opened
from checkout import CACHES
from served import served

pytestmark = needs_browser
PHONE, SCREEN = 400, 1280
SEEN = (
    *("index", "start", "recipes/jira", "concepts", "settings", "models", "rejects"),
    *("troubleshooting", "command-line", "coming-from", "upgrading", "performance"),
)
WIDEST = ("settings", "models", "performance", "reliability-table")
"""Pages with the widest tables."""
CONTRAST = """
const [red, green, blue] = [0.2126, 0.7152, 0.0722];
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
function painted(...colours) {
  canvas.clearRect(0, 0, 1, 1);
  for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
  return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
}
function luminance(colour) {
  const [r, g, b] = colour.map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return red * r + green * g + blue * b;
}
const [element, behind] = arguments;
const ground = getComputedStyle(document.querySelector(behind)).backgroundColor;
const text = getComputedStyle(document.querySelector(element)).color;
const [low, high] = [painted(ground), painted(ground, text)].map(luminance).sort((a, b) => a - b);
return (high + 0.05) / (low + 0.05);
"""
"""The contrast of a text to what is behind it, as WCAG 2.2 defines it."""
FIRST_PIXEL = """
const [picture, done] = arguments;
const image = new Image();
image.onload = () => {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.drawImage(image, 0, 0);
  done([...canvas.getImageData(image.width / 2, 6, 1, 1).data].slice(0, 3));
};
image.src = `data:image/png;base64,${picture}`;
"""
"""The colour near the upper edge of a screenshot, in its middle."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(site):
    with served(functools.partial(Quiet, directory=str(site))) as address:
        yield address


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("chromium")) as window:
        yield window


def pages_that_are_there(site, names):
    return [name for name in names if (site / f"{name}.html").exists()]


def test_no_page_is_wider_than_a_phone(window, site, address):
    for name in pages_that_are_there(site, WIDEST):
        window.open(f"{address}/{name}.html", width=PHONE)
        assert window.overflow() <= 0, name


def test_a_page_loads_fonts_and_everything_else_from_its_own_site(window, address):
    window.open(f"{address}/start.html", width=SCREEN)
    loaded = window.driver.execute_script(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    assert len(loaded) > 3
    assert not [name for name in loaded if not name.startswith(address)]
    assert window.driver.execute_script("return [...document.fonts].length") == 0  # of the system
    assert window.console_messages() == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_links_and_captions_have_the_contrast_that_wcag_asks_for(window, address, dark):
    window.open(f"{address}/start.html", width=SCREEN, dark=dark)
    for element, behind in (
        ("article p", "body"),
        ("article p a", "body"),
        (".output .filename", "body"),
        ("article pre code", "article pre code"),
        (".md-tabs__link", ".md-tabs"),
    ):
        assert window.driver.execute_script(CONTRAST, element, behind) >= 4.5, element


def test_an_output_does_not_look_like_a_command(window, address):
    window.open(f"{address}/start.html", width=SCREEN)
    shown = window.driver.execute_script("""
        const looks = (block) => [
          block.querySelector(".filename")?.textContent,
          getComputedStyle(block.querySelector("code")).backgroundColor,
          block.querySelectorAll(".md-code__button, .md-clipboard").length,
        ];
        return [".highlight:not(.output)", ".output"]
          .map((kind) => document.querySelector(kind)).map(looks);
    """)
    (_, command, copied), (caption, output, not_copied) = shown
    assert caption == "Output"
    assert command != output
    assert (copied > 0, not_copied) == (True, 0)


def test_on_a_phone_rows_of_text_are_stacked_and_figures_are_not(window, address):
    first_row = "return getComputedStyle(document.querySelector('article tbody tr')).display"
    for name, width, display in (
        ("concepts", PHONE, "block"),
        ("concepts", SCREEN, "table-row"),
        ("reliability", PHONE, "table-row"),
    ):
        window.open(f"{address}/{name}.html", width=width)
        assert window.driver.execute_script(first_row) == display, (name, width)


def test_pictures_follow_the_colour_scheme_of_the_page(window, address):
    """A picture is a document of its own, whose scheme is that of the element that shows it."""
    shades = {}
    for dark in (False, True):
        window.open(f"{address}/concepts.html", width=SCREEN, dark=dark)
        picture = window.driver.find_element("css selector", "article img")
        shades[dark] = window.driver.execute_async_script(FIRST_PIXEL, picture.screenshot_as_base64)
    assert shades == {False: [255, 255, 255], True: [30, 33, 41]}


@pytest.mark.slow
def test_pictures_of_the_pages_are_taken(window, site, address):
    folder = CACHES / "site"
    folder.mkdir(parents=True, exist_ok=True)
    for name in pages_that_are_there(site, SEEN):
        for width, dark in ((SCREEN, False), (SCREEN, True), (PHONE, False), (PHONE, True)):
            window.open(f"{address}/{name}.html", width=width, height=1600, dark=dark)
            assert window.overflow() <= 0, name
            scheme = "dark" if dark else "light"
            picture = folder / f"{name.replace('/', '-')}-{width}-{scheme}.png"
            picture.write_bytes(window.driver.get_screenshot_as_png())
    assert len(list(folder.glob("*.png"))) >= 24

"""`make linkcheck` tells links that lead nowhere from those that a site refuses to programs."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import pytest
from ports import free_port
from served import served

from tools.linkcheck import links, problem

ANSWERS = {"/there": 200, "/moved": 302, "/gone": 404, "/refused": 403, "/broken": 500}


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(ANSWERS[self.path])
        if self.path == "/moved":
            self.send_header("Location", "/there")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address():
    with served(Site) as address:
        yield address


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/there", None),
        ("/moved", None),
        ("/refused", None),
        ("/gone", "404 Not Found"),
        ("/broken", "500 Internal Server Error"),
    ],
)
def test_a_link_that_leads_nowhere_is_named_with_its_answer(address, path, what):
    assert problem(address + path) == what


def test_a_site_that_is_not_there_is_a_problem():
    assert problem(f"http://127.0.0.1:{free_port()}/") == "ConnectionError"


def test_links_are_found_in_text_and_not_in_blocks():
    page = """[a](https://a.example/x#part) <https://b.example> [c](page.md#https)
[d](https://d.example/a_(b)), `https://e.example`

  ```text
  [f](https://f.example)
  ```
"""
    assert links(page) == {"https://a.example/x", "https://b.example", "https://d.example/a_(b)"}

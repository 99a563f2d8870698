"""A fake of GitHub's API on loopback: what tap-github asks for to read the issues of a repository.

The shape of an issue is that of GitHub's documentation
(https://docs.github.com/en/rest/issues/issues#list-repository-issues), less the addresses of
other resources.
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = "acme/shop"
USER = {"login": "octocat", "id": 583231, "node_id": "MDQ6VXNlcjU4MzIzMQ==", "type": "User"}
ORDER = {"state": "all", "sort": "updated", "direction": "asc"}


def issue(number: int, title: str, *labels: str, day: int, **other: Any) -> dict[str, Any]:
    """Make an issue that was changed last on a day of November 2026.

    Labels that begin with `acme-` name a customer, and are described as such. GitHub lists a pull
    request as an issue that has a `pull_request`.
    """
    changed = f"2026-11-{day:02}T09:30:00Z"
    return {
        "id": 3_000_000_000 + number,
        "node_id": f"I_kwDOAbCdEf{number:08}",
        "number": number,
        "url": f"https://api.github.com/repos/{REPOSITORY}/issues/{number}",
        "html_url": f"https://github.com/{REPOSITORY}/issues/{number}",
        "title": title,
        "body": None,
        "user": USER,
        "labels": [
            {"name": label, "description": "Customer" if label.startswith("acme-") else None}
            for label in labels
        ],
        "state": "open",
        "state_reason": None,
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": 0,
        "created_at": "2026-11-01T08:00:00Z",
        "updated_at": changed,
        "closed_at": changed if other.get("state") == "closed" else None,
        "author_association": "MEMBER",
        "type": None,
        "reactions": {"total_count": 1, "+1": 1, "-1": 0},
        **other,
    }


def six_entries() -> list[dict[str, Any]]:
    """Make four issues of customers, one of nobody's and a pull request: two pages of three."""
    pull = {"html_url": f"https://github.com/{REPOSITORY}/pull/14"}
    text = "Since **Monday**:\n\n- log in\n- see `403`"
    return [
        issue(11, "Login fails", "bug", "acme-1", day=2, body=text),
        issue(12, "Import is slow", "acme-2", day=3, state="closed"),
        issue(13, "Tidy up", "chore", day=4),
        issue(14, "Fix the login", "acme-1", day=5, pull_request=pull),
        issue(15, "No invoice", "acme-1", "billing", day=6),
        issue(16, "Größe ist falsch", "acme-3", day=7, body=""),
    ]


@dataclass
class GitHub:
    """The issues of one repository, and the queries with which they were asked for."""

    issues: list[dict[str, Any]] = field(default_factory=six_entries)
    page_limit: int = 3
    queries: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def graphql(self, query: str) -> dict[str, Any]:
        """Answer the query for the ids of repositories, by their aliases."""
        pattern = r'(\w+): repository\(name: "([^"]+)", owner: "([^"]+)"\)'
        asked = {alias: f"{owner}/{name}" for alias, name, owner in re.findall(pattern, query)}
        held = {"nameWithOwner": REPOSITORY, "databaseId": 1296269}
        data = {alias: held if name == REPOSITORY else None for alias, name in asked.items()}
        errors = [
            {
                "type": "NOT_FOUND",
                "path": [alias],
                "message": f"Could not resolve to {asked[alias]}",
            }
            for alias, found in data.items()
            if found is None
        ]
        return {"data": data, **({"errors": errors} if errors else {})}

    def page(self, query: dict[str, str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """Return a page of issues, oldest change first, and the header that names the next one."""
        self.queries.append(query)
        since = query.get("since", "2007-10-01T00:00:00Z")  # older than GitHub
        changed = [
            entry for entry in self.issues if _instant(entry["updated_at"]) >= _instant(since)
        ]
        changed.sort(key=lambda entry: entry["updated_at"])
        begin = int(query.get("after", 0))
        end = begin + min(int(query["per_page"]), self.page_limit)
        if end >= len(changed):
            return changed[begin:], {}
        link = f"{self.url}/repositories/1296269/issues?{urlencode({**query, 'after': end})}"
        return changed[begin:end], {"Link": f'<{link}>; rel="next"'}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _handler(github: GitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            query = dict(parse_qsl(asked.query))
            if asked.path != f"/repos/{REPOSITORY}/issues":
                self._answer(404, {"message": "Not Found"})
            elif not query.items() >= ORDER.items():
                self._answer(422, {"message": f"this fake only lists issues with {ORDER}"})
            else:
                self._answer(200, *github.page(query))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(200, github.graphql(body["query"]))

        def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    return Handler


@contextmanager
def serve(github: GitHub) -> Iterator[GitHub]:
    """Serve the API on loopback while the block runs."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(github)) as server:
        github.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield github
        finally:
            server.shutdown()


@pytest.fixture
def github() -> Iterator[GitHub]:
    """A GitHub with six entries on two pages."""
    with serve(GitHub()) as running:
        yield running

"""A fake of Jira Cloud on loopback: what the taps for Jira ask for to read issues.

The shape of an issue is that of Atlassian's documentation
(https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/), less the
fields that no test looks at. Version 3 of the API gives rich text as a tree, version 2 as text.

The taps insist on https and on the certificates of certifi: `trusting` gives them others.
"""

from __future__ import annotations

import json
import re
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CERTIFICATES = ROOT / "tests/planhat_sync/api/http/certificates"
CUSTOMER = "customfield_10050"
STATUSES = {"new": "Open", "indeterminate": "Being repaired", "done": "Closed"}


def status(category: str) -> dict[str, Any]:
    """Make a status of one of the three categories that Jira has: new, indeterminate, done."""
    return {"name": STATUSES[category], "id": "1", "statusCategory": {"id": 2, "key": category}}


def document(*blocks: dict[str, Any] | str) -> dict[str, Any]:
    """Make rich text in the Atlassian Document Format; a text stands for a paragraph."""
    content = [
        {"type": "paragraph", "content": [{"type": "text", "text": block}]}
        if isinstance(block, str)
        else block
        for block in blocks
    ]
    return {"version": 1, "type": "doc", "content": content}


def issue(number: int, summary: str, **fields: Any) -> dict[str, Any]:
    """Make an issue as version 3 of the API gives it.

    Args:
        number: Its number in the project; its id and the minute of its last change follow from it.
        summary: Its title.
        fields: Fields that differ from those of a new issue of the customer birch-bakery.
    """
    return {
        "expand": "operations,versionedRepresentations,editmeta,changelog,renderedFields",
        "id": str(20400 + number),
        "self": f"https://birch.atlassian.net/rest/api/3/issue/{20400 + number}",
        "key": f"DESK-{number}",
        "fields": {
            "summary": summary,
            "description": None,
            "status": status("new"),
            "priority": {"name": "Medium", "id": "3"},
            "labels": [],
            CUSTOMER: "birch-bakery",
            "created": "2026-11-02T08:15:00.000+0000",
            "updated": f"2026-11-20T09:{number:02}:30.000+0000",
            **fields,
        },
    }


@dataclass
class Jira:
    """The issues of one site, and the queries with which they were asked for."""

    issues: list[dict[str, Any]] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    domain: str = ""

    def answer(self, path: str, query: dict[str, str]) -> dict[str, Any] | None:
        """Return what Jira answers to a GET; None is a 404."""
        _, _, _, version, resource = path.split("/", 4)
        if resource == "serverInfo":
            return {"deploymentType": "Cloud"}
        if resource == "myself":
            return {"timeZone": "UTC"}
        if resource == "search/jql":
            self.queries.append(query)
            return self._search(query, as_text=version == "2")
        return None

    def _search(self, query: dict[str, str], *, as_text: bool) -> dict[str, Any]:
        since = re.search(r"updated *>= *'([^']+)'", query["jql"])
        oldest = _instant(f"{since[1].replace(' ', 'T')}:00.0+0000") if since else None
        found = sorted(self.issues, key=_updated)
        if oldest:
            found = [entry for entry in found if _updated(entry) >= oldest]
        begin = int(query.get("nextPageToken", 0))
        end = begin + int(query.get("maxResults", 50))
        page = [_shown(entry, as_text=as_text) for entry in found[begin:end]]
        more = {"nextPageToken": str(end)} if end < len(found) else {}
        return {"issues": page, "isLast": not more, **more}


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")


def _updated(entry: dict[str, Any]) -> datetime:
    return _instant(entry["fields"]["updated"])


def _shown(entry: dict[str, Any], *, as_text: bool) -> dict[str, Any]:
    fields = {**entry["fields"], "comment": {"comments": []}, "worklog": {"worklogs": []}}
    if as_text and fields["description"]:
        blocks = fields["description"]["content"]
        fields["description"] = "\n".join(block["content"][0]["text"] for block in blocks)
    return {**entry, "fields": fields, "changelog": {"histories": []}, "transitions": []}


def _handler(jira: Jira) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            answer = jira.answer(asked.path, dict(parse_qsl(asked.query)))
            body = json.dumps(answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    return Handler


@contextmanager
def serve(jira: Jira) -> Iterator[Jira]:
    """Serve the API on loopback, over TLS, while the block runs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "server.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(jira)) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        jira.domain = f"localhost:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield jira
        finally:
            server.shutdown()


def trusting(folder: Path) -> dict[str, str]:
    """Return the environment in which a Python program trusts the fake: a certifi of its own.

    Args:
        folder: An empty folder.
    """
    (folder / "certifi.py").write_text(
        f"def where():\n    return {str(CERTIFICATES / 'ca.pem')!r}\n", "utf-8"
    )
    return {"PYTHONPATH": str(folder)}


def messages(*issues: dict[str, Any]) -> list[dict[str, Any]]:
    """Make the messages in which MeltanoLabs' tap-jira prints issues.

    It moves `created` and `updated` from the fields to the record. (Compared with its output for
    this fake, at commit 0fa5471. It is in no registry, so no test installs it.)
    """
    properties = {"id": {"type": "string"}, "key": {"type": "string"}, "fields": {"type": "object"}}
    schema = {"type": "SCHEMA", "stream": "issues", "key_properties": ["id"]}
    records = []
    for each in issues:
        fields = dict(each["fields"])
        moved = {name: fields.pop(name) for name in ("created", "updated")}
        record = {**each, "fields": fields, **moved}
        records.append({"type": "RECORD", "stream": "issues", "record": record})
    newest = max(each["fields"]["updated"] for each in issues)
    bookmark = {"replication_key": "updated", "replication_key_value": newest}
    return [
        {**schema, "schema": {"properties": properties}},
        *records,
        {"type": "STATE", "value": {"bookmarks": {"issues": bookmark}}},
    ]

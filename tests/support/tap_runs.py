"""The tap in this process against a sandbox over real HTTP: quick enough for many examples."""

from __future__ import annotations

import copy
import io
import json
import threading
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tap_planhat.tap import TapPlanhat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planhat_sync.model import Model

STREAMS = ("issues", "objectives")


@dataclass(frozen=True, slots=True)
class Output:
    """What one run printed."""

    text: str
    messages: list[dict[str, Any]] = field(default_factory=list)

    def records(self, stream: str) -> list[dict[str, Any]]:
        return [
            m["record"] for m in self.messages if m["type"] == "RECORD" and m["stream"] == stream
        ]

    def ids(self, stream: str) -> list[str]:
        return [record["_id"] for record in self.records(stream)]

    def types(self) -> list[str]:
        return [message["type"] for message in self.messages]

    @property
    def states(self) -> list[dict[str, Any]]:
        return [message["value"] for message in self.messages if message["type"] == "STATE"]

    @property
    def state(self) -> dict[str, Any]:
        return self.states[-1]


def run_tap(
    config: dict[str, Any],
    *,
    state: dict[str, Any] | None = None,
    catalog: dict[str, Any] | None = None,
    models: dict[str, Model] | None = None,
) -> Output:
    """Run the tap to its end in this process; what it raises, is raised."""
    output, error = end_tap(config, state=state, catalog=catalog, models=models)
    if error is not None:
        raise error
    return output


def end_tap(
    config: dict[str, Any],
    *,
    state: dict[str, Any] | None = None,
    catalog: dict[str, Any] | None = None,
    models: dict[str, Model] | None = None,
) -> tuple[Output, Exception | None]:
    """Run the tap in this process: what it printed, and what it raised, if it did."""
    stdout, error = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), None
    with redirect_stdout(stdout):
        try:
            TapPlanhat(config=config, state=state, catalog=catalog, models=models).run()
        except Exception as raised:  # noqa: BLE001 - the caller decides about it
            error = raised
    stdout.seek(0)
    text = stdout.read()
    # Not splitlines: a text may hold U+0085 or U+2028, which end no line of Singer's.
    return Output(text, [json.loads(line) for line in text.split("\n")[:-1]]), error


@pytest.fixture(scope="session")
def read() -> Callable[..., Output]:
    """``read(config, state=…, catalog=…)``: one run of the tap, in this process."""
    return run_tap


@pytest.fixture
def config(sandbox) -> dict[str, Any]:
    """Settings for the sandbox's first tenant, without pacing."""
    return {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0}


@pytest.fixture(scope="session")
def select() -> Callable[..., dict[str, Any]]:
    """Makes a catalog like Meltano's: ``select(issues=["title"])``; another stream is deselected.

    Of the streams that are not wanted it has the first alone: a run checks each that it is given,
    which takes longer than to read some pages.

    ``"custom.Team"`` selects a property inside another, ``"!custom.Team"`` deselects one.
    """

    discovered = TapPlanhat(config={}, validate_config=False).catalog_dict["streams"]

    def make(**wanted: list[str] | None) -> dict[str, Any]:
        other = next(entry for entry in discovered if entry["tap_stream_id"] not in wanted)
        some = [entry for entry in discovered if entry["tap_stream_id"] in wanted or entry is other]
        catalog = {"streams": copy.deepcopy(some)}
        for entry in catalog["streams"]:
            stream = entry["tap_stream_id"]
            for item in entry["metadata"]:
                crumb = item["breadcrumb"]
                if not crumb:
                    item["metadata"]["selected"] = stream in wanted
                elif (names := wanted.get(stream)) is not None:
                    item["metadata"]["selected"] = crumb[-1] in names
            for name in wanted.get(stream) or []:
                crumb = [
                    part for step in name.lstrip("!").split(".") for part in ("properties", step)
                ]
                if len(crumb) > len(("properties", name)) or name.startswith("!"):
                    meta = {"inclusion": "available", "selected": not name.startswith("!")}
                    entry["metadata"].append({"breadcrumb": crumb, "metadata": meta})
        return catalog

    return make


class CannedServer:
    """A server whose list answers are given as bytes, for bodies that the sandbox does not send."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.rows: dict[str, list[bytes]] = {}
        self.between = b","
        self.asked: list[dict[str, str]] = []
        canned = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one write an answer

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                canned.asked.append(query)
                body = canned.body(parts.path.strip("/"), query)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def body(self, model: str, query: dict[str, str]) -> bytes:
        if model not in self.rows:
            return self.bodies.get(model, b"[]")
        rows = self.rows[model][:: -1 if query["sort"].startswith("-") else 1]
        start = int(query["offset"])
        return b"[%b]" % self.between.join(rows[start : start + int(query["limit"])])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def _canned() -> Iterator[CannedServer]:
    server = CannedServer()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def canned() -> Iterator[CannedServer]:
    """A server that answers every list of a model with one body: ``canned.bodies["issues"]``.

    Or with pages of ``canned.rows["issues"]``, each the text of a JSON object, in any order asked.
    """
    with _canned() as server:
        yield server

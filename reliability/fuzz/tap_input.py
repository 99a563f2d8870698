"""Harnesses of what the tap reads: catalogs, states, pages."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING, cast

from planhat_sync.api.http.bodies import hand_over
from planhat_sync.errors import GaveUpError, PlanhatError
from planhat_sync.models import load_models
from planhat_sync.reading.state import StreamState
from planhat_sync.runtime.config_files import parse_json_object
from tap_planhat.state_file import state_of
from tap_planhat.tap import CATALOG_FILE, TapPlanhat

if TYPE_CHECKING:
    from collections.abc import Callable

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.api.http.exchange import Receiver

CONFIG = {"api_token": "t"}
PARTS = b"|||"
MOST_REQUESTS = 60
_BOOKMARK = {"replication_key": "updatedAt", "replication_key_value": "2026-01-01T00:00:00.000Z"}
STATES = (None, {"bookmarks": {"issues": _BOOKMARK}})
MODELS = load_models()


def catalog(data: bytes) -> None:
    """Read a file as `--catalog`, and make the streams of it."""
    with contextlib.suppress(PlanhatError):
        tap = TapPlanhat(config=CONFIG, catalog=parse_json_object(data, CATALOG_FILE))
        for stream in tap.streams.values():
            _ = stream.selected, stream.schema, stream.metadata


def state(data: bytes) -> None:
    """Read a file as `--state`, and each stream's bookmark out of it."""
    with contextlib.suppress(PlanhatError):
        given = state_of(data)
        for name, model in MODELS.items():
            entry = given.get("bookmarks", {}).get(name, {})
            kept = StreamState.from_json(entry, model.replication_key, name)
            kept.write_to(entry, model.replication_key)


class Canned:
    """Takes the place of the client: its answers are the parts of the input, in their order.

    Args:
        data: Bodies of list answers with `PARTS` between them; the last one is given for ever.
    """

    def __init__(self, data: bytes) -> None:
        self._bodies = data.split(PARTS)
        self._asked = 0

    def list_page(
        self,
        *_: object,
        decode: Callable[[object], object],
        receive: Callable[[], Receiver] | None = None,
        **__: object,
    ) -> object:
        """Return the next body, or raise what the client raises for one that cannot be read."""
        body = self._bodies[min(self._asked, len(self._bodies) - 1)]
        self._asked += 1
        if self._asked > MOST_REQUESTS:
            raise GaveUpError("too many requests")
        receiver = receive() if receive else None
        if receiver:
            hand_over(body, receiver)
        try:
            return decode(receiver or body)
        except ValueError as error:
            raise GaveUpError("it is not what was asked for") from error


def pages(data: bytes) -> None:
    """Read a tenant whose every answer is made up; only complete messages are printed."""
    client = cast("PlanhatClient", Canned(data))
    config = {**CONFIG, "progress": "none"}
    tap = TapPlanhat(config=config, state=STATES[len(data) % 2], client=client)
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(stdout), contextlib.suppress(PlanhatError):
        tap.run()
    stdout.seek(0)
    *lines, rest = stdout.read().split("\n")
    assert not rest, "half a line was printed"
    for line in lines:
        assert json.loads(line)["type"] in ("SCHEMA", "RECORD", "STATE"), "a line is not a message"

"""The Airbyte source in this process against a sandbox over real HTTP, and what follows it."""

from __future__ import annotations

import io
import json
import logging
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from airbyte_planhat.source.discover import discover
from airbyte_planhat.source.read import read
from airbyte_planhat.specification import SOURCE_SCHEMA
from planhat_sync.runtime.config_errors import checked_settings
from planhat_sync.runtime.signals import Stop

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Output:
    """What one run printed, logged and raised."""

    text: str
    messages: list[dict[str, Any]]
    warnings: list[str] = field(default_factory=list)
    error: Exception | None = None

    def of(self, kind: str, stream: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if _place(message) == (kind, stream)]

    def records(self, stream: str) -> list[dict[str, Any]]:
        return [message["record"]["data"] for message in self.of("RECORD", stream)]

    def ids(self, stream: str) -> list[str]:
        return [record["_id"] for record in self.records(stream)]

    def states(self, stream: str) -> list[dict[str, Any]]:
        return [message["state"]["stream"]["stream_state"] for message in self.of("STATE", stream)]

    def statuses(self, stream: str) -> list[str]:
        found = self.of("STREAM_STATUS", stream)
        return [message["trace"]["stream_status"]["status"] for message in found]

    @property
    def state(self) -> list[dict[str, Any]]:
        """The last state of each stream, as a platform gives it to the next run."""
        states = [message["state"] for message in self.messages if message["type"] == "STATE"]
        return list(
            {json.dumps(each["stream"]["stream_descriptor"]): each for each in states}.values()
        )


def _place(message: Mapping[str, Any]) -> tuple[str, str]:
    """Return the kind of a message, and the stream that it is about."""
    kind = message["type"]
    if kind == "RECORD":
        return kind, message["record"]["stream"]
    if kind == "STATE":
        return kind, message["state"]["stream"]["stream_descriptor"]["name"]
    if kind == "TRACE":
        trace = message["trace"]
        content = trace[trace["type"].lower()]
        return trace["type"], content.get("stream_descriptor", {}).get("name", "")
    return kind, ""


def settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with its defaults."""
    checked, errors = checked_settings(SOURCE_SCHEMA, config)
    assert not errors
    return checked


def catalog_of(config: Mapping[str, Any], **streams: Any) -> dict[str, Any]:
    """Return a configured catalog: ``catalog_of(config, issues="incremental")``.

    A mode with a colon, as in ``"incremental:updatedAt"``, names the cursor that the user chose.
    """
    _, found = discover(settings(config), Stop("source-planhat"))
    offered = {stream["name"]: stream for stream in found["streams"]}
    return {"streams": [_configured(offered[name], mode) for name, mode in streams.items()]}


def _configured(stream: dict[str, Any], mode: str) -> dict[str, Any]:
    mode, _, cursor = mode.partition(":")
    return {
        "stream": stream,
        "sync_mode": mode,
        "destination_sync_mode": "append_dedup",
        "cursor_field": [cursor] if cursor else stream["default_cursor_field"],
        "primary_key": stream["source_defined_primary_key"],
    }


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def run_source(
    config: Mapping[str, Any],
    catalog: Mapping[str, Any],
    state: Iterable[Mapping[str, Any]] | None = None,
    stop: Stop | None = None,
) -> Output:
    """Run the source in this process, to its end or until it raises something."""
    stdout, error, warnings = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), None, _Warnings()
    given = json.dumps(list(state)).encode() if state is not None else b""
    logging.getLogger().addHandler(warnings)
    try:
        with redirect_stdout(stdout):
            read(
                settings(config),
                stop or Stop("source-planhat"),
                json.dumps(catalog).encode(),
                given,
            )
    except Exception as raised:  # noqa: BLE001 - the caller decides about it
        error = raised
    finally:
        logging.getLogger().removeHandler(warnings)
    stdout.seek(0)
    # Not splitlines: a text may hold U+0085 or U+2028, which end no line of the protocol.
    text = stdout.read()
    messages = [json.loads(line) for line in text.split("\n")[:-1]]
    return Output(text, messages, warnings.texts, error)


def read_well(
    config: Mapping[str, Any],
    catalog: Mapping[str, Any],
    state: Iterable[Mapping[str, Any]] | None = None,
) -> Output:
    """Run the source to its end; what it raises, is raised."""
    output = run_source(config, catalog, state)
    if output.error is not None:
        raise output.error
    return output


def check_stream(output: Output, stream: str) -> None:
    """Check what holds of every stream that was read to its end, whatever happened."""
    lines = [message for message in output.messages if _place(message)[1] == stream]
    kinds = [_place(message)[0] for message in lines]
    statuses = output.statuses(stream)
    assert statuses == ["STARTED", *(["RUNNING"] if "RECORD" in kinds else []), "COMPLETE"]
    assert kinds[0] == kinds[-1] == "STREAM_STATUS"
    assert kinds[-2] == "STATE"
    states = output.states(stream)
    assert None not in states
    assert all(one != next_one for one, next_one in pairwise(states))
    check_counts(output, stream)


def check_counts(output: Output, stream: str) -> None:
    """Check that each state counts the records of its stream since the one before it."""
    count = 0
    for message in output.messages:
        kind, name = _place(message)
        if name == stream and kind == "RECORD":
            count += 1
        elif name == stream and kind == "STATE":
            stated = message["state"]["sourceStats"]["recordCount"]
            assert isinstance(stated, float)
            assert stated == count
            count = 0

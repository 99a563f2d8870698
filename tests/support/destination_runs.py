"""The Airbyte destination in this process, against a sandbox over real HTTP."""

from __future__ import annotations

import io
import json
import logging
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock

from airbyte_planhat.destination.write import write
from airbyte_planhat.specification import DESTINATION_SCHEMA
from planhat_sync.runtime.config_errors import checked_settings
from planhat_sync.runtime.signals import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path


@dataclass
class Written:
    """What one run returned and logged.

    `seen` is what `look` gave at the instant of each state.
    """

    states: list[Any] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    seen: list[Any] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: BaseException | None = None

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """The counts of each stream, from the summary."""
        summary = next(text for text in self.log if text.startswith(("Summary", "Dry run", "No ")))
        return json.loads(summary.partition("Summary: ")[2])["streams"]

    @property
    def stats(self) -> list[tuple[float, float]]:
        """How many records each state says were written, and how many were rejected."""
        return [
            (
                each["destinationStats"]["recordCount"],
                each["destinationStats"]["rejectedRecordCount"],
            )
            for each in self.states
        ]


class _Stdout(io.StringIO):
    def __init__(self, written: Written, look: Callable[[], Any]) -> None:
        super().__init__()
        self._written, self._look = written, look

    def write(self, text: str) -> int:
        for line in text.splitlines():
            self._written.lines.append(line)
            self._written.states.append(json.loads(line)["state"])
            self._written.seen.append(self._look())
        return len(text)


class _Log(logging.Handler):
    def __init__(self, written: Written) -> None:
        super().__init__(logging.INFO)
        self._written = written

    def emit(self, record: logging.LogRecord) -> None:
        self._written.log.append(record.getMessage())
        if record.levelno >= logging.WARNING:
            self._written.warnings.append(record.getMessage())


def record(stream: str = "issues", /, *, namespace: str | None = None, **fields: Any) -> dict:
    """A RECORD message."""
    place = {"stream": stream} if namespace is None else {"stream": stream, "namespace": namespace}
    return {"type": "RECORD", "record": {**place, "data": fields, "emitted_at": 1}}


def state(at: Any, stream: str = "issues", *, count: float = 0.0, **more: Any) -> dict[str, Any]:
    """A STATE message of one stream."""
    content = {
        "type": "STREAM",
        "stream": {"stream_descriptor": {"name": stream, **more}, "stream_state": {"at": at}},
        "sourceStats": {"recordCount": count},
    }
    return {"type": "STATE", "state": content}


def stream(name: str = "issues", *columns: str, **more: Any) -> dict[str, Any]:
    """A configured stream; what is none of the protocol's other fields belongs to its stream."""
    inner = {"name": name, "json_schema": {"properties": {column: {} for column in columns}}}
    if "namespace" in more:
        inner["namespace"] = more.pop("namespace")
    return {
        "stream": inner,
        "sync_mode": "full_refresh",
        "destination_sync_mode": "append_dedup",
        **more,
    }


def lines_of(messages: Iterable[Any]) -> bytes:
    """Messages as a source writes them; bytes are lines that are taken as they are."""
    lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in messages]
    return b"".join(line + b"\n" for line in lines)


def run_destination(
    config: Mapping[str, Any],
    messages: Iterable[Any],
    *streams: Mapping[str, Any],
    look: Callable[[], Any] = lambda: None,
    path: Path | None = None,
) -> Written:
    """Run the destination to whatever end; with a path, the messages are written there first."""
    checked, errors = checked_settings(DESTINATION_SCHEMA, config)
    assert not errors, errors
    written = Written()
    catalog = json.dumps({"streams": streams or [stream()]}).encode()
    with _standard_streams(written, lines_of(messages), path, look):
        try:
            write(checked, Stop("destination-planhat"), catalog)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
            written.error = error
    return written


@contextmanager
def _standard_streams(
    written: Written, given: bytes, path: Path | None, look: Callable[[], Any]
) -> Iterator[None]:
    if path is not None and given:
        path.write_bytes(given)
    logger, handler = logging.getLogger("destination-planhat"), _Log(written)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with (
            path.open("rb") if path is not None else io.BytesIO(given) as source,
            mock.patch("sys.stdin", source),
            redirect_stdout(_Stdout(written, look)),
        ):
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)

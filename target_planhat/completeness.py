"""Whether all records of a source came, as far as its messages show it.

Pure: it is given what the input holds. A stream is complete if it ends with the one
ACTIVATE_VERSION of the version that its records carry. Taps of the Singer SDK print that message
before the records, once more for each parent of a child stream, and a last STATE also when they
fail, so neither shows anything by itself. Some taps continue in a later run, under the same
version, a read that was interrupted: so the version has to be the time of this one, and no state
in front of the records may name it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

from planhat_sync.timestamps import parse_timestamp
from planhat_sync.writing.mirror.model_source import ModelSource

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION_SLACK_SECONDS: Final = 60.0
"""How long before the first record of the input its version may have been made."""

_MILLISECONDS_FROM: Final = 10**11
"""Versions are the time in seconds (singer-sdk) or in milliseconds (singer-python's taps)."""


class _Marks(msgspec.Struct):
    """What a RECORD or an ACTIVATE_VERSION shows of the read that it belongs to."""

    version: Any = None
    time_extracted: Any = None
    reject: msgspec.Raw = msgspec.Raw()


_decode = msgspec.json.Decoder(_Marks).decode


class Completeness:
    """The streams of one input.

    Args:
        began: When the run began, in seconds since 1970-01-01 UTC by the clock of this machine.
    """

    def __init__(self, began: float) -> None:
        self._began = began
        self._state = b""
        self._streams: dict[str, _Stream] = {}

    def expect(self, stream: str, models: Iterable[str]) -> None:
        """Note a stream that has a map of its own: its tap may die before its SCHEMA comes.

        Args:
            stream: Its name.
            models: The models that its records are written to.
        """
        self._stream(stream).models.update(models)

    def announce(self, stream: str, models: Iterable[str]) -> None:
        """Note a SCHEMA.

        Args:
            stream: Its stream.
            models: The models that the records of the stream are written to.
        """
        self._stream(stream).models.update(models)
        self._stream(stream).has_schema = True

    def add_state(self, value: bytes) -> None:
        """Note a STATE.

        Args:
            value: Its JSON.
        """
        self._state = value

    def add_records(self, stream: str, first: bytes, last: bytes) -> None:
        """Note records that follow each other.

        Args:
            stream: Their stream.
            first: The line of the first one.
            last: The line of the last one.
        """
        self._stream(stream).add_records(first, last, self._state)

    def activate(self, stream: str, line: bytes) -> None:
        """Note an ACTIVATE_VERSION.

        Args:
            stream: Its stream.
            line: Its line.
        """
        self._stream(stream).activate(line)

    def sources(
        self, ended: float, *, vouched_for: bool = False, reason: str | None = None
    ) -> dict[str, ModelSource]:
        """Return, once the input has ended, what is known of the source of each model.

        Args:
            ended: When it ended, by the same clock; of a file, when it was written.
            vouched_for: Whether the user says that the input is complete.
            reason: Why the input is not complete, whatever its messages say.
        """
        read_from = min([self._began, *(each.read_from for each in self._streams.values())])
        versions = (read_from - VERSION_SLACK_SECONDS, ended)
        came = {
            model for each in self._streams.values() if each.has_schema for model in each.models
        }
        sources: dict[str, ModelSource] = {}
        for name, stream in self._streams.items():
            why = reason or stream.missing_proof(versions, vouched_for=vouched_for)
            incomplete = (
                f"the source is not known to be complete: {why.format(name)}" if why else None
            )
            for model in stream.models & came:
                other = sources.get(model, ModelSource())
                sources[model] = ModelSource(
                    other.incomplete or incomplete, min(ended, other.read_from, stream.read_from)
                )
        return sources

    def _stream(self, name: str) -> _Stream:
        return self._streams.setdefault(name, _Stream())


class _Stream:
    """What one stream of the input shows.

    Attributes:
        models: The models that its records are written to.
        has_schema: Whether a SCHEMA of it came.
    """

    def __init__(self) -> None:
        self.models: set[str] = set()
        self.has_schema = False
        self._first = self._state_before = b""
        self._last = b""
        self._versions: set[Any] = set()
        self._repeated: set[Any] = set()
        self._activated: Any = None
        self._is_at_end = False

    def add_records(self, first: bytes, last: bytes, state: bytes) -> None:
        if not self._first:
            self._first, self._state_before = first, state
        self._last = last
        self._is_at_end = False

    def activate(self, line: bytes) -> None:
        version = _marks(line).version
        version = version if type(version) is int else None
        if version in self._versions:
            self._repeated.add(version)
        self._versions.add(version)
        self._activated = version
        self._is_at_end = True

    @property
    def read_from(self) -> float:
        """When it was read, by the first and the last of its records; inf if they do not say."""
        times = [
            time.timestamp()
            for line in (self._first, self._last)
            if (time := parse_timestamp(_marks(line).time_extracted)) is not None
        ]
        return min(times, default=math.inf)

    def missing_proof(self, versions: tuple[float, float], *, vouched_for: bool) -> str | None:
        """Return why not all records may have come, {} standing for the stream; None if all did."""
        if not self.has_schema:
            return "no SCHEMA of {} came, whose records belong to it too"
        first, last, version = _marks(self._first), _marks(self._last), self._activated
        if vouched_for:
            are_rejects = first.reject or last.reject
            return "the records of {} are rejects of an earlier run" if are_rejects else None
        carry_version = version is not None and first.version == last.version == version
        is_of_this_read = carry_version and versions[0] <= _time_of(version) <= versions[1]
        reasons = (
            (not self._versions, "no ACTIVATE_VERSION of {} came"),
            (not self._first, "no record of {} came before its ACTIVATE_VERSION"),
            (not self._is_at_end, "records of {} came after its ACTIVATE_VERSION"),
            (version in self._repeated, "the last ACTIVATE_VERSION of {} came more than once"),
            (not carry_version, "the records of {} do not carry the version that is activated"),
            (
                carry_version and _time_of(version) < versions[0],
                "the version of {} is older than this read, so this may be the rest of another one",
            ),
            (
                carry_version and _time_of(version) > versions[1],
                "the version of {} is not the time of this read",
            ),
            (
                is_of_this_read and b"%d" % version in self._state_before,
                "a state in front of {} names its version, so this may be the rest of another read",
            ),
        )
        return next((text for applies, text in reasons if applies), None)


def _marks(line: bytes) -> _Marks:
    try:
        return _decode(line)
    except (msgspec.MsgspecError, RecursionError):  # NaN or similar
        return _Marks()


def _time_of(version: int) -> int:
    """Return the time that a version is, in seconds since 1970-01-01 UTC."""
    return version if version < _MILLISECONDS_FROM else version // 1000

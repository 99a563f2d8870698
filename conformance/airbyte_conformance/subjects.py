"""Describes the connector under test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence


@dataclass(frozen=True)
class SourceUnderTest:
    """A source, and what it should emit.

    Attributes:
        command: Program, `read`, configuration and configured catalog; without a state.
        expected: The keys of all records that a first run emits, as `key` makes them, for each
            stream of the catalog. A stream may be empty.
        key: Makes one hashable key of the data of a record.
        environment: Environment variables of the process; the caller's own if None.
    """

    command: Sequence[str]
    expected: Callable[[], Mapping[str, Iterable[Hashable]]]
    key: Callable[[Mapping[str, Any]], Hashable]
    environment: Mapping[str, str] | None = None


@dataclass(frozen=True)
class DestinationUnderTest:
    """A destination, and a way to look into what it holds.

    Attributes:
        command: Program, `write`, configuration and configured catalog; it reads messages from
            standard input.
        streams: Names of the streams of the catalog. They take turns: record number n belongs to
            the stream at n modulo their count.
        record: Makes the data of record number n of a stream; different numbers have different
            keys.
        stored: The numbers of the records that it holds now, a number twice if its record is
            stored twice.
        reset: Empties it.
        refused: Makes the data of record number n so that it is rejected, in a way that does not
            end the run; None if there is no such record.
        environment: Environment variables of the process; the caller's own if None.
        records: How many records a run feeds.
        state_every: After how many records of a stream a STATE of it is fed. If it is the size of
            a batch, a state that is returned early does not show.
        idle_seconds: Within how many seconds all states are to be returned if the input pauses.
    """

    command: Sequence[str]
    streams: Sequence[str]
    record: Callable[[str, int], Mapping[str, Any]]
    stored: Callable[[], Iterable[int]]
    reset: Callable[[], None]
    refused: Callable[[str, int], Mapping[str, Any]] | None = None
    environment: Mapping[str, str] | None = None
    records: int = 2_000
    state_every: int = 50
    idle_seconds: float = 60

    def stream_of(self, number: int) -> str:
        """Return the stream to which record number n belongs."""
        return self.streams[number % len(self.streams)]

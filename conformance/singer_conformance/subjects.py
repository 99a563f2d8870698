"""Describes the connector under test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class TargetUnderTest:
    """A target, and a way to look into its destination.

    Attributes:
        command: Program and arguments; it reads messages from standard input.
        stream: Name of a stream that the target takes.
        schema: JSON Schema of that stream.
        key_properties: Its key.
        record: Makes record number n; different numbers have different keys.
        stored: The numbers of the records that the destination holds now, a number twice if its
            record is stored twice.
        reset: Empties the destination.
        environment: Environment variables of the process; the caller's own if None.
        records: How many records a run feeds.
        state_every: After how many records a STATE is fed. If it is the size of a batch, a state
            that is printed early does not show.
    """

    command: Sequence[str]
    stream: str
    schema: Mapping[str, Any]
    key_properties: Sequence[str]
    record: Callable[[int], Mapping[str, Any]]
    stored: Callable[[], Iterable[int]]
    reset: Callable[[], None]
    environment: Mapping[str, str] | None = None
    records: int = 2_000
    state_every: int = 100


def _state_arguments(path: Path) -> Sequence[str]:
    return ["--state", str(path)]


@dataclass(frozen=True)
class TapUnderTest:
    """A tap, and what it should emit.

    Attributes:
        command: Program and arguments, without the state.
        expected: Keys of all records that a first run emits, as `key` makes them.
        key: Makes one hashable key of a stream's name and a record.
        state_arguments: Arguments that start a run from a state file.
        environment: Environment variables of the process; the caller's own if None.
    """

    command: Sequence[str]
    expected: Callable[[], Iterable[Hashable]]
    key: Callable[[str, Mapping[str, Any]], Hashable]
    state_arguments: Callable[[Path], Sequence[str]] = field(default=_state_arguments)
    environment: Mapping[str, str] | None = None

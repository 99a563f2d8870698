"""Two connectors that speak one protocol: how they are started, and what their lines mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MARK = "inserted"
"""What a state that the kill runner has inserted contains, and no other."""


class Pair(Protocol):
    """One that reads Planhat and one that writes to it.

    Attributes:
        name: Name of the protocol.
        reader: What the one that reads is called, without ``-planhat``.
        writer: What the one that writes is called.
        reader_prints: Types of the messages that the reader may print.
    """

    name: str
    reader: str
    writer: str
    reader_prints: frozenset[str]

    def reader_command(
        self, folder: Path, settings: Mapping[str, Any], state: bytes | None
    ) -> list[str]:
        """Return the command of a reader.

        Args:
            folder: For its files.
            settings: Its settings.
            state: What it starts from, as `restart` returns it.
        """

    def writer_command(self, folder: Path, settings: Mapping[str, Any]) -> list[str]:
        """Return the command of a writer.

        Args:
            folder: For its files.
            settings: Its settings.
        """

    def is_state(self, line: bytes) -> bool:
        """Return whether a line of the writer is a state."""

    def may_print(self, line: bytes) -> bool:
        """Return whether a line that is not a state may be printed by the writer."""

    def failures(self, name: str, code: int, printed: Sequence[bytes]) -> list[str]:
        """Return what is wrong with how a connector reports its exit code on standard output.

        Args:
            name: Which of the two it is.
            code: Its exit code.
            printed: Lines of its standard output that are neither records nor states.
        """

    def stream_and_record(self, message: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """Return the stream and the properties of a RECORD message."""

    def inserted_state(self, stream: str, number: int) -> bytes:
        """Return a state to be inserted after a record.

        Args:
            stream: The stream of the record.
            number: Which record it is, of all.
        """

    def restart(self, states: Sequence[bytes]) -> bytes | None:
        """Return what the reader starts from again: the last states that it has made itself.

        Args:
            states: The states that the writer has printed.
        """

    def covered(
        self, fed: Sequence[Mapping[str, Any]], states: Sequence[bytes]
    ) -> tuple[set[str], list[str]]:
        """Return which records the printed states cover.

        Args:
            fed: The messages that the writer was given.
            states: The states that it printed.

        Returns:
            The sourceIds of the records, and what is wrong with the states themselves.
        """


class _Message(msgspec.Struct):
    """The part of a message that is checked; the rest is only read."""

    type: str


_MESSAGE = msgspec.json.Decoder(_Message)


def kind_of(line: bytes) -> str:
    """Return the type of a message, empty if the line is not one.

    Args:
        line: A line of standard output.
    """
    try:
        return _MESSAGE.decode(line).type
    except ValueError:
        return ""


def write_settings(path: Path, settings: Mapping[str, Any]) -> list[str]:
    """Write settings into a file, and return the arguments that name it.

    Args:
        path: The file.
        settings: The settings.
    """
    path.write_bytes(msgspec.json.encode(dict(settings)))
    return ["--config", str(path)]

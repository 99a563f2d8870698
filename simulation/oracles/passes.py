"""Checks what is read in full: each record once, and all that existed throughout."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulation.oracles.messages import BOOKMARKS
from simulation.oracles.reads import bookmark_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simulation.oracles.history import History
    from simulation.oracles.messages import Message
    from simulation.oracles.reads import Read, Stream


@dataclass(frozen=True, slots=True)
class Pass:
    """The records of a stream that a life has printed, from one beginning on.

    Attributes:
        schema: The SCHEMA before them, None if there is none.
        records: The records.
    """

    schema: Message | None
    records: Sequence[Message]

    def is_full(self, read: Read, stream: Stream) -> bool:
        """Return whether everything was read, as far as that can be seen from outside.

        Args:
            read: The life.
            stream: The stream.
        """
        if stream.key is None or any(each.version is not None for each in self.records):
            return True
        if stream.is_vouched:
            return self.schema is not None and not self.schema.fields.get(BOOKMARKS)
        return stream.start is None and bookmark_of(read.state, stream) is None


def passes_of(messages: Sequence[Message], stream: Stream) -> Iterator[Pass]:
    """Return what was printed of a stream, apart for each time at which its reader began anew.

    It does so with another SCHEMA, or with another version of the records.

    Args:
        messages: What a life has printed.
        stream: The stream.
    """
    schema: Message | None = None
    records: list[Message] = []
    for message in messages:
        if message.stream != stream.name or message.kind not in {"schema", "record"}:
            continue
        begins = message.kind == "schema" or (records and records[-1].version != message.version)
        if begins and records:
            yield Pass(schema, records)
            records = []
        if message.kind == "schema":
            schema = message
        else:
            records.append(message)
    yield Pass(schema, records)


def check_passes(reads: Sequence[Read], history: History, stream: Stream) -> list[str]:
    """Check that a full read emits each record once, and all that existed throughout it.

    One that moved from a list to another and back again meanwhile may be missed (ADR 0058).

    Args:
        reads: The lives.
        history: What the records have been.
        stream: How the stream is read.

    Returns:
        What is wrong, one sentence each.
    """
    wrong = []
    for read in reads:
        *before, last = passes_of(read.messages, stream)
        for each in (*before, last):
            times = Counter(record.identifier for record in each.records)
            if times.total() > len(times) and each.is_full(read, stream):
                twice = sorted(identifier for identifier, count in times.items() if count > 1)
                wrong.append(f"life {read.number}: a full read emits {stream.name} {twice} twice")
        if read.is_complete and last.is_full(read, stream):
            came = {record.identifier for record in last.records}
            wrong += [
                f"life {read.number}: {stream.name} {identifier} existed throughout a full read "
                "that does not emit it"
                for identifier, period in history.throughout(read.since, read.ended)
                if identifier not in came
                and stream.is_wanted(period.fields)
                and history.times_changed(identifier, stream.divided_by, read.since, read.ended) < 2  # noqa: PLR2004 - there and back
            ]
    return wrong


def check_changes(reads: Sequence[Read], history: History, stream: Stream) -> list[str]:
    """Check that a read of what has changed emits a record again only if it has changed meanwhile.

    One that reads everything after all may emit it again, one whose lists lag too, and one by a
    key that only the user vouches for, since its model may have several lists.

    Args:
        reads: The lives.
        history: What the records have been.
        stream: How the stream is read.

    Returns:
        What is wrong, one sentence each.
    """
    if stream.lag or stream.is_vouched:
        return []
    wrong = []
    for read in reads:
        times = Counter(
            message.identifier
            for message in read.messages
            if message.stream == stream.name and message.kind == "record"
        )
        for identifier, count in times.items():
            periods = history.periods(identifier)
            possible = sum(period.meets(read.since, read.ended) for period in periods)
            if count > possible and not read.scans_all:
                wrong.append(
                    f"life {read.number}: {stream.name} {identifier} is emitted {count} times, and "
                    f"there were {possible} versions of it"
                )
    return wrong

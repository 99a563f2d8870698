"""Follows the lives of a reader: which version of each record a program has that loads all of it.

The program keeps the last version of each record, removes a record whose deletion is emitted, and,
at an ACTIVATE_VERSION, all that do not have this version: as a warehouse with hard deletes does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulation.oracles.reads import bookmark_in, bookmark_of

if TYPE_CHECKING:
    from datetime import datetime

    from simulation.oracles.history import History, Period
    from simulation.oracles.messages import Message
    from simulation.oracles.reads import Read, Stream


@dataclass(frozen=True, slots=True)
class Held:
    """A record that the program has.

    Attributes:
        period: Which of its versions.
        life: Number of the life that emitted it.
        version: The version with which it was emitted.
    """

    period: Period
    life: int
    version: int | None


class Emissions:
    """All that was emitted of one stream, in the order of the lives.

    Args:
        history: What the records have been.
        stream: How the stream is read.

    Attributes:
        held: The records that the program has, by `_id`.
        covered: The `_id` of each record that existed throughout a complete read, whether it still
            does or not.
        late: The `_id` of each record that was emitted for the first time when it had been deleted
            already, as a list that lags shows it.
        violations: What is wrong, one sentence each.
    """

    def __init__(self, history: History, stream: Stream) -> None:
        self.held: dict[str, Held] = {}
        self.covered: set[str] = set()
        self.late: set[str] = set()
        self.violations: list[str] = []
        self._history = history
        self._stream = stream
        self._came: set[str] = set()
        self._deleted: dict[str, Read] = {}
        self._bookmark: datetime | None = None

    def follow(self, read: Read) -> None:
        """Load what a life has printed, and check it.

        Args:
            read: The life.
        """
        self._bookmark = bookmark_of(read.state, self._stream)
        for message in read.messages:
            if self._stream.name in message.states:
                self._check_state(message)
            if message.stream != self._stream.name:
                continue
            if message.kind == "record":
                self._load(read, message)
            elif message.kind == "deletion":
                self._remove(read, message)
            elif message.kind == "activation":
                mark = (read.number, message.version)
                self.held = {
                    identifier: held
                    for identifier, held in self.held.items()
                    if (held.life, held.version) == mark
                }
        if read.is_complete:
            self._check_changes(read)

    def _load(self, read: Read, message: Message) -> None:
        """Load a record: it must have been so, and not before what was emitted last."""
        identifier = message.identifier
        period = self._period_of(read, message)
        if period is None:
            self._report(message.event, identifier, "is emitted as it never was in this run")
            return
        if not self._stream.is_wanted(period.fields):
            self._report(message.event, identifier, "is emitted, and its companies are not read")
        held = self.held.get(identifier)
        if not self._stream.lag and (identifier in self._deleted or _is_older(period, held)):
            self._report(message.event, identifier, "is emitted as it was before")
        if identifier not in self._came and self._history.at(identifier, message.event) is None:
            self.late.add(identifier)
        self._came.add(identifier)
        self._deleted.pop(identifier, None)
        self.held[identifier] = Held(period, read.number, message.version)

    def _period_of(self, read: Read, message: Message) -> Period | None:
        """Return the latest version that equals what was emitted."""
        for period in reversed(self._history.periods(message.identifier)):
            if period.meets(read.since, message.event) and (
                self._stream.shown(period.fields) == message.fields
            ):
                return period
        return None

    def _remove(self, read: Read, message: Message) -> None:
        """Remove a record: it must have been deleted, and not emitted as deleted before.

        A list that lags may show it again, and it is then missing again.
        """
        identifier = message.identifier
        if not self._history.periods(identifier):
            self._report(message.event, identifier, "is emitted as deleted, and never existed")
        if self._history.at(identifier, message.event) is not None:
            self._report(message.event, identifier, "is emitted as deleted, and exists")
        before = self._deleted.get(identifier)
        if before is not None and before.is_complete and not self._stream.lag:
            self._report(message.event, identifier, "is emitted as deleted a second time")
        self._deleted[identifier] = read
        self.held.pop(identifier, None)

    def _check_state(self, message: Message) -> None:
        """Check that a bookmark does not move back, and that all before it has been emitted."""
        bookmark = bookmark_in(message.states[self._stream.name])
        before, self._bookmark = self._bookmark, bookmark
        if before and (bookmark is None or bookmark < before) and not self._stream.is_vouched:
            self.violations.append(
                f"event {message.event}: the bookmark of {self._stream.name} moves back from "
                f"{before} to {bookmark}"
            )
        if bookmark is None:
            return
        for identifier, period in self._history.existing(message.event):
            fields = period.fields
            if self._stream.is_behind(fields, bookmark) and self._stream.is_read(fields):
                self._check_emitted(message.event, identifier, period, "a state covers it")

    def _check_changes(self, read: Read) -> None:
        """Check what a complete read has emitted: each record that did not change meanwhile.

        One that did may be left to the next run, unless everything is read (`passes`).
        """
        for identifier, period in self._history.throughout(read.since, read.ended):
            self.covered.add(identifier)
            is_unchanged = period.until is None or period.until > read.ended
            if is_unchanged and self._stream.is_read(period.fields):
                self._check_emitted(read.ended, identifier, period, "the read is complete")

    def _check_emitted(self, event: int, identifier: str, period: Period, why: str) -> None:
        held = self.held.get(identifier)
        if held is None:
            self._report(event, identifier, f"has not been emitted, and {why}")
        elif held.period.since < period.since and not self._is_unmoved(held.period, period):
            self._report(
                event, identifier, f"was changed at event {period.since}, and {why} without it"
            )

    def _is_unmoved(self, before: Period, after: Period) -> bool:
        """Return whether a change did not move the key that the user vouches for."""
        key = self._stream.key_of
        return self._stream.is_vouched and key(before.fields) == key(after.fields)

    def _report(self, event: int, identifier: str, what: str) -> None:
        self.violations.append(f"event {event}: {self._stream.name} {identifier} {what}")


def _is_older(period: Period, held: Held | None) -> bool:
    return held is not None and period.since < held.period.since


def check_last(emissions: Emissions, read: Read, history: History, stream: Stream) -> list[str]:
    """Check that after a last, quiet read the program has the records that exist, and no others.

    Args:
        emissions: All that was emitted.
        read: The last life.
        history: What the records have been.
        stream: How the stream is read.

    Returns:
        What is wrong, one sentence each.
    """
    if not read.is_complete or not history.is_quiet(read.since, read.ended):
        return [f"life {read.number}: the last read of {stream.name} is not complete and quiet"]
    wrong = []
    existing = {
        identifier: period
        for identifier, period in history.existing(read.ended)
        if stream.is_read(period.fields)
    }
    for identifier, period in existing.items():
        held = emissions.held.get(identifier)
        if held is None or stream.shown(held.period.fields) != stream.shown(period.fields):
            wrong.append(f"{stream.name} {identifier} differs from what was emitted last")
    watched = {"none": set(), "covered": emissions.covered, "all": set(emissions.held)}
    gone = (emissions.held.keys() - existing.keys()) & watched[stream.deletions]
    if stream.lag:
        gone -= emissions.late  # the ids of all were known without it (docs/reliability.md)
    wrong += [
        f"{stream.name} {identifier} was deleted, and that has not been emitted"
        for identifier in sorted(gone)
    ]
    return wrong

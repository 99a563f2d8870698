"""What is known of a reader's lives: when each of them read, what it printed, what it should."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from simulation.story import WELL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.oracles.messages import Message
    from simulation.story import Life, Story


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream, as the plan reads it.

    Attributes:
        name: Its name.
        key: The property by which it is read incrementally; None if it is read in full.
        is_vouched: Whether only the user says that each change moves it.
        start: Records with an older key are not read; None for all of them.
        properties: The properties that are selected; None for all.
        companies: How records refer to each company, by its `_id`; those that are not in it are
            referred to by their `_id`.
        reference: The property that refers to companies.
        only: The companies whose records are read; none for all.
        divided_by: The property that says in which of several lists a record is; empty if there is
            one list.
        lag: For how many seconds lists may show what was there before.
        grain: What the replication keys are rounded down to, in seconds.
        deletions: Of which records each deletion has to be emitted: of none, of those that existed
            throughout a complete read, or of all that were emitted.
    """

    name: str
    key: str | None = None
    is_vouched: bool = False
    start: datetime | None = None
    properties: frozenset[str] | None = None
    companies: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""
    only: frozenset[str] = frozenset()
    divided_by: str = ""
    lag: float = 0.0
    grain: float = 0.001
    deletions: Literal["none", "covered", "all"] = "none"

    def shown(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return what should be emitted of a record.

        Args:
            fields: The record.
        """
        wanted = self.properties
        shown = {name: fields[name] for name in fields if wanted is None or name in wanted}
        if self.companies and shown.get(self.reference):
            shown[self.reference] = self._named(shown[self.reference])
        return shown

    def _named(self, reference: Any) -> Any:  # noqa: ANN401 - an id, or a list of ids
        if isinstance(reference, list):
            return [self.companies.get(each, each) for each in reference]
        return self.companies.get(reference, reference)

    def key_of(self, fields: Mapping[str, Any]) -> datetime | None:
        """Return the replication key of a record; None if it has none.

        Args:
            fields: The record.
        """
        return time_of(fields.get(self.key)) if self.key else None

    def is_wanted(self, fields: Mapping[str, Any]) -> bool:
        """Return whether a record belongs to a company whose records are read.

        Args:
            fields: The record.
        """
        referred = fields.get(self.reference)
        companies = referred if isinstance(referred, list) else [referred]
        return not self.only or not self.only.isdisjoint(companies)

    def is_read(self, fields: Mapping[str, Any]) -> bool:
        """Return whether a record is read at all, and not too old for it.

        Args:
            fields: The record.
        """
        if not self.is_wanted(fields):
            return False
        if self.start is None:
            return True
        at = self.key_of(fields)
        return at is not None and at >= self.start

    def is_behind(self, fields: Mapping[str, Any], bookmark: datetime) -> bool:
        """Return whether a bookmark says that a record has been emitted.

        Args:
            fields: The record.
            bookmark: The bookmark.
        """
        at = self.key_of(fields)
        late = self.lag + self.grain if self.lag else 0.0
        return at is not None and at < bookmark - timedelta(seconds=late)


@dataclass(frozen=True, slots=True)
class Read:
    """One life of a reader.

    Attributes:
        number: Number of the life.
        since: Number of an event: what was there just after it is the oldest that lists may show.
        ended: Number of the last event of it.
        messages: What it printed.
        is_complete: Whether it ended well.
        state: The state from which it began.
        scans_all: Whether it has requested everything, in the order of `_id`.
    """

    number: int
    since: int
    ended: int
    messages: Sequence[Message]
    is_complete: bool
    state: Any = None
    scans_all: bool = False


def reads_of(
    story: Story, lives: Sequence[Life], messages: Mapping[int, Sequence[Message]], lag: float
) -> list[Read]:
    """Return the lives of a reader, for the checks.

    Args:
        story: The run, when it is over.
        lives: The lives.
        messages: What each of them printed, by its number.
        lag: For how many seconds lists may show what was there before.
    """
    times = [each.at for each in story.events]
    scanning = {each.life for each in story.events if "sort=_id" in each.text}
    reads = []
    for life in lives:
        since = life.begins
        if lag:
            # A change has the number of the event before it, so one event is left out.
            since = bisect_right(times, times[life.begins - 1] - lag) - 1
        ended = max((each.number for each in story.events if each.life == life.number), default=0)
        reads.append(
            Read(
                number=life.number,
                since=since,
                ended=ended,
                messages=messages.get(life.number, ()),
                is_complete=life.ended == WELL,
                state=life.state,
                scans_all=life.number in scanning,
            )
        )
    return reads


def bookmark_of(state: Any, stream: Stream) -> datetime | None:  # noqa: ANN401 - any JSON value
    """Return the bookmark of a stream in a state of either protocol.

    Args:
        state: The state that a life began from.
        stream: The stream.
    """
    return bookmark_in(entry_of(state, stream.name))


def bookmark_in(entry: Mapping[str, Any]) -> datetime | None:
    """Return the bookmark of what a state says about a stream; None if there is none.

    Args:
        entry: That part of the state.
    """
    return time_of(entry.get("replication_key_value"))


def entry_of(state: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401 - any JSON value
    """Return what a state says about a stream; empty if it says nothing.

    Args:
        state: A state of Singer, or a list of those of Airbyte.
        name: Name of the stream.
    """
    entry: Mapping[str, Any] = {}
    if isinstance(state, dict):
        entry = state.get("bookmarks", {}).get(name, {})
    for each in state if isinstance(state, list) else ():
        if each["stream"]["stream_descriptor"]["name"] == name:
            entry = each["stream"]["stream_state"]
    return entry


def time_of(text: object) -> datetime | None:
    """Return a time that Planhat or a reader has written; None if it is something else.

    Args:
        text: The time as a text.
    """
    if not isinstance(text, str):
        return None
    return datetime.fromisoformat(text.replace("Z", "+00:00"))

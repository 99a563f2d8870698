"""What the records of a tenant were, from one event of a run to the next.

Events are compared by their numbers: time does not tell two changes of the same millisecond apart.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from simulation.story import Tenant, Version


@dataclass(frozen=True, slots=True)
class Period:
    """A record as it was for a while.

    Attributes:
        since: Number of the event from which it was so.
        until: Number of the event of the next change, or of the deletion; None while it is so.
        fields: The record, as an answer shows it.
    """

    since: int
    until: int | None
    fields: Mapping[str, Any]

    def meets(self, begin: int, end: int) -> bool:
        """Return whether it was so at any event of an interval.

        Args:
            begin: Number of the first event of the interval.
            end: Number of the last one.
        """
        return self.since <= end and (self.until is None or self.until > begin)


class History:
    """All that the records of one model in one tenant have been.

    Args:
        versions: The versions of each record by its `_id`, the oldest first.
    """

    def __init__(self, versions: Mapping[str, Sequence[Version]]) -> None:
        self._periods = {each: list(_periods(some)) for each, some in versions.items()}
        self._changes = sorted(each.event for some in versions.values() for each in some)

    @classmethod
    def of(cls, tenant: Tenant, model: str) -> History:
        """Return what the records of a model have been.

        Args:
            tenant: The tenant.
            model: Name of the model.
        """
        return cls(tenant.versions(model))

    def periods(self, identifier: str) -> Sequence[Period]:
        """Return all that a record has been, the oldest first; nothing if there never was one.

        Args:
            identifier: Its `_id`.
        """
        return self._periods.get(identifier, ())

    def at(self, identifier: str, event: int) -> Period | None:
        """Return what a record was just after an event; None if it did not exist.

        Args:
            identifier: Its `_id`.
            event: Number of the event.
        """
        return next((each for each in self.periods(identifier) if each.meets(event, event)), None)

    def throughout(self, begin: int, end: int) -> Iterator[tuple[str, Period]]:
        """Return each record that existed throughout an interval, as it was at its beginning.

        An `_id` is not used twice, so one that is there at both ends was there in between.

        Args:
            begin: Number of the first event of the interval.
            end: Number of the last one.
        """
        for identifier in self._periods:
            first = self.at(identifier, begin)
            if first is not None and self.at(identifier, end) is not None:
                yield identifier, first

    def times_changed(self, identifier: str, name: str, begin: int, end: int) -> int:
        """Return how often a property of a record changed during an interval.

        Args:
            identifier: Its `_id`.
            name: The property.
            begin: Number of the first event of the interval.
            end: Number of the last one.
        """
        periods = [each for each in self.periods(identifier) if each.meets(begin, end)]
        values = [each.fields.get(name) for each in periods]
        return sum(before != after for before, after in pairwise(values))

    def existing(self, event: int) -> Iterator[tuple[str, Period]]:
        """Return each record that existed just after an event, as it was then.

        Args:
            event: Number of the event.
        """
        return self.throughout(event, event)

    def is_quiet(self, begin: int, end: int) -> bool:
        """Return whether nothing changed between two events.

        Args:
            begin: Number of the first event; what changed with it does not count.
            end: Number of the last one; what changed with it does.
        """
        return bisect_right(self._changes, begin) == bisect_right(self._changes, end)


def _periods(versions: Iterable[Version]) -> Iterator[Period]:
    given = list(versions)
    for version, following in zip(given, [*given[1:], None], strict=True):
        if version.fields is not None:
            yield Period(version.event, following.event if following else None, version.fields)

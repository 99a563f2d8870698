"""All versions of the records of one model, for checks and for lists that lag."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from simulation.story import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class History:
    """The versions of the records of one model.

    It relies on records being replaced when they change, never changed in place.
    """

    def __init__(self) -> None:
        self.versions: defaultdict[str, list[Version]] = defaultdict(list)
        self._seen: dict[str, Any] = {}
        self._stored: defaultdict[str, list[tuple[float, Any]]] = defaultdict(list)

    def note(
        self,
        records: Mapping[str, Any],
        shown: Callable[[Any], Mapping[str, Any]],
        *,
        event: int,
        at: float,
        now: float,
    ) -> None:
        """Note what has changed since the last call.

        Args:
            records: The records by `_id`, as they are stored.
            shown: Returns what an answer shows of a record.
            event: Number of the last event before.
            at: Planhat's time.
            now: The virtual time.
        """
        seen = self._seen
        for identifier, record in records.items():
            if seen.get(identifier) is not record:
                seen[identifier] = record
                self.versions[identifier].append(Version(event, at, shown(record)))
                self._stored[identifier].append((now, record))
        if len(seen) > len(records):
            for identifier in [each for each in seen if each not in records]:
                del seen[identifier]
                self.versions[identifier].append(Version(event, at, None))
                self._stored[identifier].append((now, None))

    def as_of(self, moment: float) -> list[Any]:
        """Return the records as they were stored at a virtual time."""
        found = []
        for versions in self._stored.values():
            record = None
            for now, each in versions:
                if now > moment:
                    break
                record = each
            if record is not None:
                found.append(record)
        return found

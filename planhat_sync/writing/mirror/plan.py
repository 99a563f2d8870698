"""Which records of Planhat are archived or deleted because the source does not have them.

Pure: it is given what Planhat lists and what came, and decides. Where it is not certain that the
source does not have a record, the record is kept.
"""

from __future__ import annotations

import re
from heapq import nsmallest
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from planhat_sync.runtime.plural import counted
from planhat_sync.writing.records.keys import ID

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from planhat_sync.writing.mirror.scope import Scope
    from planhat_sync.writing.mirror.source_keys import SourceKeys

ALWAYS_ALLOWED: Final = 5
"""So many missing records are removed whatever their share is."""

_OBJECT_ID: Final = re.compile("[0-9a-fA-F]{24}")


class Missing(NamedTuple):
    """A record that the source does not have.

    Attributes:
        key: The keyable that the source would have identified it by.
        identifier: Its `_id`.
    """

    key: str
    identifier: str


class RemovalPlan:
    """The records of one model that are to be removed.

    Args:
        scope: The records that the source is responsible for.
        came: What came from the source.
        identifying: The keyables by which the source identifies its records.
        before: Only records that are older are removed: seconds since 1970-01-01 UTC.
        archive_flag: The property that says whether a record is archived.

    Attributes:
        missing: What is to be removed. Uncertain records are not among them before `settle`.
        compared: How many records inside the scope were compared with the source.
        kept: How many records inside the scope are kept although they did not come, or were not
            compared, by the reason.
    """

    def __init__(
        self,
        scope: Scope,
        came: SourceKeys,
        identifying: Sequence[str],
        before: float,
        archive_flag: str = "archived",
    ) -> None:
        self.missing: list[Missing] = []
        self.compared = 0
        self.kept: dict[str, int] = {}
        self._uncertain: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
        self._scope = scope
        self._came = came
        self._identifying = identifying
        self._before = before
        self._archive_flag = archive_flag

    def add(self, record: Mapping[str, Any]) -> None:
        """Decide about a record.

        Args:
            record: As Planhat lists it: `_id`, all keyables and their scopes, the flag of archived
                records, and the properties of the scope.
        """
        if not self._scope.includes(record):
            return
        key = self._came.identify(record, self._identifying)
        if key is None:
            self._keep(f"without {' or '.join(self._identifying) or 'a keyable'}")
            return
        if record.get(self._archive_flag) not in (None, False):
            self._keep("archived already")
            return
        self.compared += 1
        if self._came.have(record):
            return
        identifier = record[ID]
        if _OBJECT_ID.fullmatch(identifier) is None:
            self._keep("of unknown age")
        elif _created_at(identifier) >= self._before:
            self._keep("younger than the source")
        elif (company := self._came.uncertain_company(record)) is not None:
            self._uncertain.setdefault(company, []).append((key, record))
        else:
            self.missing.append(Missing(key, identifier))

    @property
    def most(self) -> int:
        """How many records are missing at most: the uncertain ones included."""
        return len(self.missing) + sum(map(len, self._uncertain.values()))

    def settle(self, names_of: Callable[[str], Collection[str] | None]) -> None:
        """Decide about the uncertain records, whose companies were given by name.

        Args:
            names_of: Returns all references that mean a company, by its `_id`; None if they are not
                known.
        """
        for company, records in self._uncertain.items():
            names = names_of(company)
            for key, record in records:
                if names is None:
                    self._keep("of a company whose names are not known")
                elif not self._came.have_by_name(record, names):
                    self.missing.append(Missing(key, record[ID]))
        self._uncertain.clear()

    def exceeds(self, percent: int) -> bool:
        """Return whether more records are missing than are allowed to be removed.

        Args:
            percent: The share of the compared records that is allowed.
        """
        return self.most > ALWAYS_ALLOWED and self.most * 100 > percent * self.compared

    def first(self, most: int) -> list[str]:
        """Return the keys of some missing records, in ascending order.

        Args:
            most: How many at most.
        """
        keys = [missing.key for missing in self.missing]
        keys += [key for records in self._uncertain.values() for key, _ in records]
        return nsmallest(most, keys)

    def __str__(self) -> str:
        kept = ", ".join(f"{count:,} {why}" for why, count in self.kept.items())
        return (
            f"{counted(self.compared, 'record')} inside missing_scope compared with the source, "
            f"{self.most:,} missing there" + (f"; kept: {kept}" if kept else "")
        )

    def _keep(self, why: str) -> None:
        self.kept[why] = self.kept.get(why, 0) + 1


def _created_at(identifier: str) -> int:
    """Return when an ObjectId was made, in seconds since 1970-01-01 UTC.

    Its first four bytes say it (MongoDB's manual, "ObjectId").
    """
    return int(identifier[:8], 16)

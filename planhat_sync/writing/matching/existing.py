"""Whether Planhat has the record that a payload refers to: the record, unknown, or none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.writing.records.keys import EVERYWHERE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from planhat_sync.writing.matching.fingerprints import Fingerprints
    from planhat_sync.writing.records.payload import Payload


@dataclass(frozen=True, slots=True)
class ExistingRecord:
    """A record that Planhat has.

    Attributes:
        reference: Stands for the record in this run; equal if one record is found twice.
        identifier: Its `_id`, None if it was created in this run and the answer did not say it.
        found_by: Position, among the model's keyables, of the keyable that it was found by.
        values: Fingerprints of its values.
        fingerprints: Reads `values`.
        updated_at: When it was changed last, in UTC; None if that is not known.
    """

    reference: bytes
    identifier: str | None
    found_by: int
    values: bytes
    fingerprints: Fingerprints
    updated_at: datetime | None = None

    def differing(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return what of an item is, or may be, other than in the record."""
        return self.fingerprints.differing(item, self.values)

    def contradicts(self, item: Mapping[str, Any]) -> bool:
        """Return whether the record certainly has another value than an item."""
        return self.fingerprints.contradict(item, self.values)


class Unknown(Enum):
    """It is not known whether there is such a record."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN

Existing = ExistingRecord | Unknown | None


def find_strongest(
    payload: Payload, find_by: Callable[[int, str, str | None], Existing]
) -> Existing:
    """Return the record that a payload refers to: the one with the strongest of its keyables.

    Args:
        payload: A payload with at least one keyable.
        find_by: Finds a record by the position of a keyable, its value, and its scope.
    """
    is_unknown = False
    for position, key in enumerate(payload.keys):
        if key is None:
            continue
        scope = payload.scopes[position] if payload.scopes else EVERYWHERE
        existing = find_by(position, key, scope)
        if isinstance(existing, ExistingRecord):
            return existing
        is_unknown = is_unknown or existing is UNKNOWN
    return UNKNOWN if is_unknown else None

"""Records that were, or may have been, created by a request of their own: none is created twice.

If Planhat does not find such a record, it may still be working on the first request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planhat_sync.writing.batching.identity import identities
from planhat_sync.writing.matching.existing import ExistingRecord
from planhat_sync.writing.records.payload import Reject, RejectCode

if TYPE_CHECKING:
    from planhat_sync.writing.batching.identity import Identity
    from planhat_sync.writing.matching.existing import Existing
    from planhat_sync.writing.records.payload import Payload

TWICE: Final = Reject(
    RejectCode.OUTCOME_UNKNOWN,
    "not sent, because an earlier request of this run may have created its record, which Planhat "
    "does not show: it could be created twice; replay it later",
)


class CreatedOnce:
    """The keyables of the records that this run has created by requests of their own."""

    def __init__(self) -> None:
        self._identities: set[Identity] = set()

    def add(self, payload: Payload) -> None:
        """Remember what was, or may have been, created.

        Args:
            payload: Within companies given by their `_id`, as far as these are known.
        """
        self._identities.update(identities(payload))

    def objection(self, payload: Payload, existing: Existing) -> Reject | None:
        """Return why a payload must not be sent; None if it may be.

        Args:
            payload: As above.
            existing: Its record, as Planhat shows it. What it shows is not remembered any longer.
        """
        if isinstance(existing, ExistingRecord) and existing.identifier is not None:
            self._identities.difference_update(identities(payload))
            return None
        is_sent = not self._identities.isdisjoint(identities(payload))
        return TWICE if existing is None and is_sent else None

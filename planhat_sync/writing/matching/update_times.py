"""Whether Planhat has changed a record since a replayed one was rejected.

Pure. What this run has written does not count: of two rejects of one record, the second one is to
be written too. So the time from before this run's own writes is remembered.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from planhat_sync.timestamps import format_timestamp
from planhat_sync.writing.batching.identity import identities
from planhat_sync.writing.matching.existing import ExistingRecord
from planhat_sync.writing.records.payload import Payload, Reject, RejectCode

if TYPE_CHECKING:
    from planhat_sync.writing.batching.identity import Identity
    from planhat_sync.writing.matching.existing import Existing

BEFORE_ALL: Final = datetime.min.replace(tzinfo=timezone.utc)
"""When a record was changed that only this run has written."""


class UpdateTimes:
    """When the records that this run has written were changed before that."""

    def __init__(self) -> None:
        self._before: dict[bytes | Identity, datetime | None] = {}

    def remember(self, payload: Payload, existing: Existing) -> None:
        """Remember when a record was changed that is about to be written.

        Args:
            payload: What is sent.
            existing: The record that it refers to.
        """
        if isinstance(existing, ExistingRecord):
            # This run may have created it: then it is known by its keyables so far.
            self._before.setdefault(existing.reference, self._updated_at(payload, existing))
        elif existing is None:
            # The answer may be lost, so its keyables stand for it.
            for identity in identities(payload):
                self._before.setdefault(identity, BEFORE_ALL)

    def reject_if_newer(self, payload: Payload, record: ExistingRecord) -> Reject | None:
        """Return why a replayed record is rejected again, None if it may be written.

        Args:
            payload: An upsert, archive or delete.
            record: The record that it refers to.
        """
        rejected_at = payload.rejected_at
        if rejected_at is None:
            return None
        updated_at = self._updated_at(payload, record)
        if updated_at is not None and updated_at <= rejected_at:
            return None
        changed = (
            f"was changed in Planhat at {format_timestamp(updated_at)}"
            if updated_at is not None
            else "may have been changed in Planhat"
        )
        return Reject(
            RejectCode.NEWER_IN_PLANHAT,
            f"it {changed}, after it was rejected at {format_timestamp(rejected_at)}: remove it "
            "from the file, or set replay_over_newer to write it anyway",
        )

    def _updated_at(self, payload: Payload, record: ExistingRecord) -> datetime | None:
        for key in (record.reference, *identities(payload)):
            if key in self._before:
                return self._before[key]
        return record.updated_at

"""What Planhat holds, asked as seldom as possible: before a batch leaves, and for deletes.

Owns what is read for the modes of the target and for verifying ids. A handful of records is asked
for one by one; beyond that the list is read once, with just the properties that are needed, and
kept up with what is written (`index`).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from planhat_sync.errors import RejectError
from planhat_sync.writing.batching.batch import Batch
from planhat_sync.writing.batching.identity import scope_kind
from planhat_sync.writing.matching.decisions import (
    DOUBTFUL,
    UNCHANGED,
    Decisions,
    Found,
    Partition,
    values,
)
from planhat_sync.writing.matching.existing import DOUBT, Doubt, IndexedRecord
from planhat_sync.writing.matching.index import name_of
from planhat_sync.writing.matching.load_index import created_ids, read_index
from planhat_sync.writing.matching.lookup import Lookup
from planhat_sync.writing.records.keys import ID, Keyables
from planhat_sync.writing.records.payload import Payload, Reject, RejectCode, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.api.http.exchange import Answer
    from planhat_sync.models import Model
    from planhat_sync.writing.matching.index import Index
    from planhat_sync.writing.settings import WriteSettings

HANDFUL: Final = 5
"""So many records of a run are asked for one by one before the list is read."""


class Matcher:
    """The records of one model in Planhat, as far as the run needs to know them.

    Several threads may ask at once.

    Args:
        client: Planhat.
        model: The model.
        settings: The user's decisions.
        stop: Ends the reading of the list.
    """

    def __init__(
        self,
        client: PlanhatClient,
        model: Model,
        settings: WriteSettings,
        *,
        stop: threading.Event | None = None,
    ) -> None:
        self._client = client
        self._model = model
        self._settings = settings
        self._stop = stop
        self._keyables = Keyables(model, settings)
        self._verdicts = Decisions(model, self._keyables, settings)
        self._lookup = Lookup(client, model)
        self._comparing = settings.skip_unchanged or settings.dry_run
        self._keyed = (
            self._comparing or settings.write_mode != "upsert" or settings.deletes == "archive"
        )
        self._compared = [
            name
            for name in model.properties
            if name != ID
            and name not in model.read_only
            and (self._comparing or (name == "archived" and settings.deletes == "archive"))
        ]
        self._id_at = model.id_position
        self._lock = threading.RLock()
        self._index: Index | None = None
        self._asked = 0

    def sift(self, batch: Batch) -> Partition:
        """Sort a batch before it leaves; every batch that has to come before it has its answer.

        Args:
            batch: A batch of upserts (with archives among them) or of creates.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        asking = sum(map(self._has_to_ask, batch.payloads))
        if not asking:
            unasked = [None if each.operation == "create" else DOUBT for each in batch.payloads]
            return Partition(batch, unasked)
        with self._lock:
            if self._index is not None and any(map(self._index.is_loose, batch.payloads)):
                self._index.stale = True
            self._prepare(asking)
            return self._sift(batch)

    def note_written(self, payloads: Iterable[Payload]) -> None:
        """Take note that Planhat took these payloads."""
        with self._lock:  # also to look whether there is an index: it may be being read
            if self._index is not None and self._keyed:
                for payload in payloads:
                    if payload.operation != "create":
                        self._index.write(payload, values(payload))

    def note_unknown(self, payloads: Iterable[Payload]) -> None:
        """Take note that it is not known what became of these payloads."""
        with self._lock:
            if self._index is not None and self._keyed:
                # A keyable may have changed, or a record be new.
                self._index.stale |= any(payload.operation != "create" for payload in payloads)

    def note_answer(self, answer: Answer) -> None:
        """Take note of the ids that Planhat gave in the answer to a bulk upsert."""
        with self._lock:
            if self._index is not None:
                self._index.add_created(created_ids(answer))

    def delete(self, payload: Payload) -> bool | Reject:
        """Delete the record that a payload means.

        Args:
            payload: A delete.

        Returns:
            Whether there was one; or why that cannot be told.

        Raises:
            PlanhatError: Planhat could not be asked, or did not do it.
        """
        with self._lock:
            try:
                return self._delete(payload)
            except RejectError as error:
                return Reject(RejectCode.REFUSED, f"Planhat does not delete it: {error}", None)

    def find(self, payload: Payload) -> Found | Doubt | None:
        """Find the record that a payload means, all that was noted taken into account.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        with self._lock:
            self._prepare(1)
            return self._find(payload)

    def note_deleted(self, found: Found) -> None:
        """Take note that a record would be gone, in a run that only tells what it would do."""
        if isinstance(found, IndexedRecord) and self._index is not None:
            with self._lock:
                self._index.remove(found.name)

    def _has_to_ask(self, payload: Payload) -> bool:
        if payload.operation == "create":
            return False
        by_id = self._id_at >= 0 and payload.keys[self._id_at] is not None
        keyed = self._comparing or self._settings.write_mode != "upsert"
        return by_id or keyed or payload.operation == "archive"

    def _prepare(self, asking: int) -> None:
        """Read the list once there are too many to ask for one by one; again once it is stale."""
        if self._index is not None and not (self._index.stale and not self._settings.dry_run):
            return
        # A dry run has to remember what it would have written: nowhere else is it to be read.
        is_handful = self._index is None and self._asked + asking <= HANDFUL
        if is_handful and not self._settings.dry_run:
            self._asked += asking
            return
        self._index = read_index(
            self._client,
            self._model,
            keyed=self._keyed,
            compared=self._compared,
            stop=self._stop,
        )

    def _sift(self, batch: Batch) -> Partition:
        sifted = Partition()
        sent: list[Payload] = []
        found: list[Found | Doubt | None] = []
        taken: set[object] = set()
        for at, payload in enumerate(batch.payloads):
            record = self._find(payload) if self._has_to_ask(payload) else DOUBT
            held = None if isinstance(record, Doubt) else record
            if held is not None and held.name in taken:
                sifted.later = Batch(batch.kind, batch.payloads[at:])
                break
            verdict = self._verdicts.judge(payload, record)
            if isinstance(verdict, Skipped):
                if verdict is UNCHANGED:
                    sifted.unchanged.append(payload)
                else:
                    sifted.skipped.append((payload, verdict))
                continue
            taken.add(held.name if held is not None else None)
            if isinstance(verdict, Reject):
                sifted.rejects.append((payload, verdict))
            else:
                sent.append(verdict)
                found.append(record)
        if sent:
            sifted.batch, sifted.found = Batch(batch.kind, sent), found
        return sifted

    def _find(self, payload: Payload) -> Found | Doubt | None:
        """Find the record that a payload means; by its `_id` alone where no more is asked."""
        found: Found | Doubt | None = (
            self._index.find(payload)
            if self._index is not None
            else self._lookup.find(payload, keyed=self._keyed)
        )
        by_id = found is None or (not isinstance(found, Doubt) and found.at == self._id_at)
        if payload.operation == "upsert" or by_id:
            return found
        # Found by a keyable that match_on does not name, its _id being gone: not what is meant.
        return None if self._is_named_by_id_alone(payload) else found

    def _is_named_by_id_alone(self, payload: Payload) -> bool:
        named = self._keyables.without_id(payload)
        return isinstance(named, Reject) and named.code is RejectCode.UNKNOWN_ID

    def _delete(self, payload: Payload) -> bool | Reject:
        if self._is_named_by_id_alone(payload):
            identifier = payload.keys[self._id_at]
            if identifier is None or scope_kind(identifier) != ID:
                return False  # a path would name another record by it
            return self._remove(identifier)
        # Which record is meant is asked first: once the answer to a delete was lost, a 404 no
        # longer says whether its _id was held, or whether another keyable has to be tried.
        record = self._lookup.find(payload)
        if isinstance(record, Doubt):
            return DOUBTFUL
        return record is not None and self._remove(record.identifier)

    def _remove(self, identifier: str) -> bool:
        deleted = self._client.delete(self._model, identifier)
        if self._index is not None:
            self._index.remove(name_of(identifier), existed=deleted)
        return deleted

"""Finds the records in Planhat that payloads refer to, with as few requests as possible.

Owns when Planhat is asked: before a batch is sent, and for deletes. A few records are looked up one
by one (`lookup`). Beyond that the list is read once, with only the properties that are needed, and
updated with what is written (`index`). `decisions` owns what follows.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from planhat_sync.errors import RequestError
from planhat_sync.writing.batching.batch import Batch
from planhat_sync.writing.batching.identity import scope_kind
from planhat_sync.writing.matching.decisions import CANNOT_TELL, Decisions, item_values
from planhat_sync.writing.matching.existing import UNKNOWN, ExistingRecord, Unknown
from planhat_sync.writing.matching.lookup import Lookup, created_ids
from planhat_sync.writing.matching.references import reference_of
from planhat_sync.writing.matching.update_times import UpdateTimes
from planhat_sync.writing.records.keys import ID
from planhat_sync.writing.records.payload import Payload, Reject, RejectCode, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.api.http.exchange import Answer
    from planhat_sync.models import Model
    from planhat_sync.writing.matching.existing import Existing
    from planhat_sync.writing.matching.index import Index
    from planhat_sync.writing.settings import WriteSettings

MAX_LOOKUPS: Final = 5
"""How many records are looked up one by one in a run before the list is read."""


@dataclass(slots=True)
class Partition:
    """A batch, divided by what happens to its payloads.

    Attributes:
        batch: What is to be sent, in order; None if nothing is.
        existing: For each payload of `batch` the record that it refers to; None if it will be
            created, UNKNOWN also if it was not looked up.
        later: Payloads to be partitioned again once `batch` has its result, since the first of them
            refers to the same record as one of `batch`, by another keyable.
        unchanged: Payloads whose values Planhat has already.
        skipped: Payloads that are not to be sent. What they superseded is skipped with them.
        rejects: Payloads that cannot be written, and why. What they superseded is still to be
            written.
    """

    batch: Batch | None = None
    existing: Sequence[Existing] = ()
    later: Batch | None = None
    unchanged: list[Payload] = field(default_factory=list)
    skipped: list[Payload] = field(default_factory=list)
    rejects: list[tuple[Payload, Reject]] = field(default_factory=list)


class Matcher:
    """Finds the records of one model that payloads refer to.

    Thread-safe: while the list is read, nothing that was written is missed.

    Args:
        client: Planhat.
        model: The model.
        settings: The user's settings.
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
        self._decisions = Decisions(model, settings)
        self._lookup = Lookup(client, model, self._decisions.compared)
        self._times: UpdateTimes | None = None
        self._lookups = 0
        self._index: Index | None = None
        self._lock = threading.Lock()

    def partition(self, batch: Batch) -> Partition:
        """Divide a batch by what happens to its payloads.

        Args:
            batch: A batch of upserts (with archives among them) or of creates. Every batch that has
                to be written before it has its result.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        asking = sum(map(self._decisions.needs_existing, batch.payloads))
        if not asking:
            existing = [None if each.operation == "create" else UNKNOWN for each in batch.payloads]
            return Partition(batch, existing)
        with self._lock:
            self._begin_replay(batch.payloads)
            if self._index is not None and any(map(self._index.has_unlinked_id, batch.payloads)):
                self._index.stale = True
            self._prepare(asking)
            return self._partition(batch)

    def delete(self, payload: Payload) -> bool | Reject:
        """Delete the record of a payload, or find out in a dry run whether there is one.

        Args:
            payload: A delete.

        Returns:
            Whether there was one; or why that is not known.

        Raises:
            PlanhatError: Planhat could not be asked, or did not delete it.
        """
        with self._lock:
            self._begin_replay([payload])
            if self._settings.dry_run:
                return self._would_delete(payload)
            try:
                return self._delete(payload)
            except RequestError as error:
                return Reject(RejectCode.REFUSED, f"Planhat refuses to delete it: {error}", None)

    def update_index(self, accepted: Iterable[Payload]) -> None:
        """Update the index, if there is one, with payloads that Planhat has accepted."""
        with self._lock:  # also to look whether there is an index: it may be being read
            if self._index is not None and self._decisions.by_all_keyables:
                for payload in accepted:
                    if payload.operation != "create":
                        self._index.write(payload, item_values(payload))

    def distrust_index(self, payloads: Iterable[Payload]) -> None:
        """Have the index read again before its next use, since payloads may have been written."""
        with self._lock:
            if self._index is not None and self._decisions.by_all_keyables:
                # A keyable may have changed, or a record be new.
                self._index.stale |= any(payload.operation != "create" for payload in payloads)

    def add_created_ids(self, answer: Answer) -> None:
        """Add the ids that Planhat assigned, according to its answer to a bulk upsert."""
        with self._lock:
            if self._index is not None:
                self._index.add_created(created_ids(answer))

    def _begin_replay(self, payloads: Iterable[Payload]) -> None:
        """From the first replayed record on, find out when records were changed."""
        if self._times is None and any(each.rejected_at is not None for each in payloads):
            self._times = UpdateTimes()
            self._decisions = Decisions(self._model, self._settings, self._times)
            self._lookup = Lookup(self._client, self._model, self._decisions.compared)
            self._index = None

    def _prepare(self, asking: int) -> None:
        """Read the list if there are too many to look up one by one, or if it is stale."""
        if self._index is not None and not (self._index.stale and not self._settings.dry_run):
            return
        # A dry run needs an index for what it would have written: it cannot be read from Planhat.
        are_few = self._index is None and self._lookups + asking <= MAX_LOOKUPS
        if are_few and not self._settings.dry_run:
            self._lookups += asking
            return
        self._index = self._lookup.read_index(
            by_all_keyables=self._decisions.by_all_keyables,
            with_times=self._times is not None,
            stop=self._stop,
        )

    def _partition(self, batch: Batch) -> Partition:
        partition = Partition()
        sent: list[Payload] = []
        sent_existing: list[Existing] = []
        references: set[bytes | None] = set()
        for at, payload in enumerate(batch.payloads):
            needs_existing = self._decisions.needs_existing(payload)
            existing = self._find(payload) if needs_existing else UNKNOWN
            reference = existing.reference if isinstance(existing, ExistingRecord) else None
            if reference is not None and reference in references:
                partition.later = Batch(batch.kind, batch.payloads[at:])
                break
            decision = self._decisions.decide(payload, existing)
            if isinstance(decision, Skipped):
                is_unchanged = decision is Skipped.UNCHANGED
                unsent = partition.unchanged if is_unchanged else partition.skipped
                unsent.append(payload)
                continue
            references.add(reference)
            if isinstance(decision, Reject):
                partition.rejects.append((payload, decision))
            else:
                if self._times is not None:
                    self._times.remember(payload, existing)
                sent.append(decision)
                sent_existing.append(existing)
        if sent:
            partition.batch, partition.existing = Batch(batch.kind, sent), sent_existing
        return partition

    def _find(self, payload: Payload) -> Existing:
        if self._index is not None:
            existing = self._index.find(payload)
        else:
            by_all_keyables = self._decisions.by_all_keyables
            existing = self._lookup.find(payload, by_all_keyables=by_all_keyables)
        return self._decisions.meant(payload, existing)

    def _delete(self, payload: Payload) -> bool | Reject:
        if payload.rejected_at is None and self._decisions.matches_by_id_only(payload):
            identifier = self._decisions.id_of(payload)
            if identifier is None or scope_kind(identifier) != ID:
                return False  # the path would find another record
            return self._delete_by_id(identifier)
        # The record is looked up first: if the answer to a delete is lost, a 404 does not say
        # whether its _id existed, or whether another keyable has to be tried.
        existing = self._decisions.meant(payload, self._lookup.find(payload))
        if isinstance(existing, Unknown):
            return CANNOT_TELL
        if existing is None or existing.identifier is None:
            return False
        newer = self._decisions.reject_if_newer(payload, existing)
        return newer or self._delete_by_id(existing.identifier)

    def _would_delete(self, payload: Payload) -> bool | Reject:
        self._prepare(1)
        existing = self._find(payload)
        if isinstance(existing, Unknown):
            return CANNOT_TELL
        if existing is None:
            return False
        newer = self._decisions.reject_if_newer(payload, existing)
        if newer is None and self._index is not None:
            self._index.remove(existing.reference)
        return newer or True

    def _delete_by_id(self, identifier: str) -> bool:
        deleted = self._client.delete(self._model, identifier)
        if self._index is not None:
            self._index.remove(reference_of(identifier), existed=deleted)
        return deleted

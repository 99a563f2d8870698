"""Finds the records in Planhat that payloads refer to, with as few requests as possible.

Owns when Planhat is asked: before a batch is sent, and for deletes. A few records are looked up one
by one (`lookup`). Beyond that the list is read once, with only the properties that are needed, and
updated with what is written (`index`). Companies that are not given by their `_id` are resolved
first (`company_references`). `needs` owns what has to be known, `decisions` what follows.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.errors import RequestError
from planhat_sync.writing.batching.identity import identities, scope_kind
from planhat_sync.writing.matching.company_references import CompanyReferences
from planhat_sync.writing.matching.decisions import Decisions, item_values
from planhat_sync.writing.matching.existing import UNKNOWN, ExistingRecord, Unknown
from planhat_sync.writing.matching.lookup import Lookup, created_ids, may_hide_created_ids
from planhat_sync.writing.matching.needs import Needs
from planhat_sync.writing.matching.partition import Partition, divide
from planhat_sync.writing.matching.references import reference_of
from planhat_sync.writing.matching.update_times import UpdateTimes
from planhat_sync.writing.records.keys import ID
from planhat_sync.writing.records.payload import Payload, Reject, RejectCode, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.api.http.exchange import Answer
    from planhat_sync.models import Model
    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.batching.identity import Identity
    from planhat_sync.writing.matching.companies import Companies
    from planhat_sync.writing.matching.existing import Existing
    from planhat_sync.writing.matching.index import Index
    from planhat_sync.writing.settings import WriteSettings

MAX_LOOKUPS: Final = 5
"""How many records are looked up one by one in a run before the list is read."""

CREATED_ONCE: Final = Reject(
    RejectCode.OUTCOME_UNKNOWN,
    "not sent, because an earlier request of this run may have created its record, which Planhat "
    "does not show: it could be created twice; replay it later",
)


class Matcher:
    """Finds the records of one model that payloads refer to.

    Thread-safe: while the list is read, nothing that was written is missed.

    Args:
        client: Planhat.
        model: The model.
        settings: The user's settings.
        companies: Finds the companies of the run.
        stop: Ends the reading of the list.
    """

    def __init__(
        self,
        client: PlanhatClient,
        model: Model,
        settings: WriteSettings,
        companies: Companies,
        *,
        stop: threading.Event | None = None,
    ) -> None:
        self._client = client
        self._model = model
        self._settings = settings
        self._stop = stop
        self._needs = Needs(model, settings)
        self._decisions = Decisions(model, settings)
        self._references = CompanyReferences(model, settings, companies)
        self._lookup = Lookup(client, model, self._needs.fingerprints)
        self._times: UpdateTimes | None = None
        self._lookups = 0
        self._once: set[Identity] = set()
        self._index: Index | None = None
        self._lock = threading.Lock()

    def partition(self, batch: Batch, allowance: int | None = None) -> Partition:
        """Divide a batch by what happens to its payloads.

        Args:
            batch: A batch of upserts (with archives among them) or of creates. Every batch that has
                to be written before it has its result.
            allowance: How many rejects the run can take, None for any number. Each unknown company
                costs a request, so none is looked up beyond that.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        asking = [each for each in batch.payloads if self._needs.existing(each)]
        if not asking and not self._references.matter(batch):
            existing = [None if each.operation == "create" else UNKNOWN for each in batch.payloads]
            return Partition(batch, existing)
        with self._lock:
            self._begin_replay(batch.payloads)
            if self._index is not None:
                self._index.stale |= any(map(self._index.has_unlinked_id, batch.payloads))
            if asking:
                self._prepare(asking)
            creates_apart = self._model.is_updated_by_id
            return divide(batch, self._find, self._decide, allowance, creates_apart=creates_apart)

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

    def values(self, payload: Payload) -> dict[str, Any]:
        """Return the values of a payload without its `_id`, with companies by their `_id`.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        return self._references.values(payload)

    def update_index(self, accepted: Sequence[Payload]) -> None:
        """Update the index, if there is one, with payloads that Planhat has accepted."""
        with self._lock:  # also to look whether there is an index: it may be being read
            self._remember_created(accepted)
            if self._index is not None and self._needs.by_all_keyables:
                values_of = self._references.values if self._keeps_companies else item_values
                for payload in accepted:
                    if payload.operation != "create":
                        meant = self._references.identified(payload)
                        if isinstance(meant, Payload):
                            self._index.write(meant, values_of(payload))

    def distrust_index(self, payloads: Sequence[Payload]) -> None:
        """Have the index read again before its next use, since payloads may have been written."""
        with self._lock:
            self._remember_created(payloads)
            if self._index is not None and self._needs.by_all_keyables:
                # A keyable may have changed, or a record be new.
                self._index.stale |= any(payload.operation != "create" for payload in payloads)

    def add_created_ids(self, answer: Answer) -> None:
        """Add the ids that Planhat assigned, according to its answer to a write."""
        with self._lock:
            if self._index is not None:
                self._index.add_created(created_ids(answer))
                self._index.stale |= may_hide_created_ids(answer)

    @property
    def _keeps_companies(self) -> bool:
        """Whether the index holds to which companies records belong."""
        name = self._model.company_reference
        compared = self._needs.fingerprints.names
        return name in compared or name in self._model.keyable_scope.values()

    def _remember_created(self, payloads: Sequence[Payload]) -> None:
        """Remember the keyables of what was, or may have been, created by a request of its own.

        If Planhat does not find such a record, it is not created a second time: it may still be
        working on the first request.
        """
        if self._model.is_updated_by_id and not self._settings.dry_run:
            for payload in payloads:
                if self._decisions.id_of(payload) is None:
                    self._once.update(identities(self._meant(payload)))

    def _meant(self, payload: Payload) -> Payload:
        """Return a payload within companies given by their `_id`, as far as these are known."""
        meant = self._references.identified(payload)
        return payload if isinstance(meant, Reject) else meant

    def _begin_replay(self, payloads: Sequence[Payload]) -> None:
        """From the first replayed record on, find out when records were changed."""
        if self._times is None and any(each.rejected_at is not None for each in payloads):
            self._times = UpdateTimes()
            self._needs = Needs(self._model, self._settings, replays=True)
            self._decisions = Decisions(self._model, self._settings, self._times)
            self._lookup = Lookup(self._client, self._model, self._needs.fingerprints)
            self._index = None

    def _prepare(self, asking: Sequence[Payload]) -> None:
        """Read the list if it is stale, or if payloads cannot be looked up one by one.

        They cannot if they are too many, or if Planhat finds no record by a keyable of one of them.
        """
        if self._index is not None and not (self._index.stale and not self._settings.dry_run):
            return
        # A dry run needs an index for what it would have written: it cannot be read from Planhat.
        are_few = self._index is None and self._lookups + len(asking) <= MAX_LOOKUPS
        if are_few and not self._settings.dry_run and all(map(self._can_look_up, asking)):
            self._lookups += len(asking)
            return
        self._read_index()

    def _read_index(self) -> Index:
        self._index = self._lookup.read_index(
            by_all_keyables=self._needs.by_all_keyables,
            with_times=self._times is not None,
            stop=self._stop,
        )
        return self._index

    def _can_look_up(self, payload: Payload) -> bool:
        by_all_keyables = self._needs.by_all_keyables
        return self._lookup.can_find(payload, by_all_keyables=by_all_keyables)

    def _decide(self, payload: Payload, existing: Existing) -> Payload | Reject | Skipped:
        decision: Payload | Reject | Skipped = payload
        if payload.operation != "create":
            values = self._references.values(payload) if self._needs.values else {}
            decision = self._decisions.decide(payload, existing, values)
        if isinstance(decision, Payload):
            decision = self._references.unknown(decision) or decision
        if isinstance(decision, Payload) and self._times is not None:
            self._times.remember(payload, existing)
        return decision

    def _find(self, payload: Payload) -> Existing | Reject:
        """Return the record of a payload; UNKNOWN also if it does not matter which one it is."""
        meant = self._references.identified(payload)
        if isinstance(meant, Reject):
            return meant
        if not self._needs.existing(payload):
            return None if payload.operation == "create" else UNKNOWN
        if self._index is not None:
            existing = self._find_in_index(meant, self._index, by_id=self._model.is_updated_by_id)
        else:
            by_all_keyables = self._needs.by_all_keyables
            existing = self._lookup.find(meant, by_all_keyables=by_all_keyables)
        if isinstance(existing, ExistingRecord) and existing.identifier is not None:
            self._once.difference_update(identities(meant))
        elif existing is None and not self._once.isdisjoint(identities(meant)):
            return CREATED_ONCE
        return self._decisions.meant(meant, existing)

    def _delete(self, payload: Payload) -> bool | Reject:
        by_id_only = self._decisions.matches_by_id_only(payload)
        # A record of a path with constants, and one that is replayed, are looked at first.
        if by_id_only and payload.rejected_at is None and not self._model.constants:
            identifier = self._decisions.id_of(payload)
            if identifier is None or scope_kind(identifier) != ID:
                return False  # the path would find another record
            return self._delete_by_id(identifier)
        meant = self._references.identified(payload)
        if isinstance(meant, Reject):
            return meant
        # The record is looked up first: if the answer to a delete is lost, a 404 does not say
        # whether its _id existed, or whether another keyable has to be tried.
        existing = self._decisions.meant(meant, self._find_to_delete(meant))
        if isinstance(existing, Unknown):
            return self._decisions.cannot_tell(payload)
        if existing is None or existing.identifier is None:
            return False
        return self._decisions.objection(payload, existing) or self._delete_by_id(
            existing.identifier
        )

    def _find_to_delete(self, payload: Payload) -> Existing:
        if self._lookup.can_find(payload):
            return self._lookup.find(payload)
        self._prepare([payload])
        if self._index is None:
            return UNKNOWN
        return self._find_in_index(payload, self._index, by_id=True)

    def _find_in_index(self, payload: Payload, index: Index, *, by_id: bool) -> Existing:
        """Return the record of a payload, as the list has it.

        Args:
            payload: Within companies given by their `_id`, as far as these are known.
            index: The list.
            by_id: Whether the record's `_id` is needed, which is not known of one that this run has
                created: the list is read again.
        """
        existing = index.find(payload)
        lacks_id = isinstance(existing, ExistingRecord) and existing.identifier is None
        if by_id and lacks_id and not self._settings.dry_run:
            return self._read_index().find(payload)
        return existing

    def _would_delete(self, payload: Payload) -> bool | Reject:
        self._prepare([payload])
        existing = self._find(payload)
        if isinstance(existing, Reject):
            return existing
        if isinstance(existing, Unknown):
            return self._decisions.cannot_tell(payload)
        if existing is None:
            return False
        objection = self._decisions.objection(payload, existing)
        if objection is None and self._index is not None:
            self._index.remove(existing.reference)
        return objection or True

    def _delete_by_id(self, identifier: str) -> bool:
        deleted = self._client.delete(self._model, identifier)
        if self._index is not None:
            self._index.remove(reference_of(identifier), existed=deleted)
        return deleted

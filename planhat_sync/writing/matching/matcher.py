"""Finds the records in Planhat that payloads refer to, with as few requests as possible.

Owns when Planhat is asked: before a batch is sent, and for deletes. `finder` asks: for a few
records one by one, beyond that for the list, which is updated with what is written. Companies that
are not given by their `_id` are resolved first (`company_references`). `needs` owns what has to be
known, `decisions` what follows.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from planhat_sync.errors import RequestError
from planhat_sync.runtime.threads import Threads
from planhat_sync.writing.batching.identity import scope_kind
from planhat_sync.writing.matching.company_references import CompanyReferences
from planhat_sync.writing.matching.created_once import CreatedOnce
from planhat_sync.writing.matching.decisions import Decisions, item_values
from planhat_sync.writing.matching.existing import UNKNOWN, Unknown
from planhat_sync.writing.matching.finder import Finder
from planhat_sync.writing.matching.lookup import created_ids, may_hide_created_ids
from planhat_sync.writing.matching.needs import Needs
from planhat_sync.writing.matching.partition import Partition, divide
from planhat_sync.writing.matching.references import reference_of
from planhat_sync.writing.matching.update_times import UpdateTimes
from planhat_sync.writing.records.keys import ID
from planhat_sync.writing.records.payload import Payload, Reject, RejectCode, Skipped

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.api.http.exchange import Answer
    from planhat_sync.model import Model
    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.matching.companies import Companies
    from planhat_sync.writing.matching.existing import Existing
    from planhat_sync.writing.settings import WriteSettings


class Matcher:
    """Finds the records of one model that payloads refer to.

    Thread-safe: while the list is read, nothing that was written is missed.

    Args:
        client: Planhat.
        model: The model.
        settings: The user's settings.
        companies: Finds the companies of the run.
        stop: Ends the reading of the list.
        threads: Makes its lock, and starts the threads that read the list.
    """

    def __init__(
        self,
        client: PlanhatClient,
        model: Model,
        settings: WriteSettings,
        companies: Companies,
        *,
        stop: threading.Event | None = None,
        threads: Threads | None = None,
    ) -> None:
        self._client = client
        self._model = model
        self._settings = settings
        threads = threads or Threads()
        self._finder_of = partial(Finder, client, model, settings, stop=stop, threads=threads)
        self._needs = Needs(model, settings)
        self._decisions = Decisions(model, settings)
        self._references = CompanyReferences(model, settings, companies)
        self._finder = self._finder_of(self._needs)
        self._times: UpdateTimes | None = None
        self._created_once = CreatedOnce()
        self._lock = threads.lock()

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
        must_ask = any(map(self._needs.existing, batch.examples))
        if not must_ask and not self._references.matter(batch):
            existing: Existing = None if batch.kind == "create" else UNKNOWN
            return Partition(batch, [existing] * len(batch))
        with self._lock:
            asking = [each for each in batch.payloads if self._needs.existing(each)]
            self._begin_replay(batch.payloads)
            if (index := self._finder.index) is not None:
                index.stale |= any(map(index.has_unlinked_id, batch.payloads))
            if asking:
                self._finder.prepare(asking)
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
            if (index := self._finder.index) is not None and self._needs.by_all_keyables:
                values_of = self._references.values if self._keeps_companies else item_values
                for payload in accepted:
                    if payload.operation != "create":
                        meant = self._references.identified(payload)
                        if isinstance(meant, Payload):
                            index.write(meant, values_of(payload))

    def distrust_index(self, payloads: Sequence[Payload]) -> None:
        """Have the index read again before its next use, since payloads may have been written."""
        with self._lock:
            self._remember_created(payloads)
            if (index := self._finder.index) is not None and self._needs.by_all_keyables:
                # A keyable may have changed, or a record be new.
                index.stale |= any(payload.operation != "create" for payload in payloads)

    def add_created_ids(self, answer: Answer) -> None:
        """Add the ids that Planhat assigned, according to its answer to a write."""
        with self._lock:
            if (index := self._finder.index) is not None:
                index.add_created(created_ids(answer))
                index.stale |= may_hide_created_ids(answer)

    @property
    def _keeps_companies(self) -> bool:
        """Whether the index holds to which companies records belong."""
        name = self._model.company_reference
        compared = self._needs.fingerprints.names
        return name in compared or name in self._model.keyable_scope.values()

    def _remember_created(self, payloads: Sequence[Payload]) -> None:
        """Remember what was, or may have been, created by a request of its own."""
        if self._model.is_updated_by_id and not self._settings.dry_run:
            for payload in payloads:
                if self._decisions.id_of(payload) is None:
                    meant = self._references.identified(payload)
                    self._created_once.add(payload if isinstance(meant, Reject) else meant)

    def _begin_replay(self, payloads: Sequence[Payload]) -> None:
        """From the first replayed record on, find out when records were changed."""
        if self._times is None and any(each.rejected_at is not None for each in payloads):
            self._times = UpdateTimes()
            self._needs = Needs(self._model, self._settings, replays=True)
            self._decisions = Decisions(self._model, self._settings, self._times)
            self._finder = self._finder_of(self._needs, with_times=True)

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
        existing = self._finder.find(meant)
        if objection := self._created_once.objection(meant, existing):
            return objection
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
        existing = self._decisions.meant(meant, self._finder.find_to_delete(meant))
        if isinstance(existing, Unknown):
            return self._decisions.cannot_tell(payload)
        if existing is None or existing.identifier is None:
            return False
        return self._decisions.objection(payload, existing) or self._delete_by_id(
            existing.identifier
        )

    def _would_delete(self, payload: Payload) -> bool | Reject:
        self._finder.prepare([payload])
        existing = self._find(payload)
        if isinstance(existing, Reject):
            return existing
        if isinstance(existing, Unknown):
            return self._decisions.cannot_tell(payload)
        if existing is None:
            return False
        objection = self._decisions.objection(payload, existing)
        if objection is None and self._finder.index is not None:
            self._finder.index.remove(existing.reference)
        return objection or True

    def _delete_by_id(self, identifier: str) -> bool:
        deleted = self._client.delete(self._model, identifier)
        if self._finder.index is not None:
            self._finder.index.remove(reference_of(identifier), existed=deleted)
        return deleted

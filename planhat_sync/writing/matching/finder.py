"""Finds the record of a payload: by a request for it, or in the list, which is read once.

Owns when requests find records one by one, and when the list is read, or read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planhat_sync.writing.matching.existing import UNKNOWN, ExistingRecord
from planhat_sync.writing.matching.lookup import Lookup

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.model import Model
    from planhat_sync.runtime.threads import Threads
    from planhat_sync.writing.matching.existing import Existing
    from planhat_sync.writing.matching.index import Index
    from planhat_sync.writing.matching.needs import Needs
    from planhat_sync.writing.records.payload import Payload
    from planhat_sync.writing.settings import WriteSettings

MAX_LOOKUPS: Final = 5
"""How many records are looked up one by one in a run before the list is read."""


class Finder:
    """Finds the records of one model. Not thread-safe.

    Args:
        client: Planhat.
        model: The model.
        settings: The user's settings.
        needs: What has to be known of a record.
        with_times: Whether to know when each was changed, if the model has that property.
        stop: Ends the reading of the list.
        threads: Starts the threads that read it.

    Attributes:
        index: The list, with what this run has written; None as long as it has not been read.
    """

    def __init__(
        self,
        client: PlanhatClient,
        model: Model,
        settings: WriteSettings,
        needs: Needs,
        *,
        with_times: bool = False,
        stop: threading.Event | None = None,
        threads: Threads | None = None,
    ) -> None:
        self.index: Index | None = None
        self._lookup = Lookup(client, model, needs.fingerprints, threads)
        self._by_all_keyables = needs.by_all_keyables
        self._by_id = model.is_updated_by_id
        self._is_dry_run = settings.dry_run
        self._with_times = with_times
        self._stop = stop
        self._lookups = 0

    def prepare(self, asking: Sequence[Payload]) -> None:
        """Read the list if it is stale, or if payloads cannot be looked up one by one.

        They cannot if they are too many, or if Planhat finds no record by a keyable of one of them.

        Args:
            asking: The payloads whose records have to be found next.

        Raises:
            PlanhatError: The list could not be read.
        """
        if self.index is not None:
            if self.index.stale and not self._is_dry_run:
                self._read_index()
            return
        # A dry run needs an index for what it would have written: it cannot be read from Planhat.
        are_few = self._lookups + len(asking) <= MAX_LOOKUPS
        if are_few and not self._is_dry_run and all(map(self._can_look_up, asking)):
            self._lookups += len(asking)
            return
        self._read_index()

    def find(self, payload: Payload) -> Existing:
        """Return the record of a payload, after `prepare`.

        Args:
            payload: Within companies given by their `_id`, as far as these are known.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        if self.index is not None:
            return self._find_in_index(payload, self.index, by_id=self._by_id)
        return self._lookup.find(payload, by_all_keyables=self._by_all_keyables)

    def find_to_delete(self, payload: Payload) -> Existing:
        """Return the record of a payload with its `_id`, as Planhat has it now.

        Args:
            payload: As above.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        if self._lookup.can_find(payload):
            return self._lookup.find(payload)
        self.prepare([payload])
        if self.index is None:
            return UNKNOWN
        return self._find_in_index(payload, self.index, by_id=True)

    def _find_in_index(self, payload: Payload, index: Index, *, by_id: bool) -> Existing:
        """Return the record of a payload, as the list has it.

        Args:
            payload: As above.
            index: The list.
            by_id: Whether the record's `_id` is needed, which is not known of one that this run has
                created: the list is read again.
        """
        existing = index.find(payload)
        lacks_id = isinstance(existing, ExistingRecord) and existing.identifier is None
        if by_id and lacks_id and not self._is_dry_run:
            return self._read_index().find(payload)
        return existing

    def _can_look_up(self, payload: Payload) -> bool:
        return self._lookup.can_find(payload, by_all_keyables=self._by_all_keyables)

    def _read_index(self) -> Index:
        self.index = self._lookup.read_index(
            by_all_keyables=self._by_all_keyables, with_times=self._with_times, stop=self._stop
        )
        return self.index

"""The records of one model, as requests find them: one by one, or all of them for an index.

Owns which requests find them, which of their properties are read, and where an answer to a bulk
upsert has ids. `matcher` decides when the requests are worth it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from planhat_sync.api.answer_names import as_sent, selected
from planhat_sync.api.bulk.envelope import Envelope
from planhat_sync.api.pagination.rows import read_pages
from planhat_sync.errors import RequestError
from planhat_sync.timestamps import parse_timestamp
from planhat_sync.writing.batching.identity import normalized_scope, scope_kind
from planhat_sync.writing.matching.existing import UNKNOWN, ExistingRecord, Unknown, find_strongest
from planhat_sync.writing.matching.index import Index
from planhat_sync.writing.matching.references import reference_of
from planhat_sync.writing.records.exact_json import exact_number
from planhat_sync.writing.records.keys import ID

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.api.http.exchange import Answer
    from planhat_sync.model import Model
    from planhat_sync.runtime.threads import Threads
    from planhat_sync.writing.matching.existing import Existing
    from planhat_sync.writing.matching.fingerprints import Fingerprints
    from planhat_sync.writing.records.payload import Payload

_ROWS: Final = msgspec.json.Decoder(list[dict[str, Any]], float_hook=exact_number)


class Lookup:
    """Finds records of one model.

    Args:
        client: Planhat.
        model: The model.
        fingerprints: Of the values that are compared.
        threads: Starts the threads that fetch pages.
    """

    def __init__(
        self,
        client: PlanhatClient,
        model: Model,
        fingerprints: Fingerprints,
        threads: Threads | None = None,
    ) -> None:
        self._client = client
        self._model = model
        self._fingerprints = fingerprints
        self._read_pages = partial(read_pages, client, model, threads=threads)

    def read_index(
        self, *, by_all_keyables: bool, with_times: bool = False, stop: threading.Event | None
    ) -> Index:
        """Read all records into an index.

        Args:
            by_all_keyables: Whether they are to be found by other keyables than their `_id`.
            with_times: Whether to know when each was changed, if the model has that property.
            stop: Ends the reading.

        Raises:
            PlanhatError: The list could not be read to its end.
        """
        model = self._model
        time = model.replication_key if with_times else None
        index = Index(model, self._fingerprints, by_all_keyables=by_all_keyables, update_time=time)
        keys = [*model.keyables, *model.keyable_scope.values()] if by_all_keyables else []
        names = [ID, *keys, *self._fingerprints.names, *([time] if time else [])]
        select = selected(model, names)
        for page in self._read_pages(select=select, stop=stop, decode=_ROWS.decode):
            for row in page:
                index.add(as_sent(model, row))
        return index

    def can_find(self, payload: Payload, *, by_all_keyables: bool = True) -> bool:
        """Return whether requests can find the record that a payload refers to.

        Args:
            payload: A payload that carries at least one keyable.
            by_all_keyables: Whether other keyables than its `_id` matter.
        """
        return all(
            self._model.finds_by(name)
            for name, key in zip(self._model.keyables, payload.keys, strict=True)
            if key is not None and (by_all_keyables or name == ID)
        )

    def find(self, payload: Payload, *, by_all_keyables: bool = True) -> Existing:
        """Return the record that a payload refers to: the one with the strongest of its keyables.

        Args:
            payload: A payload that carries at least one keyable.
            by_all_keyables: Whether to look for other keyables than its `_id`.

        Raises:
            PlanhatError: Planhat could not be asked.
        """

        def find_by(position: int, key: str, scope: str | None) -> Existing:
            name = self._model.keyables[position]
            if name != ID and not by_all_keyables:
                return UNKNOWN
            row = self._find_row(name, key, scope)
            if row is None or isinstance(row, Unknown):
                return row
            values = self._fingerprints.of(row)
            time = parse_timestamp(row.get(self._model.replication_key or ""))
            reference = reference_of(row[ID])
            return ExistingRecord(reference, row[ID], position, values, self._fingerprints, time)

        return find_strongest(payload, find_by)

    def _find_row(
        self, name: str, key: str, scope: str | None
    ) -> Mapping[str, Any] | Unknown | None:
        if not self._model.finds_by(name):
            return UNKNOWN  # no path finds a record by this keyable
        if name == ID and scope_kind(key) != ID:
            return None  # the path would find another record
        row = self._get(name, key)
        scope_name = self._model.keyable_scope.get(name)
        if row is None or isinstance(row, Unknown) or scope_name is None:
            return row
        if scope is None or scope_kind(scope) != ID:
            return UNKNOWN  # it may be any company
        company = normalized_scope(scope)
        if row.get(scope_name) == company:
            return row
        return self._find_in_company({name: key, scope_name: company}, company)

    def _get(self, name: str, key: str) -> Mapping[str, Any] | Unknown | None:
        try:
            row = self._client.get(self._model, f"{self._model.key_prefix(name)}{key}")
        except RequestError:
            # No record has an _id that Planhat cannot read, since Planhat assigns all of them. A
            # record may well have another keyable that does not fit into a path.
            return None if name == ID else UNKNOWN
        return None if row is None else as_sent(self._model, row)

    def _find_in_company(self, wanted: Mapping[str, str], company: str) -> Mapping[str, Any] | None:
        """Search one company's records, since a record of another company has the same keyable.

        The company is compared again: a server that ignores the filter returns all records.
        """
        for page in self._read_pages(company_ids=(company,)):
            for row in [as_sent(self._model, each) for each in page]:
                if all(row.get(name) == value for name, value in wanted.items()):
                    return row
        return None


def created_ids(answer: Answer) -> list[str]:
    """Return the ids of created records that an answer contains.

    If the request was repeated, its first attempt may have created what the answer calls updated.
    The answer to the creation of one record is the record.

    Args:
        answer: The answer to a write.
    """
    envelope = Envelope(answer.body)
    entries = [*envelope.inserts, *(envelope.updates if answer.repeated else ())]
    entries += filter(None, [envelope.identifier])
    ids = [entry.get(ID) if isinstance(entry, dict) else entry for entry in entries]
    return [identifier for identifier in ids if isinstance(identifier, str)]


def may_hide_created_ids(answer: Answer) -> bool:
    """Return whether records may have been created whose ids an answer does not contain.

    What the first attempt of a repeated request created counts as unchanged in the answer to the
    second, and no list of keys names what is unchanged (fact no-op-update).

    Args:
        answer: The answer to a bulk upsert.
    """
    return answer.repeated and any(claim.unchanged for claim in Envelope(answer.body).claims)

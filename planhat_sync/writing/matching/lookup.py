"""One record of Planhat's, looked up by the keyables of one payload.

Owns which requests find it. `destination` decides when that is worth it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.api.pagination.scan import read_pages
from planhat_sync.errors import RejectError
from planhat_sync.writing.batching.identity import normalized_scope, scope_kind
from planhat_sync.writing.matching.existing import DOUBT, Doubt
from planhat_sync.writing.matching.fingerprints import fingerprint
from planhat_sync.writing.records.keys import ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.models import Model
    from planhat_sync.writing.records.payload import Payload

PREFIXES: Final = {ID: "", "sourceId": "srcid-", "externalId": "extid-"}
"""How a path names a record by a keyable (the vendor's pages on issues and objectives)."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record that was looked up.

    Attributes:
        identifier: Its `_id`.
        at: Place of the keyable that it was found by, among the model's.
        properties: All that Planhat gives of it.
    """

    identifier: str
    at: int
    properties: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its `_id`, which no other record has."""
        return self.identifier

    def differing(self, item: Mapping[str, Any]) -> list[str]:
        """List the properties of an item whose value is not what the record holds."""
        return [
            name
            for name, value in item.items()
            if fingerprint(value) != fingerprint(self.properties.get(name))
        ]


class Lookup:
    """Finds records of one model, one at a time.

    Args:
        client: Planhat.
        model: The model.
    """

    def __init__(self, client: PlanhatClient, model: Model) -> None:
        self._client = client
        self._model = model

    def find(self, payload: Payload, *, keyed: bool = True) -> Record | Doubt | None:
        """Find the record that a payload means: by the strongest of its keyables that is held.

        Args:
            payload: A payload that carries at least one keyable.
            keyed: Whether to look for other keyables than its `_id`.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        doubt = False
        for at, key in enumerate(payload.keys):
            if key is None:
                continue
            name = self._model.keyables[at]
            if name != ID and not keyed:
                return DOUBT
            scope_name = self._model.keyable_scope.get(name)
            scope = payload.scopes[at] if scope_name else None
            found = self._by(name, key, scope_name, scope)
            if isinstance(found, Doubt):
                doubt = True
            elif found is not None:
                return Record(found[ID], at, found)
        return DOUBT if doubt else None

    def _by(
        self, name: str, key: str, scope_name: str | None, scope: str | None
    ) -> Mapping[str, Any] | Doubt | None:
        if name not in PREFIXES:
            return DOUBT  # no path names a record by it
        if name == ID and scope_kind(key) != ID:
            return None  # a path would name another record by it
        found = self._get(name, key)
        if found is None or isinstance(found, Doubt) or scope_name is None:
            return found
        if scope is None or scope_kind(scope) != ID:
            return DOUBT  # the company that is meant may be any
        if found.get(scope_name) == normalized_scope(scope):
            return found
        return self._within(
            {name: key, scope_name: normalized_scope(scope)}, normalized_scope(scope)
        )

    def _get(self, name: str, key: str) -> Mapping[str, Any] | Doubt | None:
        try:
            return self._client.get(self._model, PREFIXES[name] + key)
        except RejectError:
            # No record has an _id that Planhat cannot read, since Planhat gives them all. Of a
            # keyable that no path can hold, a record may have it all the same.
            return None if name == ID else DOUBT

    def _within(self, wanted: Mapping[str, str], company: str) -> Mapping[str, Any] | None:
        """Look through one company's records: another company's has the same key.

        The company is compared once more here: a server that ignores the filter gives all.
        """
        for page in read_pages(self._client, self._model, company_ids=(company,)):
            for row in page:
                if all(row.get(name) == value for name, value in wanted.items()):
                    return row
        return None

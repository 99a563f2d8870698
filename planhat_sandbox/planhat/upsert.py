"""The bulk upsert: each item is created, updated, left unchanged or refused, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from planhat_sandbox.planhat.keyables import Identity, identities, match
from planhat_sandbox.planhat.refusal import DroppedItem, Refusal
from planhat_sandbox.planhat.single import create, prepare, update

if TYPE_CHECKING:
    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.collection import Collection, Fields
    from planhat_sandbox.planhat.store import Store


class ItemOutcome(NamedTuple):
    """The outcome of one item.

    Attributes:
        place: Its position in the payload.
        item: The item as it was sent.
        kind: ``created``, ``updated``, ``unchanged``, ``refused``, ``dropped`` (neither written
            nor reported) or ``untouched`` (not tried).
        identifier: `_id` of the record; None for a refused create.
        refusal: Why it was refused.
    """

    place: int
    item: Any
    kind: str
    identifier: str | None = None
    refusal: Refusal | None = None


class BulkUpsert:
    """Applies one payload to a collection.

    Args:
        store: The records of the tenant; the caller holds its lock until the end.
        collection: Where the items belong.
        behaviours: The behaviours in effect.
        request: Number of the request.
    """

    def __init__(
        self, store: Store, collection: Collection, behaviours: Behaviours, request: int
    ) -> None:
        self._store = store
        self._collection = collection
        self._behaviours = behaviours
        self._request = request
        self._undo: list[tuple[str, Fields | None]] = []

    def apply(self, items: list[Any]) -> list[ItemOutcome]:
        """Write the items.

        Args:
            items: The decoded payload.

        Returns:
            One outcome for each, in order.
        """
        prepared = [self._prepare(item) for item in items]
        repeated = self._find_repeated(prepared)
        if repeated and self._behaviours.repeated_key == "refuse-batch":
            return [
                self._refuse(index, item, Refusal(repeated[index]))
                if index in repeated
                else ItemOutcome(index, item, "untouched")
                for index, item in enumerate(items)
            ]
        outcomes: list[ItemOutcome] = []
        stopped = False
        for index, (item, fields) in enumerate(zip(items, prepared, strict=True)):
            if stopped:
                outcomes.append(ItemOutcome(index, item, "untouched"))
                continue
            if index in repeated and self._behaviours.repeated_key == "refuse-later":
                outcome = self._refuse(index, item, Refusal(repeated[index]))
            else:
                outcome = self._write(index, item, fields)
            outcomes.append(outcome)
            stopped = outcome.kind == "refused" and self._behaviours.batch == "until-bad"
        if self._behaviours.batch == "whole" and any(o.kind == "refused" for o in outcomes):
            self._roll_back()
            return [
                o if o.kind == "refused" else ItemOutcome(o.place, o.item, "untouched")
                for o in outcomes
            ]
        return outcomes

    def _prepare(self, item: object) -> Fields | Refusal:
        try:
            return prepare(self._store, self._collection, item, self._behaviours)
        except Refusal as refusal:
            return refusal

    def _find_repeated(self, prepared: list[Fields | Refusal]) -> dict[int, str]:
        """Return items with the same keyable as an earlier item, and why (bulk-repeated-key)."""
        if self._behaviours.repeated_key == "last-wins":
            return {}
        seen: set[Identity] = set()
        repeated: dict[int, str] = {}
        for index, fields in enumerate(prepared):
            if isinstance(fields, Refusal):
                continue
            for identity in identities(self._collection.model, fields, self._behaviours):
                if identity in seen:
                    repeated[index] = f"{identity[0]} duplicated"
                seen.add(identity)
        return repeated

    def _write(self, index: int, item: object, fields: Fields | Refusal) -> ItemOutcome:
        if isinstance(fields, Refusal):
            return self._refuse(index, item, fields)
        identifier = None
        try:
            identifier = match(self._collection, fields, self._behaviours)
            if identifier is None:
                record = create(
                    self._store,
                    self._collection,
                    fields,
                    self._behaviours,
                    required=self._collection.model.bulk_required,
                    request=self._request,
                )
                self._undo.append((record["_id"], None))
                return ItemOutcome(index, item, "created", record["_id"])
            old = self._collection.records[identifier]
            moved = update(
                self._store,
                self._collection,
                identifier,
                fields,
                self._behaviours,
                request=self._request,
            )
        except DroppedItem:
            return ItemOutcome(index, item, "dropped")
        except Refusal as refusal:
            return ItemOutcome(index, item, "refused", identifier, refusal)
        if not moved:
            return ItemOutcome(index, item, "unchanged", identifier)
        self._undo.append((identifier, old))
        return ItemOutcome(index, item, "updated", identifier)

    def _refuse(self, index: int, item: object, refusal: Refusal) -> ItemOutcome:
        """Return a refused outcome, with the record that the item would have updated, if any."""
        identifier = None
        if isinstance(item, dict):
            try:
                identifier = match(self._collection, item, self._behaviours)
            except (Refusal, TypeError):
                identifier = None
        return ItemOutcome(index, item, "refused", identifier, refusal)

    def _roll_back(self) -> None:
        written = len(self._undo)
        for identifier, old in reversed(self._undo):
            if old is None:
                self._collection.remove(identifier)
            else:
                self._collection.put(old)
        self._store.log.roll_back(written)

"""One model's records: by `_id`, by keyable, in sorted views, each encoded once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planhat_sandbox.planhat.codec import encode
from planhat_sandbox.planhat.listing import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planhat_sandbox.planhat.models import SandboxModel

Fields = dict[str, Any]
MOST_VIEWS = 24


class Collection:
    """The records of one model in one tenant. Not locked: its tenant is.

    Args:
        model: The model.
    """

    def __init__(self, model: SandboxModel) -> None:
        self.model = model
        self.records: dict[str, Fields] = {}
        self._keyed: dict[str, dict[str, list[str]]] = {
            key: {} for key in model.keyables if key != "_id"
        }
        self._views: dict[tuple[str, frozenset[str] | None], View] = {}
        self._encoded: dict[str, tuple[frozenset[str] | None, bytes]] = {}

    def put(self, fields: Fields) -> None:
        """Store a record in place of the one with its `_id`, if there is one.

        Args:
            fields: The whole record; never changed afterwards, only replaced.
        """
        identifier = fields["_id"]
        old = self.records.get(identifier)
        for key, index in self._keyed.items():
            before = None if old is None else old.get(key)
            after = fields.get(key)
            if before == after:
                continue
            if before and isinstance(before, str):
                self._forget(index, before, identifier)
            if after and isinstance(after, str):
                index.setdefault(after, []).append(identifier)
        self.records[identifier] = fields
        self._touch(identifier)

    def remove(self, identifier: str) -> Fields | None:
        """Take a record out.

        Args:
            identifier: Its `_id`.

        Returns:
            The record, None when there was none.
        """
        old = self.records.pop(identifier, None)
        if old is not None:
            for key, index in self._keyed.items():
                if old.get(key) and isinstance(old[key], str):
                    self._forget(index, old[key], identifier)
            self._touch(identifier)
        return old

    def holders(self, key: str, value: str) -> list[str]:
        """Find the records that hold a keyable's value, the oldest first.

        Args:
            key: A keyable other than `_id`.
            value: Its value.

        Returns:
            `_id`s.
        """
        return self._keyed.get(key, {}).get(value, [])

    def page(
        self,
        prop: str,
        offset: int,
        limit: int,
        *,
        descending: bool,
        companies: frozenset[str] | None,
    ) -> list[str]:
        """Give the `_id`s of one page.

        Args:
            prop: Property to sort by.
            offset: Rows to skip.
            limit: Rows at most.
            descending: Whether the greatest comes first.
            companies: Keep only the records of these companies; None = all.

        Returns:
            `_id`s in order.
        """
        key = (prop, companies)
        view = self._views.pop(key, None)
        if view is None:
            view = View(self.records, prop, lambda fields: self._belongs(fields, companies))
            if len(self._views) >= MOST_VIEWS:
                self._views.pop(next(iter(self._views)))
        self._views[key] = view
        return view.page(offset, limit, descending=descending)

    def encoded(self, identifier: str, select: frozenset[str] | None) -> bytes:
        """Give a record as JSON, encoded once for as long as it and `select` stay the same.

        Args:
            identifier: `_id` of a record that is there.
            select: Properties to show; `_id` always is (list-select). None = all.

        Returns:
            One JSON object.
        """
        cached = self._encoded.get(identifier)
        if cached is not None and cached[0] == select:
            return cached[1]
        fields = self.records[identifier]
        if select is not None:
            fields = {
                name: value for name, value in fields.items() if name in select or name == "_id"
            }
        text = encode(fields)
        self._encoded[identifier] = (select, text)
        return text

    def _belongs(self, fields: Mapping[str, Any], companies: frozenset[str] | None) -> bool:
        """Tell whether a record is of one of the companies (list-company-filter).

        Args:
            fields: The record.
            companies: Ids of companies; None = every record passes.

        Returns:
            True when it is.
        """
        if companies is None:
            return True
        held = fields.get(self.model.company_reference or "companyId")
        if isinstance(held, list):
            return not companies.isdisjoint(held)
        return isinstance(held, str) and held in companies

    def _touch(self, identifier: str) -> None:
        self._encoded.pop(identifier, None)
        touched: Iterable[str] = (identifier,)
        for view in self._views.values():
            view.touch(touched)

    @staticmethod
    def _forget(index: dict[str, list[str]], value: str, identifier: str) -> None:
        holders = index[value]
        holders.remove(identifier)
        if not holders:
            del index[value]

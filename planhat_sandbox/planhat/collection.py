"""The records of one model: by `_id`, by keyable, in sorted views, each encoded once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planhat_sandbox.planhat.codec import encode
from planhat_sandbox.planhat.sorted_view import SortedView

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.filters import Condition
    from planhat_sandbox.planhat.model import SandboxModel

Fields = dict[str, Any]
ViewKey = tuple[str, "frozenset[str] | None", "tuple[Condition, ...]"]
MAX_VIEWS = 24
TIMES = frozenset({"createdAt", "updatedAt"})


class Collection:
    """The records of one model in one tenant. Not thread-safe: hold the lock of its tenant.

    Args:
        model: The model.
    """

    def __init__(self, model: SandboxModel) -> None:
        self.model = model
        self.records: dict[str, Fields] = {}
        self._by_key: dict[str, dict[str, list[str]]] = {key: {} for key in model.indexed}
        self._views: dict[ViewKey, SortedView] = {}
        self._encoded: dict[str, tuple[frozenset[str] | None, bytes]] = {}
        self._hidden = self._unsorted = TIMES if model.undocumented_times else frozenset[str]()
        self._newest_first = False
        self._names = model.shown_as
        self._keeps_names = False

    def show(self, behaviours: Behaviours) -> None:
        """Choose what responses and lists show: undocumented times, and the names of properties.

        Args:
            behaviours: The behaviours in effect.
        """
        if not (self.model.undocumented_times or self.model.shown_as):
            return
        how = getattr(behaviours, self.model.undocumented_times, "present")
        times = TIMES if self.model.undocumented_times else frozenset()
        names = {} if behaviours.ticket_names == "as-sent" else self.model.shown_as
        before = (self._hidden, self._names, self._keeps_names)
        self._hidden = times if how == "absent" else frozenset()
        self._unsorted = times if how != "present" else frozenset()
        self._newest_first = how == "newest-first"
        self._names, self._keeps_names = names, behaviours.ticket_names == "both"
        if before != (self._hidden, self._names, self._keeps_names):
            self._encoded.clear()

    def put(self, fields: Fields) -> None:
        """Store a record, and replace the one with the same `_id` if there is one.

        Args:
            fields: The complete record; it is replaced later, but never changed.
        """
        identifier = fields["_id"]
        old = self.records.get(identifier)
        for key, index in self._by_key.items():
            before = None if old is None else old.get(key)
            after = fields.get(key)
            if before == after:
                continue
            if before and isinstance(before, str):
                self._drop_key(index, before, identifier)
            if after and isinstance(after, str):
                index.setdefault(after, []).append(identifier)
        self.records[identifier] = fields
        self._mark_changed(identifier)

    def remove(self, identifier: str) -> Fields | None:
        """Remove a record.

        Args:
            identifier: Its `_id`.

        Returns:
            The record; None if there was none.
        """
        old = self.records.pop(identifier, None)
        if old is not None:
            for key, index in self._by_key.items():
                if old.get(key) and isinstance(old[key], str):
                    self._drop_key(index, old[key], identifier)
            self._mark_changed(identifier)
        return old

    def find_records(self, key: str, value: str) -> list[str]:
        """Return the records with a value of a keyable.

        Args:
            key: A keyable other than `_id`.
            value: Its value.

        Returns:
            Their `_id`s, oldest record first.
        """
        return self._by_key.get(key, {}).get(value, [])

    def page(
        self,
        prop: str,
        offset: int,
        limit: int,
        *,
        descending: bool,
        companies: frozenset[str] | None,
        conditions: tuple[Condition, ...] = (),
    ) -> list[str]:
        """Return the `_id`s of one page.

        Args:
            prop: Property to sort by.
            offset: Rows to skip.
            limit: Maximum number of rows.
            descending: Whether the greatest value comes first.
            companies: Keep only records of these companies; None for all.
            conditions: Keep only records that fulfil all of these.

        Returns:
            `_id`s in order.
        """
        if self._names:
            prop = next((name for name, shown in self._names.items() if shown == prop), prop)
        if prop in self._unsorted:
            prop, descending = "_id", self._newest_first
        key = (prop, companies, conditions)
        view = self._views.pop(key, None)
        if view is None:
            view = SortedView(
                self.records,
                prop,
                lambda fields: (
                    self._belongs(fields, companies)
                    and all(condition.is_met_by(fields) for condition in conditions)
                ),
            )
            if len(self._views) >= MAX_VIEWS:
                self._views.pop(next(iter(self._views)))
        self._views[key] = view
        return view.page(offset, limit, descending=descending)

    def encoded(self, identifier: str, select: frozenset[str] | None) -> bytes:
        """Return a record as JSON, encoded again only if it or `select` has changed.

        Args:
            identifier: `_id` of an existing record.
            select: Properties to include, besides `_id` (list-select); None for all.

        Returns:
            One JSON object.
        """
        cached = self._encoded.get(identifier)
        if cached is not None and cached[0] == select:
            return cached[1]
        fields = self.records[identifier]
        if self._hidden or self._names:
            fields = self.shown(fields)
        if select is not None:
            fields = {
                name: value for name, value in fields.items() if name in select or name == "_id"
            }
        text = encode(fields)
        self._encoded[identifier] = (select, text)
        return text

    def shown(self, fields: Fields) -> Fields:
        """Return a copy of what a response shows of a record.

        Args:
            fields: The complete record.
        """
        shown = {name: value for name, value in fields.items() if name not in self._hidden}
        for name, other in self._names.items():
            if name in shown:
                shown[other] = shown[name] if self._keeps_names else shown.pop(name)
        return shown

    def _belongs(self, fields: Mapping[str, Any], companies: frozenset[str] | None) -> bool:
        """Return whether a record is of one of the companies (list-company-filter)."""
        if companies is None:
            return True
        if self.model.name == "companies":
            return fields["_id"] in companies
        reference = fields.get(self.model.company_reference or "companyId")
        if isinstance(reference, list):
            return not companies.isdisjoint(reference)
        return isinstance(reference, str) and reference in companies

    def _mark_changed(self, identifier: str) -> None:
        self._encoded.pop(identifier, None)
        changed: Iterable[str] = (identifier,)
        for view in self._views.values():
            view.mark_changed(changed)

    @staticmethod
    def _drop_key(index: dict[str, list[str]], value: str, identifier: str) -> None:
        identifiers = index[value]
        identifiers.remove(identifier)
        if not identifiers:
            del index[value]

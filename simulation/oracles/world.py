"""A tenant as the oracles imagine it: one record is written at a time, and nothing else happens.

Written from docs/planhat-facts.md and docs/writing.md; it shares no code with the sandbox or with
the small Planhat.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from simulation.oracles.conversion import Request
    from simulation.oracles.shapes import Shape
    from simulation.plan import TenantPlan

PREFIXES = {"extid-": "externalId", "srcid-": "sourceId"}


class RefusedError(Exception):
    """Planhat refuses a record.

    Attributes:
        code: Code of its reject.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Companies:
    """The companies of a tenant, which nothing changes.

    Args:
        records: They.
    """

    def __init__(self, records: Iterable[Mapping[str, Any]]) -> None:
        self._by_name = {each["_id"]: each["_id"] for each in records}
        for each in records:
            for prefix, key in PREFIXES.items():
                if each.get(key):
                    self._by_name.setdefault(f"{prefix}{each[key]}", each["_id"])

    def resolve(self, reference: object) -> str | None:
        """Return the `_id` of the company that a reference means, None if there is none.

        Args:
            reference: An `_id`, or `extid-…` or `srcid-…`.
        """
        return self._by_name.get(reference) if isinstance(reference, str) else None


class World:
    """The records of one tenant, one write after the other.

    Args:
        tenant: How it begins, and how it behaves.
        has_defaults: Whether a new record has properties that were not sent.
        by_label: Whether custom fields are compared one by one, as mappings have it.
    """

    def __init__(
        self, tenant: TenantPlan, *, has_defaults: bool = True, by_label: bool = False
    ) -> None:
        self._by_label = by_label
        self._has_defaults = has_defaults
        self.companies = Companies(tenant.records.get("companies", []))
        self._behaviours = tenant.behaviours
        self._records: dict[str, list[dict[str, Any]]] = {
            model: [dict(each) for each in records] for model, records in tenant.records.items()
        }

    def of(self, shape: Shape) -> list[dict[str, Any]]:
        """Return the records of a model as they are now; those that it has created have no `_id`.

        Args:
            shape: The model.
        """
        return self._records.setdefault(shape.model, [])

    def find(self, shape: Shape, keys: Mapping[str, str], item: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Return the record with the strongest of some keyables that any record has, or None.

        Args:
            shape: The model.
            keys: The keyables by name, the strongest first.
            item: Has what a keyable is unique within.
        """
        for name, key in keys.items():
            inside = shape.within.get(name)
            company = self.companies.resolve(item.get(inside)) if inside else None
            for record in self.of(shape):
                if record.get(name) == key and company in (None, record.get(inside or "")):
                    return record
        return None

    def write(
        self, shape: Shape, request: Request, record: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Update a record, or create one.

        Args:
            shape: The model.
            request: What is written.
            record: The record, None to create one.

        Returns:
            The record as it is now.

        Raises:
            RefusedError: It is refused.
        """
        self._check_markers(request.item)
        values = self.resolved(shape, request.item)
        if record is None:
            if any(values.get(name) in (None, "", []) for name in shape.needed):
                raise RefusedError("refused")
            self._check_keys(shape, values, None)
            record = {**(shape.defaults if self._has_defaults else {}), **values}
            self.of(shape).append(record)
            return record
        if any(name in values and values[name] in (None, "", []) for name in shape.needed):
            raise RefusedError("refused")
        if isinstance(values.get("custom"), dict) and self._behaviours.get("custom") != "replace":
            values["custom"] = {**(record.get("custom") or {}), **values["custom"]}
        self._check_keys(shape, {**record, **values}, record)
        record.update(values)
        return record

    def delete(self, shape: Shape, record: dict[str, Any]) -> None:
        """Delete a record.

        Args:
            shape: The model.
            record: It.
        """
        self.of(shape).remove(record)

    def holds_already(self, shape: Shape, request: Request, record: Mapping[str, Any]) -> bool:
        """Return whether a record has all values of a request.

        Args:
            shape: The model.
            request: It.
            record: It.
        """
        values = self.resolved(shape, request.item)
        if self._by_label and isinstance(values.get("custom"), dict):
            held = record.get("custom") or {}
            custom = values.pop("custom")
            if any(held.get(label) != value for label, value in custom.items()):
                return False
        return all(record.get(name) == value for name, value in values.items())

    def resolved(self, shape: Shape, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a record has once an item is written, with the `_id`s of companies.

        Args:
            shape: The model.
            item: What is sent.

        Raises:
            RefusedError: There is no such company.
        """
        values = {name: value for name, value in item.items() if name != "_id"}
        sent = values.get(shape.company)
        if sent is None:
            return values
        found = [
            self.companies.resolve(each) for each in (sent if isinstance(sent, list) else [sent])
        ]
        if None in found:
            raise RefusedError("refused")
        return {**values, shape.company: found if isinstance(sent, list) else found[0]}

    def _check_markers(self, item: Mapping[str, Any]) -> None:
        text = json.dumps(item)
        for behaviour, code in (("forbidden_marker", "forbidden"), ("refused_marker", "refused")):
            marker = self._behaviours.get(behaviour)
            if marker and marker in text:
                raise RefusedError(code)

    def _check_keys(
        self, shape: Shape, values: Mapping[str, Any], own: Mapping[str, Any] | None
    ) -> None:
        for name in shape.keyables:
            inside = shape.within.get(name, "")
            for other in self.of(shape):
                if (
                    name != "_id"
                    and other is not own
                    and values.get(name)
                    and other.get(name) == values[name]
                    and (not inside or other.get(inside) == values.get(inside))
                ):
                    raise RefusedError("refused")

"""Which record an item means, and whether it may have the keys it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planhat_sandbox.planhat.items import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.models import SandboxModel
    from planhat_sandbox.planhat.store import Collection

Identity = tuple[str, str, object]
"""Keyable, its value, and the company it is unique in (None = everywhere)."""


def match(collection: Collection, fields: Mapping[str, Any], behaviours: Behaviours) -> str | None:
    """Find the record that an item of a bulk upsert means (keyable-priority).

    Args:
        collection: Where to look.
        fields: The item, its company already resolved.
        behaviours: What a keyable that no record has gets.

    Returns:
        The `_id`, None when a record is to be created.

    Raises:
        Refusal: It names an `_id` that no record has, and such are refused.
    """
    for key in collection.model.keyables:
        value = fields.get(key)
        if value in (None, ""):
            continue
        holder = next(holders(collection, key, fields, behaviours), None)
        if holder is not None:
            return holder
        if key == "_id" and behaviours.unknown_id == "refuse":
            raise Refusal(f"no record has the _id {value}")
        unmatched = behaviours.unknown_id if key == "_id" else behaviours.unmatched_key
        if unmatched not in {"fall-through", "next"}:
            return None
    return None


def holders(
    collection: Collection, key: str, fields: Mapping[str, Any], behaviours: Behaviours
) -> Iterator[str]:
    """Find the records that hold the keyable an item carries (external-id-scope).

    Args:
        collection: Where to look.
        key: A keyable.
        fields: The item or record that carries it.
        behaviours: Whether an externalId counts inside its company only.

    Yields:
        `_id`s, the oldest first.
    """
    if key == "_id":
        if fields[key] in collection.records:
            yield fields[key]
        return
    company = fields.get("companyId")
    scoped = scope(collection.model, key, behaviours) is not None and company is not None
    for identifier in collection.holders(key, str(fields[key])):
        if not scoped or collection.records[identifier].get("companyId") == company:
            yield identifier


def scope(model: SandboxModel, key: str, behaviours: Behaviours) -> str | None:
    """Name the property inside which a keyable is unique.

    Args:
        model: The model.
        key: A keyable.
        behaviours: Whether an externalId counts inside its company only.

    Returns:
        ``companyId`` for an externalId of a model that belongs to a company, else None.
    """
    inside = key == "externalId" and behaviours.external_id == "company"
    return "companyId" if inside and model.company_reference == "companyId" else None


def identities(
    model: SandboxModel, fields: Mapping[str, Any], behaviours: Behaviours
) -> Iterator[Identity]:
    """Give everything by which an item names a record, to find two that name one.

    Args:
        model: The model.
        fields: The item.
        behaviours: Where an externalId counts.

    Yields:
        One identity for each keyable that is sent.
    """
    for key in model.keyables:
        value = fields.get(key)
        if value not in (None, ""):
            inside = scope(model, key, behaviours)
            yield key, str(value), fields.get(inside) if inside else None


def judge_unique(
    collection: Collection,
    record: Mapping[str, Any],
    identifier: str | None,
    behaviours: Behaviours,
) -> None:
    """Refuse a record whose keys another one holds (forbidden-duplicates).

    Args:
        collection: Where it would be.
        record: The whole record as it would be.
        identifier: Its own `_id`, None for a new one.
        behaviours: Where an externalId counts.

    Raises:
        Refusal: Another record holds one of its keys.
    """
    for key in collection.model.keyables:
        if key in {"_id", "email"} or record.get(key) in (None, ""):
            continue
        if any(other != identifier for other in holders(collection, key, record, behaviours)):
            raise Refusal(f"{key} duplicated")

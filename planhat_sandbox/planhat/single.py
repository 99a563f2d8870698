"""Writes of one record: create, update, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planhat_sandbox.planhat.items import (
    Refusal,
    cast,
    judge_markers,
    judge_required,
    resolve_companies,
)
from planhat_sandbox.planhat.keyables import judge_unique

if TYPE_CHECKING:
    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.store import Collection, Fields
    from planhat_sandbox.planhat.tenants import Tenant


def prepare(tenant: Tenant, collection: Collection, item: object, behaviours: Behaviours) -> Fields:
    """Read an item: cast, markers, references.

    Args:
        tenant: The tenant, locked.
        collection: Where the item belongs.
        item: The decoded item.
        behaviours: How this Planhat behaves.

    Returns:
        The properties to write, `_id` among them if it was sent.

    Raises:
        Refusal: It cannot be written, whatever record it means.
    """
    judge_markers(item, behaviours)
    fields = cast(collection.model, item, behaviours)
    resolve_companies(collection.model, fields, tenant.collection("companies"))
    return fields


def create(
    tenant: Tenant,
    collection: Collection,
    fields: Fields,
    behaviours: Behaviours,
    *,
    required: tuple[str, ...],
    request: int,
) -> Fields:
    """Create a record from a prepared item.

    Args:
        tenant: The tenant, locked.
        collection: Where it belongs.
        fields: The prepared item.
        behaviours: What a sent `_id` gets.
        required: What it must hold.
        request: Number of the request.

    Returns:
        The record.

    Raises:
        Refusal: Something is missing, or its key is taken.
    """
    judge_required(required, fields)
    judge_unique(collection, fields, None, behaviours)
    if behaviours.unknown_id != "create-with-id" or fields.get("_id") in collection.records:
        fields = {name: value for name, value in fields.items() if name != "_id"}
    return tenant.create(collection, fields, request=request)


def update(
    tenant: Tenant,
    collection: Collection,
    identifier: str,
    fields: Fields,
    behaviours: Behaviours,
    *,
    request: int,
) -> bool:
    """Update a record from a prepared item: only what is sent changes (update-partial).

    Args:
        tenant: The tenant, locked.
        collection: Where it is.
        identifier: Its `_id`.
        fields: The prepared item.
        behaviours: Merge or replace; whether a no-op counts.
        request: Number of the request.

    Returns:
        False when it changed nothing and that is a *nonupdate*.

    Raises:
        Refusal: It would lose what it needs, or its key is another's.
    """
    old = collection.records[identifier]
    changes = merged(old, fields, behaviours)
    if behaviours.unchanged == "nonupdate" and all(
        name in old and old[name] == value for name, value in changes.items()
    ):
        return False
    for name in collection.model.required:
        if name in changes and changes[name] in (None, "", []) and old.get(name):
            raise Refusal(f"{name} is required")
    keys = (*collection.model.keyables, "companyId")
    if any(key in changes and changes[key] != old.get(key) for key in keys):
        judge_unique(collection, {**old, **changes}, identifier, behaviours)
    tenant.change(collection, identifier, changes, request=request)
    return True


def merged(old: Fields, fields: Fields, behaviours: Behaviours) -> Fields:
    """Give the properties as they shall be stored: `custom` merged (custom-merge), no `_id`.

    Args:
        old: The record as it is.
        fields: What was sent.
        behaviours: Merge or replace.

    Returns:
        New properties.
    """
    changes: dict[str, Any] = dict(fields)
    changes.pop("_id", None)
    if (
        behaviours.custom == "merge"
        and isinstance(changes.get("custom"), dict)
        and isinstance(old.get("custom"), dict)
    ):
        changes["custom"] = {**old["custom"], **changes["custom"]}
    return changes

"""Creates and updates of one record, from an item as it was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planhat_sandbox.planhat.companies_of_items import complete_from_others, settle_conversation
from planhat_sandbox.planhat.items import cast, check_markers, check_ranges, check_required
from planhat_sandbox.planhat.keyables import ONE_COMPANY, check_unique
from planhat_sandbox.planhat.references import check_references, resolve_companies
from planhat_sandbox.planhat.refusal import DroppedItem, Refusal

if TYPE_CHECKING:
    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.collection import Collection, Fields
    from planhat_sandbox.planhat.store import Store


def prepare(store: Store, collection: Collection, item: object, behaviours: Behaviours) -> Fields:
    """Turn an item into properties: check its markers, cast its values, resolve its references.

    Args:
        store: The records of the tenant; the caller holds its lock.
        collection: Where the item belongs.
        item: The decoded item.
        behaviours: The behaviours in effect.

    Returns:
        The properties to write, including `_id` if it was sent.

    Raises:
        Refusal: It cannot be written to any record.
    """
    check_markers(item, behaviours)
    fields = cast(collection.model, item, behaviours)
    model = collection.model
    check_ranges(model.ranges, fields)
    if model.name in ("conversations", "tickets"):
        settle_conversation(model, fields, store.collection("companies"), behaviours)
    resolve_companies(model, fields, store.collection("companies"))
    if behaviours.references == "all":
        check_references(model, fields, store.collection)
    return fields


def create(
    store: Store,
    collection: Collection,
    fields: Fields,
    behaviours: Behaviours,
    *,
    required: tuple[str, ...],
    request: int,
) -> Fields:
    """Create a record from a prepared item.

    Args:
        store: The records of the tenant; the caller holds its lock.
        collection: Where it belongs.
        fields: The prepared item.
        behaviours: What happens to an `_id` that was sent.
        required: Properties that it must have.
        request: Number of the request.

    Returns:
        The record.

    Raises:
        Refusal: A required property is missing, or another record has the same key.
        DroppedItem: It is left out without a word.
    """
    model = collection.model
    complete_from_others(model, fields, store.collection)
    dropped = model.silently_dropped_without
    if dropped and behaviours.silently_dropped and fields.get(dropped) in (None, ""):
        raise DroppedItem
    check_required((*required, dropped) if dropped else required, fields)
    if model.one_of and all(fields.get(name) in (None, "") for name in model.one_of):
        raise Refusal(f"one of {', '.join(model.one_of)} is required")
    check_unique(collection, fields, None, behaviours)
    if behaviours.unknown_id != "create-with-id" or fields.get("_id") in collection.records:
        fields = {name: value for name, value in fields.items() if name != "_id"}
    return store.create(collection, fields, request=request)


def update(
    store: Store,
    collection: Collection,
    identifier: str,
    fields: Fields,
    behaviours: Behaviours,
    *,
    request: int,
) -> bool:
    """Update a record from a prepared item; only what was sent changes (update-partial).

    Args:
        store: The records of the tenant; the caller holds its lock.
        collection: Where it is.
        identifier: Its `_id`.
        fields: The prepared item.
        behaviours: Whether `custom` is merged, and whether a no-op counts as an update.
        request: Number of the request.

    Returns:
        False if it changed nothing and counts as a nonupdate.

    Raises:
        Refusal: It would lose a required property, or another record has the same key.
    """
    old = collection.records[identifier]
    if (
        behaviours.updates_need_external_id
        and collection.model.name == "conversations"
        and not old.get("externalId")
    ):
        raise Refusal("Not valid type", invalid="externalId")
    changes = merge(old, fields, behaviours)
    if behaviours.unchanged != "bump" and all(
        name in old and old[name] == value for name, value in changes.items()
    ):
        return False
    for name in collection.model.required:
        if name in changes and changes[name] in (None, "", []) and old.get(name):
            raise Refusal(f"{name} is required")
    keys = (*collection.model.keyables, *ONE_COMPANY)
    if any(key in changes and changes[key] != old.get(key) for key in keys):
        check_unique(collection, {**old, **changes}, identifier, behaviours)
    store.update(collection, identifier, changes, request=request)
    return True


def merge(old: Fields, fields: Fields, behaviours: Behaviours) -> Fields:
    """Return the properties as they are to be stored: `custom` merged (custom-merge), no `_id`.

    Args:
        old: The current record.
        fields: What was sent.
        behaviours: Whether `custom` is merged or replaced.

    Returns:
        The properties to set.
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

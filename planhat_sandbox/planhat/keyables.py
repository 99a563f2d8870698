"""Which record an item refers to, and whether its keys are free."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planhat_sandbox.planhat.models.conversations import NOTE
from planhat_sandbox.planhat.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.collection import Collection
    from planhat_sandbox.planhat.model import SandboxModel

OWN_IDS = frozenset({"externalId", "extId"})
"""Properties with the id of a record in the system of Planhat's customer."""
ONE_COMPANY = frozenset({"companyId", "cId"})
"""References to one company, and not to several."""

Identity = tuple[str, str, object]
"""A keyable, its value, and the company inside which it is unique (None: everywhere)."""


def match(collection: Collection, fields: Mapping[str, Any], behaviours: Behaviours) -> str | None:
    """Return the record that an item of a bulk upsert refers to (keyable-priority).

    Args:
        collection: Where to look.
        fields: The item, with its company resolved.
        behaviours: What happens with a keyable that no record has.

    Returns:
        The `_id`; None if a record is to be created.

    Raises:
        Refusal: It has an `_id` that no record has, and the behaviour refuses those.
    """
    for key in keyables_of(collection.model, fields, behaviours):
        value = fields.get(key)
        if value in (None, ""):
            continue
        found = next(find_records(collection, key, fields, behaviours), None)
        if found is not None:
            return found
        if key == "_id" and behaviours.unknown_id == "refuse":
            raise Refusal(f"no record has the _id {value}")
        unmatched = behaviours.unknown_id if key == "_id" else behaviours.unmatched_key
        if unmatched not in {"fall-through", "next"}:
            return None
    return None


def find_records(
    collection: Collection, key: str, fields: Mapping[str, Any], behaviours: Behaviours
) -> Iterator[str]:
    """Find the records that have the same keyable as an item (external-id-scope).

    Args:
        collection: Where to look.
        key: A keyable.
        fields: The item or record that has it.
        behaviours: Whether an externalId is unique inside its company only.

    Yields:
        Their `_id`s, oldest record first.
    """
    if key == "_id":
        if fields[key] in collection.records:
            yield fields[key]
        return
    inside = scope(collection.model, key, behaviours) or ""
    company = fields.get(inside)
    for identifier in collection.find_records(key, str(fields[key])):
        if company is None or collection.records[identifier].get(inside) == company:
            yield identifier


def keyables_of(
    model: SandboxModel, fields: Mapping[str, Any], behaviours: Behaviours
) -> tuple[str, ...]:
    """Return the keyables of an item, as far as a bulk upsert matches on them.

    They are fewer for a note (conversation-keyables), and perhaps where no page names those of a
    bulk upsert (model-keyables).

    Args:
        model: The model.
        fields: The item or record.
        behaviours: Whether a note has those of conversations, and whether undocumented ones count.
    """
    if behaviours.undocumented_keyables == "ignored" and (
        model.name in {"conversations", "churn"} or model.uncertain
    ):
        return ("_id",)
    if model.name == "conversations" and behaviours.note_keyables == "id":
        return ("_id",) if fields.get("type", NOTE) == NOTE else model.keyables
    return model.keyables


def scope(model: SandboxModel, key: str, behaviours: Behaviours) -> str | None:
    """Return the property inside which a keyable is unique.

    Args:
        model: The model.
        key: A keyable.
        behaviours: Whether an externalId is unique inside its company only.

    Returns:
        ``companyId`` or ``cId`` for the externalId of a model that belongs to one company,
        otherwise None.
    """
    inside = key in OWN_IDS and behaviours.external_id == "company"
    return model.company_reference if inside and model.company_reference in ONE_COMPANY else None


def identities(
    model: SandboxModel, fields: Mapping[str, Any], behaviours: Behaviours
) -> Iterator[Identity]:
    """Make the identities of an item, by which two items for one record are found.

    Args:
        model: The model.
        fields: The item.
        behaviours: The scope of an externalId.

    Yields:
        One identity for each keyable that was sent.
    """
    for key in keyables_of(model, fields, behaviours):
        value = fields.get(key)
        if value not in (None, ""):
            inside = scope(model, key, behaviours)
            yield key, str(value), fields.get(inside) if inside else None


def check_unique(
    collection: Collection,
    record: Mapping[str, Any],
    identifier: str | None,
    behaviours: Behaviours,
) -> None:
    """Refuse a record if another one has one of its keys (forbidden-duplicates).

    Args:
        collection: Where the record is to be stored.
        record: The complete record as it is to be stored.
        identifier: Its own `_id`; None for a new record.
        behaviours: The scope of an externalId.

    Raises:
        Refusal: Another record has one of its keys.
    """
    for key in keyables_of(collection.model, record, behaviours):
        if key in {"_id", "email"} or record.get(key) in (None, ""):
            continue
        if any(other != identifier for other in find_records(collection, key, record, behaviours)):
            raise Refusal(f"{key} duplicated")

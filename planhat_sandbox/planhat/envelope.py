"""The response to a bulk upsert: the documented envelope, with variants of what is undocumented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.collection import Fields
    from planhat_sandbox.planhat.model import SandboxModel
    from planhat_sandbox.planhat.upsert import ItemOutcome

ABSENT: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "permission": ("permissionErrors",),
    "successes": ("insertsKeys", "updatesKeys", "modified", "upsertedIds"),
}


def choose_status(outcomes: list[ItemOutcome], behaviours: Behaviours) -> int:
    """Return the status code of the response (bulk-statuses, bulk-status-boundary).

    Args:
        outcomes: The outcomes of the items.
        behaviours: Where the boundaries are.

    Returns:
        200, 206, 400 or 403.
    """
    refusals = [outcome.refusal for outcome in outcomes if outcome.refusal is not None]
    if not refusals:
        return 200
    if any(refusal.forbidden for refusal in refusals):
        return behaviours.forbidden_status
    if any(outcome.kind in {"created", "updated", "unchanged"} for outcome in outcomes):
        return 206
    return behaviours.all_failed_status


def write_envelope(
    model: SandboxModel,
    records: Mapping[str, Fields],
    outcomes: list[ItemOutcome],
    behaviours: Behaviours,
) -> dict[str, Any]:
    """Return the body of the response (bulk-envelope).

    Args:
        model: The model.
        records: The records of the collection, after the upsert.
        outcomes: The outcomes of the items.
        behaviours: The variants of entries, counts and arrays.
    """
    successes = outcomes[::-1] if behaviours.success_order == "reversed" else outcomes
    created = [o for o in successes if o.kind == "created"]
    updated = [o for o in successes if o.kind == "updated"]
    unchanged = sum(outcome.kind == "unchanged" for outcome in outcomes)
    refused = [o for o in outcomes if o.refusal is not None]
    allowed = [o for o in refused if o.refusal is not None and not o.refusal.forbidden]
    forbidden = [o for o in refused if o.refusal is not None and o.refusal.forbidden]
    body: dict[str, Any] = {
        "created": len(created),
        "createdErrors": [_entry(model, o, behaviours) for o in allowed if o.identifier is None],
        "insertsKeys": [_keys(model, records, o, behaviours) for o in created],
        "updated": len(updated) + (unchanged if behaviours.unchanged == "both" else 0),
        "updatedErrors": [_entry(model, o, behaviours) for o in allowed if o.identifier],
        "updatesKeys": [_keys(model, records, o, behaviours) for o in updated],
        "nonupdates": unchanged,
        "modified": [o.identifier for o in updated],
        "upsertedIds": [o.identifier for o in created],
        "permissionErrors": [_entry(model, o, behaviours) for o in forbidden],
    }
    _add_validation_errors(model, body, behaviours)
    return _apply_variants(body, behaviours)


def _keys(
    model: SandboxModel,
    records: Mapping[str, Fields],
    outcome: ItemOutcome,
    behaviours: Behaviours,
) -> dict[str, Any]:
    """Return the keyables by which a written record is named (bulk-success-keys)."""
    if behaviours.success_keys == "id":
        return {"_id": outcome.identifier}
    record = records[outcome.identifier or ""]
    keys = {key: record[key] for key in model.keyables if record.get(key) not in (None, "")}
    if behaviours.success_keys == "sent":
        return {key: keys[key] for key in keys if key == "_id" or key in outcome.item}
    return keys


def _entry(model: SandboxModel, outcome: ItemOutcome, behaviours: Behaviours) -> object:
    """Return one error entry in the variant that is switched on (bulk-error-entries)."""
    item = outcome.item
    text = outcome.refusal.text if outcome.refusal is not None else ""
    sent = item if isinstance(item, dict) else {}
    keys = {key: sent[key] for key in model.keyables if sent.get(key) not in (None, "")}
    named = ", ".join(f"{key} {value}" for key, value in keys.items())
    variants: dict[str, object] = {
        "index": {"index": outcome.place, "message": text},
        "keyables": {**keys, "message": text},
        "nested-keyables": {"error": {"message": text, "where": [{"keys": keys}]}},
        "text": f"{text} ({named})" if named else text,
        "item": {**sent, "error": text},
        "nested-item": {"message": text, "item": item},
        "property": {
            "el": (outcome.refusal.invalid if outcome.refusal else "")
            or next(filter(model.properties.__contains__, text.split()), "_id"),
            "error": text,
        },
        "opaque": text,
        "nothing": {},
    }
    return variants.get(behaviours.error_entries)


def _add_validation_errors(
    model: SandboxModel, body: dict[str, Any], behaviours: Behaviours
) -> None:
    """Add `validationErrors`, with the entries of other arrays or without any (bulk-envelope)."""
    how = behaviours.validation_errors
    if how == "absent" or (how == "documented" and not model.has_validation_errors):
        return
    body["validationErrors"] = []
    if how == "filled":
        body["validationErrors"] = body["createdErrors"] + body["updatedErrors"]
        body.update(createdErrors=[], updatedErrors=[])


def _apply_variants(body: dict[str, Any], behaviours: Behaviours) -> dict[str, Any]:
    """Leave out entries and arrays, and change counts, as the behaviours ask for."""
    if behaviours.error_entries == "absent":
        body.update({name: [] for name in body if name.endswith("Errors")})
    difference = {"short": -1, "long": 1}.get(behaviours.counts, 0)
    for name in ("created", "updated"):
        if behaviours.counts == "absent":
            del body[name]
        elif body[name]:
            body[name] += difference
    if behaviours.counts == "absent":
        del body["nonupdates"]
    arrays = [name for name, value in body.items() if isinstance(value, list)]
    absent: tuple[str, ...] = ABSENT.get(behaviours.absent_arrays, ())
    if behaviours.absent_arrays == "all":
        absent = tuple(arrays)
    if behaviours.absent_arrays == "empty":
        absent = tuple(name for name in arrays if not body[name])
    return {name: value for name, value in body.items() if name not in absent}

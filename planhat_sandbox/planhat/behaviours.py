"""How this Planhat behaves: every setting is a belief about the real one, with its fact id.

What the vendor documents is the default. What nobody documents can be switched, for one tenant or
for all, at any time, so that a client can be tried against every reading. The facts, their sources
and their doubts are in ``docs/planhat-facts.md``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


def _setting(default: Any, fact: str, says: str, *choices: str) -> Any:  # noqa: ANN401 - as `field`
    """Declare one behaviour.

    Args:
        default: What holds unless it is switched.
        fact: Id in ``docs/planhat-facts.md``.
        says: One sentence for the documentation.
        choices: Every value that a text setting may take.

    Returns:
        A dataclass field that carries this as metadata.
    """
    metadata = {"fact": fact, "says": says, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviours:
    """The switchable ways of the sandbox; each field's metadata holds its fact id and meaning."""

    default_limit: int = _setting(100, "list-limit", "Rows of a page when no `limit` is sent.")
    maximum_limit: int = _setting(
        2000, "list-limit", "Most rows of a page; smaller = a server that clamps."
    )
    above_maximum: str = _setting(
        "clamp", "list-limit-above-maximum", "What a `limit` above it gets.", "clamp", "refuse"
    )
    honours_sort: bool = _setting(True, "list-sort", "Off: `sort` is ignored.")
    honours_select: bool = _setting(True, "list-select", "Off: `select` is ignored.")
    honours_offset: bool = _setting(True, "list-offset", "Off: `offset` is ignored.")
    without_select: str = _setting(
        "all", "list-without-select", "Properties of a row when no `select` is sent.", "all", "few"
    )
    company_filter: str = _setting(
        "list", "list-company-commas", "How `companyId=a,b` is read.", "list", "one-id"
    )
    gzip: bool = _setting(False, "gzip", "On: bodies are compressed for those who accept it.")
    error_body: str = _setting(
        "object", "error-body", "Body of an answer that is only an error.", "object", "string"
    )

    bulk_limit: int = _setting(5000, "bulk-limit", "Most items of a bulk upsert.")
    body_limit_bytes: int = _setting(
        0, "body-limit", "Bodies above this many bytes are answered with 413; 0 = no limit."
    )
    unknown_id: str = _setting(
        "create",
        "bulk-unknown-id",
        "An `_id` that no record has: a new record under a new `_id`; one under that `_id`; "
        "refused; or the next keyable is tried.",
        "create",
        "create-with-id",
        "refuse",
        "fall-through",
    )
    unmatched_key: str = _setting(
        "next",
        "bulk-unmatched-key",
        "Another keyable that no record has: the next one is tried, or a record is created.",
        "next",
        "create",
    )
    external_id: str = _setting(
        "company",
        "external-id-scope",
        "Where an `externalId` is looked for when the model keeps it inside a company.",
        "company",
        "model",
    )
    custom: str = _setting(
        "merge", "custom-merge", "What an update does to `custom`.", "merge", "replace"
    )
    repeated_key: str = _setting(
        "refuse-batch",
        "bulk-repeated-key",
        "Two items of one payload with one keyable: the batch is refused, the later is refused, "
        "or both are applied in turn.",
        "refuse-batch",
        "refuse-later",
        "last-wins",
    )
    unknown_properties: str = _setting(
        "drop", "unknown-properties", "Properties no page names.", "drop", "keep", "refuse"
    )
    unchanged: str = _setting(
        "bump",
        "no-op-update",
        "An update that changes nothing moves `updatedAt` and counts as updated, or is one of the "
        "`nonupdates`.",
        "bump",
        "nonupdate",
    )
    batch: str = _setting(
        "each",
        "bulk-atomicity",
        "Beside a bad item the good ones are applied, none is, or those before it are.",
        "each",
        "whole",
        "until-bad",
    )
    failure_answer: str = _setting(
        "arrays",
        "bulk-failure-answer",
        "A bulk upsert with a bad item answers with the arrays, with 400 and only a string, with "
        "400 and no body, or with 500.",
        "arrays",
        "string",
        "empty",
        "server-error",
    )
    all_failed_status: int = _setting(
        400, "bulk-status-boundary", "Status when every item failed (400 or 206)."
    )
    forbidden_status: int = _setting(
        403, "bulk-status-boundary", "Status when some item was forbidden (403 or 206)."
    )
    error_entries: str = _setting(
        "opaque",
        "bulk-error-entries",
        "What stands in `createdErrors`, `updatedErrors` and `permissionErrors`.",
        "index",
        "keyables",
        "nested-keyables",
        "text",
        "item",
        "nested-item",
        "opaque",
        "nothing",
        "absent",
    )
    counts: str = _setting(
        "right",
        "bulk-counts",
        "Whether the counts add up.",
        "right",
        "short",
        "long",
        "absent",
    )
    absent_arrays: str = _setting(
        "none",
        "bulk-absent-arrays",
        "Arrays that are left out of the answer.",
        "none",
        "empty",
        "permission",
        "successes",
        "all",
    )
    success_keys: str = _setting(
        "held",
        "bulk-success-keys",
        "Keyables in `insertsKeys` and `updatesKeys`: all that the record holds, those that were "
        "sent, or `_id` alone.",
        "held",
        "sent",
        "id",
    )
    success_order: str = _setting(
        "input", "bulk-success-order", "Order of those arrays.", "input", "reversed"
    )
    refused_marker: str = _setting(
        "", "bulk-error-entries", "An item that holds this text anywhere is refused."
    )
    forbidden_marker: str = _setting(
        "", "bulk-permission-errors", "An item that holds this text anywhere is forbidden."
    )
    missing_delete: str = _setting(
        "not-found",
        "delete-unknown",
        "A delete of what is not there: 404, or 200 with a count of 0.",
        "not-found",
        "zero",
    )

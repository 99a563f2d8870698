"""How the fake API behaves; each setting is an assumption about Planhat, with its fact id.

The defaults follow the documentation of the vendor. What is not documented can be changed at any
time, for one tenant or for all, so that a client can be tested against each possibility. The facts,
their sources and what is uncertain about them are in ``docs/planhat-facts.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

from planhat_sandbox.planhat.behaviour import behaviour
from planhat_sandbox.planhat.model_behaviours import ModelBehaviours


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviours(ModelBehaviours):
    """The behaviours of the fake API; the metadata of a field has its fact id and description."""

    default_limit: int = behaviour(
        0, "list-limit", "Rows of a page if no `limit` is sent; 0 = as documented for the model."
    )
    maximum_limit: int = behaviour(
        0, "list-limit", "Maximum number of rows of a page; 0 = as documented for the model."
    )
    above_maximum: str = behaviour(
        "clamp",
        "list-limit-above-maximum",
        "Whether a `limit` above the maximum is lowered or refused.",
        "clamp",
        "refuse",
    )
    honours_sort: bool = behaviour(True, "list-sort", "Whether `sort` is honoured or ignored.")
    honours_select: bool = behaviour(
        True, "list-select", "Whether `select` is honoured or ignored."
    )
    honours_offset: bool = behaviour(
        True, "list-offset", "Whether `offset` is honoured or ignored."
    )
    without_select: str = behaviour(
        "documented",
        "list-without-select",
        "Properties of a row if no `select` is sent: as documented (some for users and companies, "
        "all for others), all, or `_id`, name and title.",
        "documented",
        "all",
        "few",
    )
    objective_times: str = behaviour(
        "absent",
        "objective-no-timestamps",
        "Whether objectives have `createdAt` and `updatedAt`; if they have, whether a list can be "
        "sorted by them, or is in the order of creation whatever direction is asked for.",
        "absent",
        "present",
        "oldest-first",
        "newest-first",
    )
    company_filter: str = behaviour(
        "list",
        "list-company-commas",
        "Whether `companyId=a,b` is read as two ids, as two only for the models whose pages say "
        "so, or as one.",
        "list",
        "documented",
        "one-id",
    )
    lean_companies: str = behaviour(
        "complete",
        "lean-companies",
        "The response of `/leancompanies`: all companies; 404, 403 or 400; an object; rows without "
        "the companies' keys; a list in which every second company is missing, every second one "
        "has the keys of the one before it, each one has the keys of the next, or the keys are "
        "numbers, null and blanks.",
        "complete",
        "absent",
        "forbidden",
        "refused",
        "object",
        "without-keys",
        "partial",
        "duplicated",
        "swapped",
        "odd-keys",
    )
    company_prefixes: bool = behaviour(
        True,
        "identifier-forms",
        "Whether a path may name a company by `extid-` and `srcid-`; if not, it is not found.",
    )
    gzip: bool = behaviour(
        False, "gzip", "Whether bodies are compressed for clients that accept it."
    )
    date_header: bool = behaviour(
        True, "date-header", "Whether responses carry the server's time as `Date`."
    )
    error_body: str = behaviour(
        "object", "error-body", "Body of a response that is only an error.", "object", "string"
    )

    bulk_limit: int = behaviour(5000, "bulk-limit", "Maximum number of items of a bulk upsert.")
    body_limit_bytes: int = behaviour(
        0, "body-limit", "Larger request bodies, in bytes, are refused with 413; 0 = no limit."
    )
    unknown_id: str = behaviour(
        "create",
        "bulk-unknown-id",
        "An item with an `_id` that no record has: a record is created with a new `_id` or with "
        "the one sent, the item is refused, or the next keyable is tried.",
        "create",
        "create-with-id",
        "refuse",
        "fall-through",
    )
    unmatched_key: str = behaviour(
        "next",
        "bulk-unmatched-key",
        "An item with another keyable that no record has: the next keyable is tried, or a record "
        "is created.",
        "next",
        "create",
    )
    external_id: str = behaviour(
        "company",
        "external-id-scope",
        "Whether an `externalId` is unique inside its company or in the model, for models that "
        "belong to a company.",
        "company",
        "model",
    )
    custom: str = behaviour(
        "merge",
        "custom-merge",
        "Whether an update merges or replaces `custom`.",
        "merge",
        "replace",
    )
    repeated_key: str = behaviour(
        "refuse-batch",
        "bulk-repeated-key",
        "Two items of a payload with the same keyable: the batch is refused, the later item is "
        "refused, or both are applied in order.",
        "refuse-batch",
        "refuse-later",
        "last-wins",
    )
    unknown_properties: str = behaviour(
        "drop",
        "unknown-properties",
        "What happens to properties that are not documented.",
        "drop",
        "keep",
        "refuse",
    )
    unchanged: str = behaviour(
        "nonupdate",
        "no-op-update",
        "Whether an update that changes nothing counts as one of the `nonupdates`, moves "
        "`updatedAt` and counts as updated, or leaves `updatedAt` and counts as both.",
        "nonupdate",
        "bump",
        "both",
    )
    batch: str = behaviour(
        "each",
        "bulk-atomicity",
        "A batch with an invalid item: the valid items are applied, none is, or those before it "
        "are.",
        "each",
        "whole",
        "until-bad",
    )
    failure_answer: str = behaviour(
        "arrays",
        "bulk-failure-answer",
        "The response to a bulk upsert with an invalid item: the arrays, 400 with only a string, "
        "400 without a body, or 500.",
        "arrays",
        "string",
        "empty",
        "server-error",
    )
    all_failed_status: int = behaviour(
        400, "bulk-status-boundary", "Status if every item failed (400 or 206)."
    )
    forbidden_status: int = behaviour(
        403, "bulk-status-boundary", "Status if an item was forbidden (403 or 206)."
    )
    error_entries: str = behaviour(
        "opaque",
        "bulk-error-entries",
        "Form of the entries in the arrays of errors.",
        "index",
        "keyables",
        "nested-keyables",
        "text",
        "item",
        "nested-item",
        "property",
        "opaque",
        "nothing",
        "absent",
    )
    validation_errors: str = behaviour(
        "documented",
        "bulk-envelope",
        "Whether the response has `validationErrors`: empty for time entries and timesheets and "
        "no for others, as documented; no; empty; or with the entries of refused items, which are "
        "then neither in `createdErrors` nor in `updatedErrors`.",
        "documented",
        "absent",
        "empty",
        "filled",
    )
    counts: str = behaviour(
        "right",
        "bulk-counts",
        "Whether the counts are right, too small, too large or missing.",
        "right",
        "short",
        "long",
        "absent",
    )
    absent_arrays: str = behaviour(
        "none",
        "bulk-absent-arrays",
        "Arrays that are missing from the response.",
        "none",
        "empty",
        "permission",
        "successes",
        "all",
    )
    success_keys: str = behaviour(
        "held",
        "bulk-success-keys",
        "Keyables in `insertsKeys` and `updatesKeys`: all that the record has, those that were "
        "sent, or only `_id`.",
        "held",
        "sent",
        "id",
    )
    success_order: str = behaviour(
        "input", "bulk-success-order", "Order of the entries in these arrays.", "input", "reversed"
    )
    refused_marker: str = behaviour(
        "", "bulk-error-entries", "Items that contain this text anywhere are refused; empty = none."
    )
    forbidden_marker: str = behaviour(
        "",
        "bulk-permission-errors",
        "Items that contain this text anywhere are forbidden; empty = none.",
    )
    missing_delete: str = behaviour(
        "not-found",
        "delete-unknown",
        "The response to a delete of a record that does not exist: 404, or 200 with a count of 0.",
        "not-found",
        "zero",
    )

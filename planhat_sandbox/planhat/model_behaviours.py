"""Behaviours of single models, and of models as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from planhat_sandbox.planhat.behaviour import behaviour


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelBehaviours:
    """Behaviours that only some models have; the metadata is as that of `Behaviours`."""

    absent_models: str = behaviour(
        "",
        "absent-model",
        "Models that this tenant does not have, with commas or spaces: 404 for each of their "
        "routes; empty = none.",
    )
    forbidden_models: str = behaviour(
        "",
        "absent-model",
        "Models that the token has no permission for, with commas or spaces: 403 for each of "
        "their routes; empty = none.",
    )
    undocumented_routes: str = behaviour(
        "not-found",
        "ticket-methods",
        "Routes that the page of a model does not have, such as a get by id of tickets and a bulk "
        "upsert of custom fields: 404, 400, or served as for other models.",
        "not-found",
        "refused",
        "served",
    )
    order_without_sort: str = behaviour(
        "documented",
        "list-order",
        "Order of a list without `sort`: by the examples (conversations newest first, all others "
        "oldest first), or in the order of creation whatever the model.",
        "documented",
        "oldest-first",
        "newest-first",
    )
    default_lists: str = behaviour(
        "documented",
        "enduser-archived",
        "Whether lists of endusers, tasks and NPS leave out archived records and old answers "
        "unless a parameter asks for them.",
        "documented",
        "complete",
    )
    model_times: str = behaviour(
        "absent",
        "model-times",
        "The same as `objective_times`, for the other models whose pages show neither time.",
        "absent",
        "present",
        "oldest-first",
        "newest-first",
    )
    delete_answer: str = behaviour(
        "documented",
        "delete-answer",
        "The response to a delete: as documented (the record for conversations, counts for all "
        "others), counts, the record, or no body.",
        "documented",
        "counts",
        "record",
        "empty",
    )
    references: str = behaviour(
        "companies",
        "references",
        "References that must exist: those to companies, or those to any record.",
        "companies",
        "all",
    )
    silently_dropped: bool = behaviour(
        True,
        "ticket-model",
        "Whether an enduser without a company and a ticket without an e-mail address are left out "
        "of a bulk upsert without a word, or refused.",
    )
    days_as_text: str = behaviour(
        "refuse",
        "invoice-days",
        "A date sent for a number of days: refused, or converted.",
        "refuse",
        "convert",
    )
    ticket_names: str = behaviour(
        "renamed",
        "ticket-names",
        "`sourceId`, `title` and `description` of a ticket in responses: as `externalId`, "
        "`subject` and `snippet`, under the names with which they were sent, or under both.",
        "renamed",
        "as-sent",
        "both",
    )
    updates_need_external_id: bool = behaviour(
        False,
        "conversation-keyables",
        "Whether an update of a conversation that has no `externalId` is refused.",
    )
    note_keyables: str = behaviour(
        "id",
        "conversation-keyables",
        "Keyables of a note in a bulk upsert: only `_id`, or those of conversations.",
        "id",
        "external-id",
    )
    conversation_descriptions: str = behaviour(
        "as-sent",
        "conversation-descriptions",
        "The description of a conversation: stored as it was sent, or without its HTML tags.",
        "as-sent",
        "plain",
    )
    undocumented_keyables: str = behaviour(
        "matched",
        "model-keyables",
        "Whether a bulk upsert matches conversations, churn and the models without a page by other "
        "keyables than `_id`.",
        "matched",
        "ignored",
    )
    unknown_conversation_type: str = behaviour(
        "note",
        "conversation-model",
        "A conversation of a type that the tenant does not have becomes a note, or keeps it.",
        "note",
        "keep",
    )
    user_roles: str = behaviour(
        "by-id",
        "user-forms",
        "Where `roles` of a user are objects and not ids: in the response to a get by id, "
        "nowhere, or everywhere but in the response to a create.",
        "by-id",
        "nowhere",
        "everywhere",
    )

"""Reads a tenant's custom fields and translates their types into JSON Schema."""

from __future__ import annotations

import dataclasses
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.api.pagination.rows import read_pages
from planhat_sync.runtime.plural import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.model import Model
    from planhat_sync.runtime.threads import Threads

CUSTOM = "custom"
"""The property of a record that contains the values of its custom fields."""

CUSTOM_FIELDS = "customfields"
"""Name of the model whose records define the custom fields of all models."""

MAX_SHOWN: Final = 5
"""How many parents that no model has are named in a message."""

logger = logging.getLogger(__name__)

_NUMBER = {"type": ["number", "null"]}
_TEXT = {"type": ["string", "null"]}
_LIST = {"type": ["array", "null"], "items": _TEXT}
TYPES: Mapping[str, Mapping[str, Any]] = {
    **dict.fromkeys(("number", "rating"), _NUMBER),
    **dict.fromkeys(("text", "rich text", "list", "phone", "email", "url"), _TEXT),
    **dict.fromkeys(("team member", "enduser"), _TEXT),
    # No format: the vendor documents ISO dates, with and without a time part (fact: iso-dates).
    **dict.fromkeys(("day", "date"), _TEXT),
    "checkbox": {"type": ["boolean", "null"]},
    **dict.fromkeys(("multipicklist", "team members", "endusers"), _LIST),
}
"""JSON Schema of a value by the type of its custom field (vendor's page: Custom Field)."""


def read_custom_fields(
    client: PlanhatClient, models: Mapping[str, Model], threads: Threads | None = None
) -> list[dict[str, Any]]:
    """Read the custom fields of a tenant, for all models.

    Args:
        client: Sends the requests.
        models: The models by name, `CUSTOM_FIELDS` among them.
        threads: Starts the threads that fetch pages.

    Raises:
        PlanhatError: They cannot be read; the token may lack the permission.
    """
    select = ("name", "type", "parent")
    pages = read_pages(client, models[CUSTOM_FIELDS], select=select, threads=threads)
    return [row for page in pages for row in page]


def typed_models(
    models: Mapping[str, Model], fields: Iterable[Mapping[str, Any]]
) -> dict[str, Model]:
    """Return models with a schema for each of their custom fields.

    Models of one path are one model to Planhat, so that they have the custom fields of each other:
    those of notes are those of conversations. Custom fields of a parent that no model has, or whose
    model has no `custom`, are left out; one message says how many.

    Args:
        models: The models by name.
        fields: Records of `CUSTOM_FIELDS`, for any models.

    Returns:
        The models by name, whose property `custom` stays open for other fields.
    """
    rows = list(fields)
    with_custom = [model for model in models.values() if CUSTOM in model.properties]
    titles: dict[str, set[str]] = {}
    for model in with_custom:
        titles.setdefault(model.path, set()).add(model.title)
    known = {normalized_parent(model.title) for model in with_custom}
    unknown = Counter(
        parent
        for parent in (str(row.get("parent")) for row in rows)
        if normalized_parent(parent) not in known
    )
    if unknown:
        shown = ", ".join(sorted(unknown)[:MAX_SHOWN])
        logger.info(
            "%s left out: no model of this version has custom fields of the parent %s%s",
            counted(sum(unknown.values()), "custom field"),
            shown,
            ", …" if len(unknown) > MAX_SHOWN else "",
        )
    return {name: typed(model, rows, titles.get(model.path, ())) for name, model in models.items()}


def typed(model: Model, fields: Iterable[Mapping[str, Any]], parents: Iterable[str] = ()) -> Model:
    """Return a model with a schema for each of its custom fields.

    Args:
        model: The model.
        fields: Records of `CUSTOM_FIELDS`, for any models.
        parents: The titles of all models of its path; its own if there are no others.

    Returns:
        The model, whose property `custom` stays open for other fields.
    """
    properties = custom_properties(fields, *(parents or (model.title,)))
    if CUSTOM not in model.properties or not properties:
        return model
    custom = {**model.properties[CUSTOM], "properties": properties}
    return dataclasses.replace(model, properties={**model.properties, CUSTOM: custom})


def custom_properties(fields: Iterable[Mapping[str, Any]], *parents: str) -> dict[str, Any]:
    """Return the JSON Schema of the custom fields of one model.

    A field whose type is not in `TYPES` accepts any value. So does a label that two fields of
    different types share.

    Args:
        fields: Records of `CUSTOM_FIELDS`, for any models.
        parents: The model's title, such as `Issue`, and titles of models of the same path;
            compared without regard to case and to what is neither a letter nor a digit, since the
            vendor documents only some of the parents (fact: custom-fields).

    Returns:
        JSON Schema by label, in alphabetical order; the properties of `custom`.
    """
    wanted = {normalized_parent(parent) for parent in parents}
    typed: dict[str, dict[str, Any]] = {}
    for field in fields:
        label, owner = field.get("name"), normalized_parent(field.get("parent"))
        if not isinstance(label, str) or owner not in wanted:
            continue
        schema = dict(TYPES.get(type_name(field.get("type")), {}))
        if label in typed and {**typed[label], "description": ""} != {**schema, "description": ""}:
            schema = {}
        typed[label] = {**schema, "description": f"Custom field of type {field.get('type')}."}
    return dict(sorted(typed.items()))


def normalized_parent(parent: object) -> str:
    """Return the name of a custom field's model in the form in which it is compared.

    Args:
        parent: The name, as a custom field has it, or a model's title.
    """
    return "".join(filter(str.isalnum, str(parent))).casefold()


def type_name(kind: object) -> str:
    """Return a custom field's type as it stands in `TYPES`.

    Args:
        kind: The type, as a custom field has it.
    """
    return " ".join(str(kind).replace("_", " ").casefold().split())

"""Custom fields: what a tenant has added to a model, and the types of their values.

Owns the translation of Planhat's custom field types into JSON Schema, and the one question that
it takes.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from planhat_sync.api.pagination.scan import read_pages
from planhat_sync.models import Model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planhat_sync.api.client import PlanhatClient

CUSTOM = "custom"
"""The property of a record that holds the values of its custom fields."""

CUSTOM_FIELDS = Model(
    name="customfields",
    title="Custom Field",
    path="/customfields",
    keyables=("_id",),
    keyable_scope={},
    page_limit=2_000,
    bulk_limit=0,
    required=("name", "type", "parent", "isHidden"),
    bulk_required=(),
    replication_key=None,
    company_reference=None,
    properties={},
    read_only=frozenset(),
)
"""The model Custom Field: read here, never written (vendor's page: Custom Field)."""

_NUMBER = {"type": ["number", "null"]}
_TEXT = {"type": ["string", "null"]}
_TRUTH = {"type": ["boolean", "null"]}
_LIST = {"type": ["array", "null"], "items": {"type": ["string", "null"]}}
TYPES: Mapping[str, Mapping[str, Any]] = {
    "number": _NUMBER,
    "rating": _NUMBER,
    "text": _TEXT,
    "rich text": _TEXT,
    "list": _TEXT,
    "phone": _TEXT,
    "email": _TEXT,
    "url": _TEXT,
    "team member": _TEXT,
    "enduser": _TEXT,
    # No format: the vendor documents ISO dates, with and without a time part (fact: iso-dates).
    "day": _TEXT,
    "date": _TEXT,
    "checkbox": _TRUTH,
    "multipicklist": _LIST,
    "team members": _LIST,
    "endusers": _LIST,
}
"""JSON Schema of a value, by the type of its custom field (vendor's page: Custom Field)."""


def read_custom_fields(client: PlanhatClient) -> list[dict[str, Any]]:
    """Ask a tenant for its custom fields, those of all models.

    Args:
        client: Asks Planhat.

    Raises:
        PlanhatError: They cannot be had; the token may lack the right.
    """
    needed = ("name", "type", "parent")
    return [row for page in read_pages(client, CUSTOM_FIELDS, select=needed) for row in page]


def typed(model: Model, fields: Iterable[Mapping[str, Any]]) -> Model:
    """Type the values of a model's custom fields.

    Args:
        model: The model.
        fields: Records of `CUSTOM_FIELDS`, of any models.

    Returns:
        The model, with a schema for each custom field it has; `custom` stays open for others.
    """
    properties = custom_properties(fields, model.title)
    if CUSTOM not in model.properties or not properties:
        return model
    custom = {**model.properties[CUSTOM], "properties": properties}
    return dataclasses.replace(model, properties={**model.properties, CUSTOM: custom})


def custom_properties(fields: Iterable[Mapping[str, Any]], parent: str) -> dict[str, Any]:
    """Type the custom fields of one model.

    A type that is not in `TYPES` stays open: any value is right. So does a label that two fields
    share and type differently.

    Args:
        fields: Records of `CUSTOM_FIELDS`, of any models.
        parent: The model's title, such as `Issue`; compared without regard to case and spaces,
            since the vendor names only some of the parents.

    Returns:
        JSON Schema of each label, in the order of the labels; to be put below `custom`.
    """
    typed: dict[str, dict[str, Any]] = {}
    for field in fields:
        label = field.get("name")
        if not isinstance(label, str) or _plain(field.get("parent")) != _plain(parent):
            continue
        schema = dict(TYPES.get(_words(field.get("type")), {}))
        if label in typed and {**typed[label], "description": ""} != {**schema, "description": ""}:
            schema = {}
        typed[label] = {**schema, "description": f"Custom field of type {field.get('type')}."}
    return dict(sorted(typed.items()))


def _plain(parent: object) -> str:
    return str(parent).replace(" ", "").casefold()


def _words(kind: object) -> str:
    return " ".join(str(kind).replace("_", " ").casefold().split())

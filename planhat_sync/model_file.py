"""What a file in `schemas/` may say; ``model.meta.json`` is the same for editors and tests."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

INTERNAL_KEYWORDS = frozenset(
    {"$schema", "$id", "$comment", "readOnly", "unit", "precision", "x-planhat"}
)
"""Schema keywords that only this project uses, and that a record schema leaves out."""

Access = Literal["read", "write"]
"""What a model that is not both read and written is."""

Evidence = Literal["documented", "transcribed", "client code", "guess"]
"""How well a file is founded: on the vendor's page, on a third party's copy of it, on programs that
use the API, or on nothing but likeness to other models."""

CompanyFilter = Literal["several", "one", "none"]
"""What a list's `companyId` takes: several ids with commas, one id, or nothing."""

_Constant = str | int | bool


class Keywords(msgspec.Struct, forbid_unknown_fields=True):
    """The keywords of ``x-planhat``; `Model` says what each of them means."""

    path: str
    keyables: tuple[str, ...]
    page_limit: int
    bulk_limit: int | None = None
    bulk_keyables: tuple[str, ...] | None = None
    keyable_scope: dict[str, str] = {}
    bulk_required: tuple[str, ...] | None = None
    replication_key: str | None = None
    possible_replication_key: str | None = None
    company_reference: str | None = None
    company_filter: CompanyFilter = "one"
    lists: Annotated[tuple[dict[str, str], ...], msgspec.Meta(min_length=1)] = ({},)
    get_by_id: bool = True
    key_prefixes: dict[str, str | None] = {}
    constants: dict[str, _Constant] = {}
    archive_flag: str = "archived"
    returned_as: dict[str, str] = {}
    access: Access | None = None
    selected_by_default: bool = False
    evidence: Evidence = "documented"
    facts: tuple[str, ...] = ()


class ModelFile(msgspec.Struct):
    """The parts of a schema file that make a model."""

    planhat: Keywords = msgspec.field(name="x-planhat")
    properties: dict[str, dict[str, Any]]
    required: tuple[str, ...] = ()
    title: str = ""


def public(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a copy of a subschema without the internal keywords, and with all objects open.

    Args:
        schema: A JSON Schema, or a part of one.
    """
    if isinstance(schema, dict):
        open_object = {"additionalProperties": True} if "properties" in schema else {}
        return open_object | {
            keyword: (
                {name: public(inner) for name, inner in value.items()}
                if keyword == "properties"  # the keys below it are names, not keywords
                else public(value)
            )
            for keyword, value in schema.items()
            if keyword not in INTERNAL_KEYWORDS
        }
    if isinstance(schema, list):
        return [public(item) for item in schema]
    return schema

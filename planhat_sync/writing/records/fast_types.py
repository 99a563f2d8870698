"""The msgspec type that stands for a property's JSON Schema, and what it leaves to be looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Raw, UnsetType

from planhat_sync.writing.records.exact_json import MAX_DEPTH
from planhat_sync.writing.records.explain import declared_types

_SAYING_NOTHING: Final = frozenset(
    {"type", "title", "description", "format", "default", "examples", "$comment"}
)
"""Words of a property's schema that do not narrow what its type allows."""
NAMEABLE: Final = re.compile('[^"\\\\\\x00-\\x1f\\ud800-\\udfff]*')
"""Names that a struct can have; a record with any other name is not plain."""


def _is_whole(raw: bytes) -> bool:
    return raw == b"null" or raw.removeprefix(b"-").isdigit()


def _is_shallow(raw: bytes) -> bool:
    return len(raw) < 2 * MAX_DEPTH or raw.count(b"{") + raw.count(b"[") < MAX_DEPTH


def _is_plain(_: bytes) -> bool:
    return True


Check = tuple[frozenset[bytes], Callable[[bytes], bool]]
_NUMBER: Final = frozenset(b"0 1 2 3 4 5 6 7 8 9 -".split())
_CHECKS: Final[Mapping[str, Check]] = {
    "number": (_NUMBER, _is_plain),
    "integer": (_NUMBER, _is_whole),
    "array": (frozenset({b"["}), _is_shallow),
    "object": (frozenset({b"{"}), _is_shallow),
}
"""What raw JSON of a type begins with, and what more is to be looked at."""

_OPEN: Final[Mapping[str, tuple[object, ...]]] = {
    "array": ({}, {"items": {}}),
    "object": ({}, {"additionalProperties": True}),
}
"""Schemas of arrays and objects that anything fits."""


def field_type(schema: Mapping[str, Any]) -> tuple[Any, Check | None]:
    """Give the struct's type for a property, and a check for what that type leaves open.

    Args:
        schema: The property's JSON Schema.

    Returns:
        The type, and what its JSON begins with and a look at the rest of it, if need be. A schema
        that says more than a type can gets `UnsetType`: no record that has it is plain.
    """
    types = declared_types(schema)
    words = {word: value for word, value in schema.items() if word not in _SAYING_NOTHING}
    null = types & {"null"}
    kind = next(iter(types - null)) if len(types - null) == 1 else ""
    whole: Any = {"string": str, "boolean": bool}.get(kind)
    if kind == "array" and words == {"items": {"type": "string"}}:
        whole, words = list[str], {}
    if whole is not None and not words:
        return (whole | UnsetType | None if null else whole | UnsetType), None
    if kind not in _CHECKS or words not in _OPEN.get(kind, ({},)):
        return UnsetType, None
    beginnings, is_plain = _CHECKS[kind]
    # Of all JSON, null alone begins with an n.
    return Raw | UnsetType, (beginnings | {b"n"} if null else beginnings, is_plain)

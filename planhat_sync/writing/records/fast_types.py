"""The msgspec types of the fast path, and the checks that a property needs beyond its type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from msgspec import Raw, UnsetType

from planhat_sync.writing.records.coercions import declared_types
from planhat_sync.writing.records.exact_json import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_ANNOTATIONS: Final = frozenset(
    {"type", "title", "description", "format", "unit", "precision"}
    | {"default", "examples", "$comment"}
)
"""Keywords of a property's schema that do not restrict its values further than its type."""
FIELD_NAME: Final = re.compile('[^"\\\\\\x00-\\x1f\\ud800-\\udfff]*')
"""Names that a field of a struct can have."""


def _is_whole(raw: bytes) -> bool:
    return raw == b"null" or raw.removeprefix(b"-").isdigit()


def _is_shallow(raw: bytes) -> bool:
    return len(raw) < 2 * MAX_DEPTH or raw.count(b"{") + raw.count(b"[") < MAX_DEPTH


class Check(NamedTuple):
    """What has to be checked of values that are left as raw JSON.

    Attributes:
        beginnings: The bytes that they may begin with.
        test: A test of the rest, if it needs one.
    """

    beginnings: frozenset[bytes]
    test: Callable[[bytes], bool] | None

    def passes(self, raws: Iterable[bytes]) -> bool:
        """Return whether all values pass.

        Args:
            raws: The values as JSON; empty where there is none.
        """
        given = list(filter(None, raws))
        return self.beginnings.issuperset([raw[:1] for raw in given]) and (
            self.test is None or all(map(self.test, given))
        )


_DIGITS: Final = frozenset(b"0 1 2 3 4 5 6 7 8 9 -".split())
_CHECKS: Final[Mapping[str, Check]] = {
    "number": Check(_DIGITS, None),
    "integer": Check(_DIGITS, _is_whole),
    "array": Check(frozenset({b"["}), _is_shallow),
    "object": Check(frozenset({b"{"}), _is_shallow),
}

_OPEN: Final[Mapping[str, tuple[object, ...]]] = {
    "array": ({}, {"items": {}}),
    "object": ({}, {"additionalProperties": True}),
}
"""Keywords of arrays and objects that may hold anything."""


def field_type(schema: Mapping[str, Any]) -> tuple[Any, Check | None]:
    """Return the struct's type for a property, and the check that it needs beyond that type.

    Args:
        schema: The property's JSON Schema.

    Returns:
        The type, and the check, None if it needs none. The type is `UnsetType` if the schema
        restricts the property further than a type and a check can: the struct then does not decode
        a record that has it.
    """
    types = declared_types(schema)
    words = {word: value for word, value in schema.items() if word not in _ANNOTATIONS}
    null = types & {"null"}
    kind = next(iter(types - null)) if len(types - null) == 1 else ""
    decoded: Any = {"string": str, "boolean": bool}.get(kind)
    if kind == "array" and words == {"items": {"type": "string"}}:
        decoded, words = list[str], {}
    if decoded is not None and not words:
        return (decoded | UnsetType | None if null else decoded | UnsetType), None
    if kind not in _CHECKS or words not in _OPEN.get(kind, ({},)):
        return UnsetType, None
    beginnings, test = _CHECKS[kind]
    # In JSON, only null begins with an n.
    return Raw | UnsetType, Check(beginnings | {b"n"} if null else beginnings, test)


def constant_type(value: object) -> tuple[Any, Check | None]:
    """Return the same for a property that has one value in every record.

    Args:
        value: The value. Only of a text, a type is made that has no other value; otherwise the
            struct does not decode a record that has the property.
    """
    return (Literal[value] | UnsetType if isinstance(value, str) else UnsetType), None

"""The few changes of type that are certain; everything else is left for the schema to refuse.

Owns how one value is brought to the type that the model declares. `COERCIONS` is the whole list:
`docs/coercions.md` is printed from it, and there is no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from planhat_sync.writing.records.exact_json import decode, exact_number, is_number_text

if TYPE_CHECKING:
    from collections.abc import Callable

_LARGEST_EXPONENT = 100
"""A number with more zeros than this is no identifier; it is not written out as text."""


UNCHANGED: Final = object()
"""What a coercion answers when it is not certain."""


@dataclass(frozen=True, slots=True)
class Coercion:
    """One certain change of type.

    Attributes:
        given: What the record holds, for people.
        declared: JSON Schema types of the property, any of which asks for this.
        becomes: What is sent, for people.
        change: The value as it is sent, or UNCHANGED.
        examples: JSON text as it comes, and as it leaves; None where the schema refuses it.
    """

    given: str
    declared: frozenset[str]
    becomes: str
    change: Callable[[Any], Any]
    examples: tuple[tuple[str, str | None], ...]


def number_text(value: Any) -> Any:  # noqa: ANN401 - any value of a record
    """Write a number as the identifier it stands for: 1234, 1234.0 and 1.234e3 are "1234".

    JSON does not tell these three apart, and a source may write the first today and the second
    tomorrow (a column of integers with a gap becomes floats in many tools). Planhat itself
    answers `"externalId": 1234` with `"1234"` (the vendor's page on objectives).
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return UNCHANGED
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, int):
        value = Decimal(value)
    if not value.is_finite() or abs(value.adjusted()) > _LARGEST_EXPONENT:
        return UNCHANGED
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def parsed_json(value: Any) -> Any:  # noqa: ANN401 - any value of a record
    """Read the JSON text that warehouses without nested types send for an array or an object."""
    if not isinstance(value, str) or not value.lstrip(" \t\r\n").startswith(("[", "{", "null")):
        return UNCHANGED
    try:
        return decode(value.encode())
    except ValueError:
        return UNCHANGED


def parsed_number(value: Any) -> Any:  # noqa: ANN401 - any value of a record
    """Read the text of a number, digit by digit as it stands."""
    return exact_number(value) if isinstance(value, str) and is_number_text(value) else UNCHANGED


COERCIONS: Final = (
    Coercion(
        given="a number",
        declared=frozenset({"string"}),
        becomes="its text, written out, without zeros that say nothing",
        change=number_text,
        examples=(
            ("1234", '"1234"'),
            ("1234.0", '"1234"'),
            ("1e3", '"1000"'),
            ("0.50", '"0.5"'),
            ("12345678901234567890", '"12345678901234567890"'),
            ("1e400", None),
            ("true", None),
            ("[1234]", None),
        ),
    ),
    Coercion(
        given="JSON text",
        declared=frozenset({"array", "object"}),
        becomes="the array or object that it holds",
        change=parsed_json,
        examples=(
            ('"[\\"a\\"]"', '["a"]'),
            ('"{\\"a\\": 0.10}"', '{"a": 0.10}'),
            ('"null"', "null"),
            ('"a,b"', None),
            ('""', None),
            ('"\\"[]\\""', None),
        ),
    ),
    Coercion(
        given="the text of a number",
        declared=frozenset({"number", "integer"}),
        becomes="the number, every digit kept",
        change=parsed_number,
        examples=(
            ('"5"', "5"),
            ('"0.10"', "0.10"),
            ('"-1e3"', "-1e3"),
            ('" 5"', None),
            ('"1,5"', None),
            ('"NaN"', None),
            ('""', None),
            ("true", None),
        ),
    ),
)
"""Every coercion there is, apart from datetime objects, which `format_timestamp` writes."""


def coerce(value: Any, declared: frozenset[str]) -> Any:  # noqa: ANN401 - any value of a record
    """Bring a value to one of the declared types, if it is not of one and the way is certain.

    Args:
        value: The value as it came; dates and datetimes are text already.
        declared: JSON Schema types that the property may have; empty = any.

    Returns:
        The value to send, or the value as it came, for the schema to accept or refuse.
    """
    if not declared or _is_one_of(value, declared):
        return value
    for coercion in COERCIONS:
        if not coercion.declared.isdisjoint(declared):
            changed = coercion.change(value)
            if changed is not UNCHANGED and _is_one_of(changed, declared):
                return changed
    return value


_TYPES: Final[dict[type, tuple[str, ...]]] = {
    type(None): ("null",),
    bool: ("boolean",),
    str: ("string",),
    int: ("number", "integer"),
    float: ("number", "integer"),  # whether it is whole is for the schema to say
    Decimal: ("number", "integer"),
    msgspec.Raw: ("number", "integer"),
    list: ("array",),
    dict: ("object",),
}


def plain_types(declared: frozenset[str]) -> frozenset[type]:
    """List the Python types of values that can be sent as they are: scalars of a declared type."""
    return frozenset(
        type_
        for type_ in (type(None), bool, str, int)
        if not declared or not declared.isdisjoint(_TYPES[type_])
    )


def _is_one_of(value: Any, declared: frozenset[str]) -> bool:  # noqa: ANN401 - any value
    return any(name in declared for name in _TYPES.get(type(value), ()))

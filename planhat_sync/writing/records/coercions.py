"""The few type changes that are certain; the schema refuses every other value of a wrong type.

Owns how one value becomes a value of the type that its model declares. `COERCIONS` is the complete
list, and `docs/coercions.md` is generated from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from planhat_sync.writing.records.date_texts import date_parts, local_time
from planhat_sync.writing.records.exact_json import (
    decode,
    exact_number,
    is_number_text,
    without_trailing_zeros,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DAYS: Final = "days"
"""Stands beside the JSON Schema types for an integer that counts days (keyword `unit`)."""

_EPOCH: Final = date(1970, 1, 1).toordinal()
_MAX_EXPONENT: Final = 100
"""A number with more zeros than this is not an identifier, so it is not written out as text."""

UNCHANGED: Final = object()
"""Returned by a coercion that is not certain."""


@dataclass(frozen=True, slots=True)
class Coercion:
    """One certain change of type.

    Attributes:
        given: What the record holds, for the documentation.
        declared: JSON Schema types, or DAYS; the coercion applies to properties that have one of
            them.
        becomes: What is sent, for the documentation.
        change: Returns the value to send, or UNCHANGED.
        examples: JSON text as it is received, and as it is sent; None if the schema refuses it.
    """

    given: str
    declared: frozenset[str]
    becomes: str
    change: Callable[[Any], Any]
    examples: tuple[tuple[str, str | None], ...]


def number_text(value: Any) -> Any:  # noqa: ANN401 - any value of a record
    """Write a number as the identifier that it stands for: 1234, 1234.0 and 1.234e3 are "1234".

    JSON does not distinguish these three, and a source may write the first one today and the second
    one tomorrow (many tools turn a column of integers with a gap into floats). Planhat itself
    answers `"externalId": 1234` with `"1234"` (the vendor's page on objectives).
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return UNCHANGED
    number = without_trailing_zeros(value)
    if not number.is_finite() or abs(number.adjusted()) > _MAX_EXPONENT:
        return UNCHANGED
    return format(number, "f")


def parsed_json(value: Any) -> Any:  # noqa: ANN401 - any value of a record
    """Read the JSON text that warehouses without nested types send for an array or an object."""
    if not isinstance(value, str) or not value.lstrip(" \t\r\n").startswith(("[", "{", "null")):
        return UNCHANGED
    try:
        return decode(value.encode())
    except ValueError:
        return UNCHANGED


def parsed_number(value: Any) -> Any:  # noqa: ANN401 - any value of a record
    """Read the text of a number, with all its digits."""
    return exact_number(value) if isinstance(value, str) and is_number_text(value) else UNCHANGED


def days(value: Any) -> Any:  # noqa: ANN401 - any value of a record
    """Count the days from 1970-01-01 to the UTC day of a date or a date-time."""
    parts = date_parts(value.strip()) if isinstance(value, str) else None
    try:
        if parts is None:
            return UNCHANGED
        time, offset = local_time(parts)
        return (time - offset).toordinal() - _EPOCH
    except (ValueError, OverflowError):  # 30 February, or a day before the year 1 in UTC
        return UNCHANGED


COERCIONS: Final = (
    Coercion(
        given="the text of a date or a date-time",
        declared=frozenset({DAYS}),
        becomes="the number of days from 1970-01-01 to its UTC day; without an offset it is in UTC",
        change=days,
        examples=(
            ('"1970-01-01"', "0"),
            ('"2024-02-29"', "19782"),
            ('"2024-02-29T23:59:59.999Z"', "19782"),
            ('"2024-02-29T23:30:00-01:00"', "19783"),
            ('"2024-02-29 12:00:00"', "19782"),
            ('"1969-12-31"', "-1"),
            ('"2024-02-30"', None),
            ('"20240229"', "20240229"),
            ('"29.02.2024"', None),
            ('"yesterday"', None),
        ),
    ),
    Coercion(
        given="a number",
        declared=frozenset({"string"}),
        becomes="its text, written out, without trailing zeros",
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
        becomes="the number, with all its digits",
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
"""Every coercion, apart from datetime objects, which `exact_json.json_value` writes as text."""


def coerce(value: Any, declared: frozenset[str]) -> Any:  # noqa: ANN401 - any value of a record
    """Change a value to one of the declared types, if it has none of them and the way is certain.

    Args:
        value: The value of the record; dates and datetimes are text already.
        declared: What the property may be, as `coerced_types` returns it.

    Returns:
        The value to send. If no coercion applies, that is the same value, which the schema then
        accepts or refuses.
    """
    if not declared or _has_declared_type(value, declared):
        return value
    for coercion in COERCIONS:
        if not coercion.declared.isdisjoint(declared):
            changed = coercion.change(value)
            if changed is not UNCHANGED and _has_declared_type(changed, declared):
                return changed
    return value


def declared_types(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the JSON Schema types that a property may have; empty = any."""
    declared = schema.get("type", ())
    return frozenset([declared] if isinstance(declared, str) else declared)


def coerced_types(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the same, with DAYS for an integer that counts days."""
    return declared_types(schema) | ({DAYS} if schema.get("unit") == DAYS else frozenset())


def accepted_scalars(declared: frozenset[str]) -> frozenset[type]:
    """Return the scalar Python types whose values are sent unchanged and need no check."""
    return frozenset(
        type_
        for type_ in (type(None), bool, str, int)
        if not declared or not declared.isdisjoint(JSON_TYPES[type_])
    )


def _has_declared_type(value: Any, declared: frozenset[str]) -> bool:  # noqa: ANN401 - any value
    return any(name in declared for name in JSON_TYPES.get(type(value), ()))


JSON_TYPES: Final[dict[type, tuple[str, ...]]] = {
    type(None): ("null",),
    bool: ("boolean",),
    str: ("string",),
    int: ("number", "integer"),
    float: ("number", "integer"),  # the schema checks whether it is a whole number
    Decimal: ("number", "integer"),
    msgspec.Raw: ("number", "integer"),
    list: ("array",),
    dict: ("object",),
}
"""The JSON Schema types that a value of each Python type may be declared with."""

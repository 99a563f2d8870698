"""Why a record does not fit its model, in one sentence; only asked about records that failed.

Owns the words. `jsonschema` finds the place, since its errors carry the most; it takes a hundred
times as long as the compiled validator that found the record wanting.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.writing.records.payload import Reject, RejectCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonschema.exceptions import ValidationError

_WORDS: Final = {
    "null": "null",
    "boolean": "true or false",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "array": "an array",
    "object": "an object",
}


def declared_types(schema: Mapping[str, Any]) -> frozenset[str]:
    """List the JSON Schema types a property may have; empty = any."""
    declared = schema.get("type", ())
    return frozenset([declared] if isinstance(declared, str) else declared)


class Explanation:
    """The reasons why records do not fit the properties of one model.

    Args:
        properties: JSON Schema of each property that may be sent.
    """

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._properties = properties
        self._validators = {
            name: Draft202012Validator(schema) for name, schema in properties.items()
        }

    def of(self, record: Mapping[str, Any]) -> Reject | None:
        """Explain what is wrong with the first property that does not fit.

        Args:
            record: Properties as they would be sent, which the compiled validator refused.

        Returns:
            None if nothing is wrong after all: a number too long for the compiled validator to
            know as one.
        """
        for name, value in record.items():
            error = best_match(self._validators[name].iter_errors(_plain(value)))
            if error is not None:
                label = error.absolute_path[0] if name == CUSTOM and error.absolute_path else None
                place = name if label is None else f"{name}.{label}"
                return Reject(RejectCode.WRONG_TYPE, self._sentence(name, error), place)
        return None

    def _sentence(self, name: str, error: ValidationError) -> str:
        place = name + "".join(f"[{part!r}]" for part in error.absolute_path)
        if error.validator == "type":
            types = sorted(declared_types({"type": error.validator_value}), key=_null_last)
            words = " or ".join(_WORDS[type_] for type_ in types)
            return f"{place} is {_kind(error.instance)}, and has to be {words}"
        return f"{place} does not fit the model's {error.validator}: {error.validator_value}"


def _null_last(type_: str) -> tuple[bool, str]:
    return type_ == "null", type_


def _kind(value: object) -> str:
    """Name the kind of a value, and not the value, which may be anything about anybody."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text" if value else "empty text"
    if isinstance(value, (int, float)):
        return "a number"
    return "an array" if isinstance(value, list) else "an object"


def _plain(value: Any) -> Any:  # noqa: ANN401 - any sendable value
    """Put the numbers that jsonschema does not know as it knows them, near enough to judge."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, msgspec.Raw):
        return 1
    if isinstance(value, Decimal):
        return float(value)  # 1.0 is an integer to jsonschema, and infinity is a number
    return value

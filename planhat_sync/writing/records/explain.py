"""Why a record does not fit its model, in one sentence.

Owns the sentences. `jsonschema` finds the place, because its errors carry the most detail. It takes
a hundred times as long as the compiled validator, so only records that failed there get here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.writing.records.coercions import JSON_TYPES, declared_types
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


class Explainer:
    """Explains why records do not fit the properties of one model.

    Args:
        properties: JSON Schema of each property that may be sent.
    """

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._validators = {
            name: Draft202012Validator(schema) for name, schema in properties.items()
        }

    def explain(self, record: Mapping[str, Any]) -> Reject | None:
        """Explain what is wrong with the first property that does not fit.

        Args:
            record: Properties as they would be sent, which the compiled validator refused.

        Returns:
            The reject, or None if nothing is wrong: the compiled validator refuses numbers that are
            too long for it.
        """
        for name, value in record.items():
            error = best_match(self._validators[name].iter_errors(_for_jsonschema(value)))
            if error is not None:
                label = error.absolute_path[0] if name == CUSTOM and error.absolute_path else None
                place = name if label is None else f"{name}.{label}"
                return Reject(RejectCode.WRONG_TYPE, _sentence(name, error), place)
        return None


def _sentence(name: str, error: ValidationError) -> str:
    parts = [f".{part}" if isinstance(part, str) else f"[{part}]" for part in error.absolute_path]
    place = "".join([name, *parts])
    if error.validator == "type":
        types = declared_types({"type": error.validator_value})
        null_last = sorted(types, key=lambda type_: (type_ == "null", type_))
        words = " or ".join(_WORDS[type_] for type_ in null_last)
        return f"{place} is {_kind(error.instance)}, but must be {words}"
    allowed = error.validator_value
    text = ", ".join(map(str, allowed)) if isinstance(allowed, list) else allowed
    return f"{place} does not fit the model's {error.validator}: {text}"


def _kind(value: object) -> str:
    """Name the kind of a value, and never the value, which may be personal data."""
    return "empty text" if value == "" else _WORDS[JSON_TYPES[type(value)][0]]


def _for_jsonschema(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Replace the numbers that jsonschema does not know by numbers of the same JSON type."""
    if isinstance(value, list):
        return [_for_jsonschema(item) for item in value]
    if isinstance(value, dict):
        return {name: _for_jsonschema(item) for name, item in value.items()}
    if isinstance(value, msgspec.Raw):
        return 1
    if isinstance(value, Decimal):
        return float(value)  # jsonschema takes 1.0 for an integer, and infinity for a number
    return value

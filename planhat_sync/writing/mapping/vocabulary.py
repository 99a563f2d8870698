"""Whether a mapping keeps to the vocabulary of `mappings`, in sentences that name the place.

Owns the form of a mapping, which its JSON Schema describes; `definition` checks what it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from jsonschema import Draft202012Validator

from planhat_sync.runtime.config_errors import did_you_mean
from planhat_sync.writing.mapping_setting import FORMS, MAPPING
from planhat_sync.writing.records.unknown_properties import printable_name

if TYPE_CHECKING:
    from jsonschema import ValidationError

_VALIDATOR: Final = Draft202012Validator(MAPPING)
_FORM_VALIDATORS: Final = {word: Draft202012Validator(form) for word, form in FORMS.items()}
_TYPES: Final = {"string": "text", "object": "an object"}


def form_error(mapping: object) -> str | None:
    """Return what is wrong with the form of a mapping, None if nothing is.

    Args:
        mapping: An item of the setting.

    Returns:
        The end of a sentence that begins with the mapping; it holds no value.
    """
    error = next(_VALIDATOR.iter_errors(mapping), None)
    return _sentence(error, "") if error else None


def _sentence(error: ValidationError, around: str) -> str:
    """Return what an error of a JSON Schema means for the user.

    Args:
        error: The error.
        around: The place of what was checked.
    """
    place = ".".join(
        filter(None, [around, *(printable_name(str(part)) for part in error.absolute_path)])
    )
    rule = str(error.validator)
    given: Any = error.instance
    schema: Any = error.schema
    if rule == "oneOf":
        return _entry_error(given, place)
    if rule == "required":
        found = f"needs {next(word for word in schema['required'] if word not in given)}"
    elif rule == "additionalProperties":
        known = schema["properties"]
        unknown = next(word for word in given if word not in known)
        found = (
            f"has {printable_name(unknown)}, which means nothing here{did_you_mean(unknown, known)}"
        )
    elif rule == "type":
        found = f"must be {_TYPES[schema['type']]}"
    elif rule == "enum":
        found = f"must be {' or '.join(schema['enum'])}"
    elif rule == "dependentRequired":
        found = "has else, which needs map"
    else:  # minLength and minProperties
        found = "is empty"
    return f"{place}: it {found}" if place else found


def _entry_error(entry: object, place: str) -> str:
    """Return what is wrong with an entry that has none of the forms."""
    if isinstance(entry, str):
        return f"{place}: the expression is empty"
    if isinstance(entry, list):
        for at, item in enumerate(entry):
            if found := _item_error(item, f"{place}[{at}]"):
                return found
        return f"{place}: it is an empty list; write {{value: []}} to send one"
    return _item_error(entry, place)


def _item_error(entry: object, place: str) -> str:
    """Return what is wrong with an item of a list, nothing if it is an entry."""
    if isinstance(entry, str):
        return "" if entry else f"{place}: the expression is empty"
    if not isinstance(entry, Mapping):
        return (
            f"{place}: it is neither an expression (text) nor an object; a constant is written as "
            "{value: …}"
        )
    words = [word for word in FORMS if word in entry]
    if len(words) != 1:
        meant = "" if words else did_you_mean(next(iter(entry), ""), FORMS)
        return f"{place}: it must have exactly one of {', '.join(FORMS)}{meant}"
    error = next(_FORM_VALIDATORS[words[0]].iter_errors(entry), None)
    return _sentence(error, place) if error else ""

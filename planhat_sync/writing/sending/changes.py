"""Which values a write would change, and where the new ones come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.writing.matching.fingerprints import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Change(NamedTuple):
    """A value that would be written.

    Attributes:
        name: The property, or `custom.<label>` for a custom field.
        new: The value.
        old: The value in Planhat, None also if it has none.
        source: Where the new value comes from, None if that is not known.
    """

    name: str
    new: Any
    old: Any
    source: str | None


def changes_of(
    new: Mapping[str, Any], old: Mapping[str, Any], sources: Mapping[str, str]
) -> Iterator[Change]:
    """Return the values that would be written, property by property.

    If the sources of all custom fields are known, each that differs is a change of its own.

    Args:
        new: The properties that would be written.
        old: The record in Planhat, empty if there is none.
        sources: The sources of properties, those of custom fields by `custom.<label>`.
    """
    for name, value in new.items():
        held = old.get(name)
        fields = _custom_fields(value, held, sources) if name == CUSTOM else ()
        yield from fields or [Change(name, value, held, sources.get(name))]


def _custom_fields(new: Any, old: Any, sources: Mapping[str, str]) -> list[Change]:  # noqa: ANN401 - any JSON value
    if not isinstance(new, dict) or not all(f"{CUSTOM}.{label}" in sources for label in new):
        return []
    held = old if isinstance(old, dict) else {}
    return [
        Change(f"{CUSTOM}.{label}", value, held.get(label), sources[f"{CUSTOM}.{label}"])
        for label, value in new.items()
        if fingerprint(value) != fingerprint(held.get(label))
    ]

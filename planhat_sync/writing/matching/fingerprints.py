"""Whether a record in Planhat has the values that would be sent, from eight bytes of each value.

Owns which values are equal: numbers by their value, objects regardless of order, a null as a
property or custom field that is absent, and date-times by their millisecond, or by their day where
Planhat keeps no more of them.
"""

from __future__ import annotations

from struct import Struct
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.timestamps import parse_timestamp
from planhat_sync.writing.records.exact_json import without_trailing_zeros

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

NOTHING: Final = 0
"""Fingerprint of null, and of an absent property."""
UNSURE: Final = -1
"""Fingerprint of a value that is not known. It is not equal to any other, nor to itself."""

_ENCODER: Final = msgspec.json.Encoder(order="sorted")


def fingerprint(value: Any) -> int:  # noqa: ANN401 - any JSON value
    """Return a number of eight bytes that is the same for equal values within one process.

    Args:
        value: As `exact_json.decode` reads it, so that numbers are exact.
    """
    if value is None:
        return NOTHING
    # In a tuple, since a text and its bytes have the same hash: the text "true" must differ from
    # the boolean.
    mark = hash(value if isinstance(value, str) else (_ENCODER.encode(_canonical(value)),))
    return mark if mark not in (NOTHING, UNSURE) else 1


def fingerprint_for(schema: Mapping[str, Any]) -> Callable[[Any], int]:
    """Return what makes the fingerprints of a property.

    Planhat returns a date-time in one form, in UTC and with milliseconds, whatever form was sent,
    and of some properties with the time of midnight (facts iso-times and time-entry-date). So they
    count as equal if they are the same millisecond or day; other texts are compared as they are.

    Args:
        schema: The property's JSON Schema.
    """
    if schema.get("precision") == "day" or schema.get("format") == "date":
        return lambda value: fingerprint(_up_to(value, len("YYYY-MM-DD")))
    if schema.get("format") == "date-time":
        return lambda value: fingerprint(_up_to(value, len("YYYY-MM-DDTHH:MM:SS.mmm")))
    return fingerprint


def _up_to(value: object, length: int) -> object:
    """Return the beginning of a date-time in UTC; any other value as it is."""
    time = parse_timestamp(value)
    return value if time is None else time.isoformat(timespec="microseconds")[:length]


class Fingerprints:
    """The fingerprints of some properties of a record, packed into bytes of one width.

    Args:
        names: The properties.
        labels: The custom fields that are compared one by one. An item with any other custom field
            has its `custom` compared as one value.
        schemas: JSON Schema of each property, which says what of a text is compared.
        returned_as: Another name under which Planhat may return a property. If both have a value,
            and not the same one, the value is not known.

    Attributes:
        names: The properties.
        width: How many bytes the fingerprints of one record take.
        unsure: The fingerprints of a record whose values are not known.
    """

    def __init__(
        self,
        names: Sequence[str],
        labels: Sequence[str] = (),
        schemas: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
        returned_as: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.names = tuple(names)
        self._returned_as = {name: returned_as[name] for name in names if name in returned_as}
        self._marks = {name: fingerprint_for(schemas.get(name, {})) for name in names}
        self._positions = {name: at for at, name in enumerate(self.names)}
        self._labels = {label: at for at, label in enumerate(labels, start=len(self.names))}
        self._count = len(self.names) + len(self._labels)
        self._struct = Struct(f"<{self._count}q")
        self.width = self._struct.size
        self.unsure = self._struct.pack(*[UNSURE] * self._count)

    def of(self, record: Mapping[str, Any]) -> bytes:
        """Return the fingerprints of a record."""
        marks = [mark(record.get(name)) for name, mark in self._marks.items()]
        for name, other in self._returned_as.items():
            at, mark = self._positions[name], self._marks[name](record.get(other))
            if marks[at] in (NOTHING, mark):
                marks[at] = mark
            elif mark != NOTHING:
                marks[at] = UNSURE
        if self._labels:
            fields = _fields(record)
            marks += [fingerprint(fields.get(label)) for label in self._labels]
        return self._struct.pack(*marks)

    def differing(self, item: Mapping[str, Any], values: bytes) -> dict[str, Any]:
        """Return what of an item is, or may be, other than in a record.

        Args:
            item: What would be sent.
            values: Fingerprints of the record that it refers to.

        Returns:
            Properties and their values; `custom` has only the custom fields that differ, if all of
            the item's are compared one by one.
        """
        marks = self._struct.unpack(values)
        found = _differing(item, self._positions, marks, self._marks)
        fields = found.get(CUSTOM)
        if isinstance(fields, dict) and fields.keys() <= self._labels.keys():
            found[CUSTOM] = _differing(fields, self._labels, marks)
            if not found[CUSTOM]:
                del found[CUSTOM]
        return found

    def contradict(self, item: Mapping[str, Any], values: bytes) -> bool:
        """Return whether a record certainly has another value than an item, where it has one.

        Args:
            item: Values of some of the properties.
            values: Fingerprints of the record.
        """
        marks = self._struct.unpack(values)
        return any(
            marks[self._positions[name]] not in (NOTHING, UNSURE, self._marks[name](value))
            for name, value in item.items()
        )

    def after(self, item: Mapping[str, Any], before: bytes | None) -> bytes:
        """Return the fingerprints of a record after an item was written to it.

        Args:
            item: What was written.
            before: Its fingerprints before that, None if there was no record.
        """
        marks = list(self._struct.unpack(before)) if before else [NOTHING] * self._count
        for name, value in item.items():
            at = self._positions.get(name)
            if at is not None:
                # It is not known whether Planhat merges or replaces an object.
                may_merge = isinstance(value, dict) and before is not None
                marks[at] = UNSURE if may_merge else self._marks[name](value)
        if self._labels and CUSTOM in item:
            fields = _fields(item)
            for label, at in self._labels.items():
                if label in fields:
                    marks[at] = fingerprint(fields[label])
                elif marks[at] != NOTHING:
                    marks[at] = UNSURE
        return self._struct.pack(*marks)


def _fields(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the custom fields of a record or of an item."""
    fields = record.get(CUSTOM)
    return fields if isinstance(fields, dict) else {}


def _differing(
    values: Mapping[str, Any],
    positions: Mapping[str, int],
    marks: Sequence[int],
    mark_of: Mapping[str, Callable[[Any], int]] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the values that do not have the fingerprint at their position."""
    return {
        name: value
        for name, value in values.items()
        if name not in positions
        or marks[positions[name]] == UNSURE
        or marks[positions[name]] != mark_of.get(name, fingerprint)(value)
    }


def _canonical(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value with its numbers in one form, which no other value has."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, dict):
        return {"object": {name: _canonical(item) for name, item in value.items()}}
    if isinstance(value, msgspec.Raw):
        return {"number": bytes(value).decode()}
    return {"number": str(without_trailing_zeros(value))}

"""Columns that hold one custom field each, as flattening makes them from `custom`.

Owns which columns these are, and how they are merged into one `custom` object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.writing.records.exact_json import UnsendableError, encode
from planhat_sync.writing.records.payload import ConversionError, Reject, RejectCode
from planhat_sync.writing.settings import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Mapping


class CustomColumns:
    """The columns of custom fields, recognized by their names.

    Args:
        separator: What the source put between `custom` and the label, if it is not SEPARATOR.
            Columns with SEPARATOR are recognized as well.
    """

    def __init__(self, separator: str = SEPARATOR) -> None:
        prefixes = {CUSTOM + SEPARATOR, CUSTOM + (separator or SEPARATOR)}
        self._prefixes = sorted(prefixes, key=len, reverse=True)

    def label_of(self, column: str) -> str | None:
        """Return the label of the custom field that a column holds, None if it holds none."""
        for prefix in self._prefixes:
            if column.startswith(prefix) and column != prefix:
                return column[len(prefix) :]
        return None

    def merge(self, custom: object, columns: Mapping[str, object]) -> object:
        """Merge the values of columns into `custom`.

        Args:
            custom: The record's own `custom`; null conflicts with no column.
            columns: Values by the names of their columns.

        Returns:
            The merged object. A `custom` that is not an object is returned as it is, for the schema
            to refuse.

        Raises:
            ConversionError: Two values conflict.
        """
        if custom is not None and not isinstance(custom, dict):
            return custom
        merged = dict(custom or {})
        for column, value in columns.items():
            label = self.label_of(column)
            if label in merged and _differ(merged[label], value):
                message = f"{CUSTOM} and {column} hold different values for one field"
                raise ConversionError(Reject(RejectCode.CONFLICTING_CUSTOM, message, column))
            merged[label] = value
        return merged


def _differ(value: object, other: object) -> bool:
    """Return whether two values differ as JSON; in Python 1 and True are equal."""
    try:
        return encode(value) != encode(other)
    except UnsendableError:  # rejected later, with the name of the property
        return value != other

"""Columns that each hold one custom field, as flattening makes them of `custom`.

Owns which columns these are, and how they go back into one object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.writing.records.exact_json import UnsendableError, encode
from planhat_sync.writing.records.payload import Reject, RejectCode
from planhat_sync.writing.settings import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Mapping


class CustomColumns:
    """The columns of custom fields, by their names.

    Args:
        separator: What stands between `custom` and the label, if it is not SEPARATOR. Columns with
            SEPARATOR count as well.
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

    def folded(self, custom: object, columns: Mapping[str, object]) -> object:
        """Put the values of columns into `custom`.

        Args:
            custom: What the record holds there; null holds nothing that could contradict.
            columns: Values by the names of their columns.

        Returns:
            The object; a Reject if two values contradict each other. What is not an object comes
            back as it is, for the schema to refuse.
        """
        if custom is not None and not isinstance(custom, dict):
            return custom
        folded = dict(custom or {})
        for column, value in columns.items():
            label = self.label_of(column)
            if label in folded and _differ(folded[label], value):
                return Reject(
                    RejectCode.CONFLICTING_CUSTOM,
                    f"{CUSTOM} and {column} hold different values for one field",
                    column,
                )
            folded[label] = value
        return folded


def _differ(value: object, other: object) -> bool:
    """Return whether two values are different JSON; Python takes 1 and true for the same."""
    try:
        return encode(value) != encode(other)
    except UnsendableError:  # refused later, with the name of the property
        return value != other

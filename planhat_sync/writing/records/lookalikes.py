"""Columns whose names look like a property of the model: `SOURCEID` and `source_id` for `sourceId`.

Owns which property a column may have been meant for. It renames nothing: the reader of the warning
or of the reject decides.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from typing import TYPE_CHECKING, Final

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.writing.records.deletion import DELETED_AT
from planhat_sync.writing.records.keys import ID
from planhat_sync.writing.settings import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from planhat_sync.models import Model
    from planhat_sync.writing.records.payload import Reject

_CUSTOM_COLUMN: Final = re.compile(rf"{CUSTOM}[\W_]+(.+)", re.IGNORECASE | re.DOTALL)
_MIN_SIMILARITY: Final = 0.8
_MIN_LENGTH, _MAX_LENGTH = 4, 60
"""Lengths of the names that are compared letter by letter: shorter names are all similar, and
longer ones take too long."""


class Lookalikes:
    """The names that a model's properties have in other systems.

    Args:
        model: The model.
    """

    def __init__(self, model: Model) -> None:
        self._names = {_letters(name): name for name in (*model.properties, DELETED_AT)}
        self._writable = [
            _letters(name)
            for name in model.properties
            if name not in model.read_only and len(_letters(name)) >= _MIN_LENGTH
        ]
        self._read_only = model.read_only
        self._has_custom = CUSTOM in model.properties

    def property_for(self, column: str, *, misspelt: bool = False) -> str | None:
        """Return the writable property that a column may have been meant for, None if none is.

        Names are equal here if they have the same letters and digits, in either case. The `id` of
        another system is not an `_id`, which only Planhat assigns: a column has to begin with `_`
        to look like `_id`.

        Args:
            column: A name that the model does not have.
            misspelt: Whether a similar name counts too, which is good enough for a warning.
        """
        letters = _letters(column)
        if letters in self._names:
            name = self._names[letters]
            if name in self._read_only or (name == ID and not column.startswith("_")):
                return None
            return name
        if self._has_custom and (label := _CUSTOM_COLUMN.fullmatch(column)):
            return f"{CUSTOM}{SEPARATOR}{label[1]}"
        if not misspelt or not _MIN_LENGTH <= len(letters) <= _MAX_LENGTH:
            return None
        close = difflib.get_close_matches(letters, self._writable, n=1, cutoff=_MIN_SIMILARITY)
        return self._names[close[0]] if close else None

    def advice(self, columns: Iterable[str], lacking: Collection[str]) -> str:
        """Return which column of a record to rename, or "" if none looks like what it lacks.

        Args:
            columns: Names of all columns of the record.
            lacking: Properties that it lacks, the most important first.
        """
        found = {self.property_for(column): column for column in columns if column not in lacking}
        for name in lacking:
            if name in found:
                column = printable_name(found[name])
                return f"rename {column} to {name}, for instance with a stream map"
        return ""

    def with_advice(
        self, reject: Reject, columns: Iterable[str], lacking: Collection[str]
    ) -> Reject:
        """Return a reject with that advice, if there is any, at the end of its message."""
        advice = self.advice(columns, lacking)
        if not advice:
            return reject
        return dataclasses.replace(reject, message=f"{reject.message}; {advice}")


def printable_name(name: str) -> str:
    """Return a column's name as it can be written in one line of a log.

    Args:
        name: Any text: the source decides what its columns are called.
    """
    if name.isprintable() and 0 < len(name) <= _MAX_LENGTH:
        return name
    return repr(name[:_MAX_LENGTH])


def _letters(name: str) -> str:
    """Return the letters and digits of a name, in one case."""
    return "".join(filter(str.isalnum, name)).casefold()

"""Names of columns that look like properties of a model: `SOURCEID` and `source_id` for `sourceId`.

Pure: owns which property a column may have been meant for. It renames nothing; who reads the
warning or the reject decides.
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
_CLOSE: Final = 0.8
_SHORTEST, _LONGEST = 4, 60
"""Lengths of names that are compared letter by letter: shorter ones are all alike, and longer ones
take too long."""


class Lookalikes:
    """The names that one model's properties go by elsewhere.

    Args:
        model: The model.
    """

    def __init__(self, model: Model) -> None:
        self._names = {_folded(name): name for name in (*model.properties, DELETED_AT)}
        self._writable = [
            _folded(name)
            for name in model.properties
            if name not in model.read_only and len(_folded(name)) >= _SHORTEST
        ]
        self._read_only = model.read_only
        self._has_custom = CUSTOM in model.properties

    def meant_by(self, column: str, *, closely: bool = False) -> str | None:
        """Return the property that a column may have been meant for.

        Names are equal here if they have the same letters and digits, in either case. The `id` of
        another system is not an `_id`, which Planhat alone gives: only a column that begins with
        `_` looks like that one.

        Args:
            column: A name that the model does not have.
            closely: Whether a misspelt name counts too, which is enough for a warning alone.

        Returns:
            The property, or None. It is one that can be written.
        """
        folded = _folded(column)
        if folded in self._names:
            name = self._names[folded]
            if name in self._read_only or (name == ID and not column.startswith("_")):
                return None
            return name
        if self._has_custom and (label := _CUSTOM_COLUMN.fullmatch(column)):
            return f"{CUSTOM}{SEPARATOR}{label[1]}"
        if not closely or not _SHORTEST <= len(folded) <= _LONGEST:
            return None
        close = difflib.get_close_matches(folded, self._writable, n=1, cutoff=_CLOSE)
        return self._names[close[0]] if close else None

    def advice(self, columns: Iterable[str], wanted: Collection[str]) -> str:
        """Return what to rename in a record that lacks a property, empty if nothing looks like it.

        Args:
            columns: Names of all that the record has.
            wanted: Properties that it lacks, the most wanted first.
        """
        found = {self.meant_by(column): column for column in columns if column not in wanted}
        for name in wanted:
            if name in found:
                return f"rename {shown(found[name])} to {name}, for instance with a stream map"
        return ""

    def advised(self, reject: Reject, columns: Iterable[str], wanted: Collection[str]) -> Reject:
        """Return a reject with that advice at its end, if there is any."""
        advice = self.advice(columns, wanted)
        if not advice:
            return reject
        return dataclasses.replace(reject, message=f"{reject.message}; {advice}")


def shown(name: str) -> str:
    """Return a column's name as it can stand in one line of a log.

    Args:
        name: The name; whoever made the column may have put anything into it.
    """
    if name.isprintable() and 0 < len(name) <= _LONGEST:
        return name
    return repr(name[:_LONGEST])


def _folded(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()

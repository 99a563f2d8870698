"""The properties of records that their model does not have, and suggestions for their names.

Owns which property a column such as `SOURCEID` or `source_id` looks like (it renames nothing: the
reader of the warning or of the reject decides), and how many warnings there are: a source may have
thousands of columns that Planhat does not have, or new ones in every record.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from typing import TYPE_CHECKING, Final

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.writing.records.added_columns import SDC_COLUMNS
from planhat_sync.writing.records.keys import ID
from planhat_sync.writing.settings import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from planhat_sync.model import Model
    from planhat_sync.writing.records.payload import Reject

MAX_WARNINGS: Final = 10
MAX_SHOWN: Final = 10
"""Names in one warning; those that look like a property come first."""
MAX_COMPARED: Final = 100
"""Names of one record that are compared letter by letter, which takes 0.1 ms each."""
MAX_NAMES: Final = 50_000
MAX_NAME_LENGTH: Final = 200
"""Names are kept so that each is reported once. The limits on their number and length keep that
below 15 MB."""

_CUSTOM_COLUMN: Final = re.compile(rf"{CUSTOM}[\W_]+(.+)", re.IGNORECASE | re.DOTALL)
_MIN_SIMILARITY: Final = 0.8
_MIN_LENGTH, _MAX_LENGTH = 4, 60
"""Lengths of the names that are compared letter by letter: shorter names are all similar, and
longer ones take too long."""


class Lookalikes:
    """The names that a model's properties have in other systems.

    Args:
        model: The model.
        deleted_at: The column in which the source says when a record was deleted.
    """

    def __init__(self, model: Model, deleted_at: str = SDC_COLUMNS.deleted_at) -> None:
        self._names = {_letters(name): name for name in (*model.properties, deleted_at)}
        self._writable = [
            _letters(name)
            for name in model.properties
            if name not in model.read_only and len(_letters(name)) >= _MIN_LENGTH
        ]
        self._read_only = model.read_only
        self._has_custom = CUSTOM in model.properties

    def property_for(self, column: str, *, misspelt: bool = False) -> str | None:
        """Return the writable property that a column may stand for, None if there is none.

        Names are equal here if they have the same letters and digits, in either case. The `id` of
        another system is not an `_id`, which only Planhat assigns: a column has to begin with `_`
        to look like `_id`.

        Args:
            column: A name that the model does not have.
            misspelt: Whether a similar name counts too, which is good enough for a warning.
        """
        letters = _letters(column)
        if letters and letters in self._names:
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
                return f"rename {column} to {name}, for instance with mappings"
        return ""

    def with_advice(
        self, reject: Reject, columns: Iterable[str], lacking: Collection[str]
    ) -> Reject:
        """Return a reject with that advice, if there is any, at the end of its message."""
        advice = self.advice(columns, lacking)
        if not advice:
            return reject
        return dataclasses.replace(reject, message=f"{reject.message}; {advice}")


class UnknownProperties:
    """The properties of one stream that are left out because the model does not have them.

    Args:
        model: Name of the model.
        lookalikes: Finds the property that a name may stand for.
        warn: Receives each warning, a sentence.

    Attributes:
        names: The names so far, cut off at MAX_NAME_LENGTH.
    """

    def __init__(self, model: str, lookalikes: Lookalikes, warn: Callable[[str], None]) -> None:
        self.names: set[str] = set()
        self._model = model
        self._lookalikes = lookalikes
        self._warn = warn
        self._warnings = 0
        self._unreported = 0

    def report(self, names: Sequence[str], columns: Collection[str]) -> None:
        """Warn of the properties of one record that no record before it had.

        Args:
            names: The properties that the model does not have.
            columns: All columns of the record. A property among them is not suggested for another
                column.
        """
        known = self.names
        new = [name for name in names if name[:MAX_NAME_LENGTH] not in known]
        if not new or len(known) >= MAX_NAMES:
            return
        known.update(name[:MAX_NAME_LENGTH] for name in new)
        if self._warnings == MAX_WARNINGS:
            self._unreported += len(new)
            return
        self._warnings += 1
        self._warn(self._sentence(new, columns))

    def report_rest(self) -> None:
        """Warn once of the number of properties beyond the first MAX_WARNINGS warnings."""
        if self._unreported:
            least = "at least " if len(self.names) >= MAX_NAMES else ""
            self._warn(
                f"ignoring {least}{self._unreported:,} more properties that {self._model} does not "
                "have"
            )
            self._unreported = 0

    def _sentence(self, new: list[str], columns: Collection[str]) -> str:
        meant = {
            name: other
            for at, name in enumerate(new)
            if (other := self._lookalikes.property_for(name, misspelt=at < MAX_COMPARED))
            and other not in columns
        }
        new.sort(key=lambda name: name not in meant)
        names = [
            printable_name(name)
            + (f" (did you mean {printable_name(meant[name])}?)" if name in meant else "")
            for name in new[:MAX_SHOWN]
        ]
        count = "a property" if len(new) == 1 else f"{len(new):,} properties"
        more = ", …" if len(new) > MAX_SHOWN else ""
        return f"ignoring {count} that {self._model} does not have: {', '.join(names)}{more}"


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

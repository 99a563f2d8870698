"""Columns get the names of properties again where a cache or a warehouse has changed their case."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_FORMS = 32
"""Sets of columns whose names are remembered; a source may send other columns in every record."""


class ColumnNames:
    """The names that columns may stand for, such as `sourceId`, of which some make `sourceid`.

    A column is renamed if both it and the name could be nothing else.

    Args:
        names: The names.
        announced: The columns that the catalog announces. If two of them differ by case alone,
            neither is renamed, even in a record that has only one.
    """

    def __init__(self, names: Iterable[str], announced: Iterable[str] = ()) -> None:
        of_catalog = _by_folded(announced)
        self._names = {
            folded: each
            for folded, each in _by_folded(names).items()
            if len(each) == 1 and len(of_catalog.get(folded, ())) <= 1
        }
        self._renamed = lru_cache(MOST_FORMS)(self._find_renamed)

    def restored(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record with the names that its columns stand for.

        Args:
            record: The record.
        """
        renamed = self._renamed(tuple(record))
        if not renamed:
            return record
        return {renamed.get(name, name): value for name, value in record.items()}

    def unchanged(self, columns: Sequence[str]) -> list[str]:
        """Return those of some columns that are not renamed.

        Args:
            columns: All columns of a record.
        """
        renamed = self._renamed(tuple(columns))
        return [name for name in columns if name not in renamed]

    def _find_renamed(self, columns: tuple[str, ...]) -> dict[str, str]:
        """Return the names that some columns stand for, by the columns."""
        found = _by_folded(columns)
        return {
            found[folded][0]: names[0]
            for folded, names in self._names.items()
            if len(found.get(folded, ())) == 1 and names != found[folded]
        }


def _by_folded(names: Iterable[str]) -> dict[str, list[str]]:
    """Return names by what they are without regard to case."""
    by: dict[str, list[str]] = {}
    for name in names:
        by.setdefault(name.casefold(), []).append(name)
    return by

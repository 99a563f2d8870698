"""The keyables of records that came together, if they are the same for all of them.

Pure: what `keys` decides for one record is decided here for a block at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import UNSET

from planhat_sync.writing.records.keys import EVERYWHERE
from planhat_sync.writing.records.payload import Reject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planhat_sync.writing.records.keys import Keyables


class ChosenColumns(NamedTuple):
    """The keyables of a block, as they are sent.

    Attributes:
        values: For each keyable of the model its values, None if it is not sent.
        scopes: The scopes of each record, as `keys.Keys` has them.
    """

    values: Sequence[Sequence[str] | None]
    scopes: Sequence[tuple[str | None, ...]]


class BlockKeys:
    """Chooses the keyables of blocks.

    Args:
        keyables: The keyables of the model, and how they are chosen.
    """

    def __init__(self, keyables: Keyables) -> None:
        self._keyables = keyables
        self._scope_names = keyables.scope_names

    def choose(
        self, columns: Sequence[Sequence[Any]], scopes: Sequence[Sequence[Any]] = ()
    ) -> ChosenColumns | None:
        """Choose the keyables of records, if what holds for one of them holds for all.

        Args:
            columns: For each keyable of the model its values.
            scopes: For each of them the values that it is unique within; `()` if no keyable has a
                scope.

        Returns:
            The keyables; None if the records differ in which they have, if one of them has to be
            looked at on its own, or if a keyable is sent that is unique only within a company.
        """
        present = [_presence(column) for column in (*columns, *scopes)]
        if None in present:
            return None
        at = self._keyables.id_position
        if at >= 0 and present[at]:
            together = "".join(columns[at])
            if together != together.lower():
                return None
        chosen = self._keyables.choice(tuple(map(bool, present)))
        if isinstance(chosen, Reject) or not any(chosen):
            return None
        if any(is_sent and name for is_sent, name in zip(chosen, self._scope_names, strict=True)):
            return None
        values = [
            column if is_sent else None for column, is_sent in zip(columns, chosen, strict=True)
        ]
        if not scopes:
            return ChosenColumns(values, ())
        count = len(columns[0])
        within = [
            (column if is_present else [None] * count) if name else [EVERYWHERE] * count
            for name, column, is_present in zip(
                self._scope_names, scopes, present[len(columns) :], strict=True
            )
        ]
        return ChosenColumns(values, list(zip(*within, strict=True)))


def _presence(column: Sequence[Any]) -> bool | None:
    """Return whether all records have a value, or none has; None if they have to be looked at.

    A text that begins with a visible character of ASCII is one.
    """
    first = column[0]
    if first is UNSET or first is None:
        return False if column.count(first) == len(column) else None
    try:
        return True if min(column) >= "!" and max(column) < "\x7f" else None
    except TypeError:  # some have none
        return None

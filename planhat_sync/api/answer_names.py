"""The names that properties have in answers, where they are sent under others (`returned_as`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planhat_sync.model import Model


def selected(model: Model, names: Iterable[str]) -> tuple[str, ...]:
    """Return what to select so that properties are returned, under whatever name.

    Args:
        model: Their model.
        names: The properties, as they are sent; those that are repeated count once.
    """
    both = [(name, model.returned_as.get(name, name)) for name in names]
    return tuple(dict.fromkeys(each for pair in both for each in pair))


def as_sent(model: Model, record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with its properties under the names that they are sent under.

    Args:
        model: Its model.
        record: The record as Planhat returns it.
    """
    if not model.returned_as:
        return record
    renamed = {
        name: record[other]
        for name, other in model.returned_as.items()
        if name not in record and other in record
    }
    return {**record, **renamed}

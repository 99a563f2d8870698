"""Compares a tenant with its copy, whose records have other `_id`s."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from simulation.story import Tenant

OWN: Final = frozenset({"_id", "createdAt", "updatedAt", "__v"})
"""What Planhat sets for each record by itself."""


def differences(source: Tenant, copy: Tenant, model: str, *, deletes: bool) -> list[str]:
    """Compare the records of a model by their sourceIds, property by property.

    Args:
        source: The tenant that is read.
        copy: The tenant that is written.
        model: Name of the model.
        deletes: Whether what was deleted in the source has to be deleted in the copy.

    Returns:
        What differs, one sentence each.
    """
    ours, theirs = source.records(model), copy.records(model)
    times = Counter(record.get("sourceId") for record in theirs)
    wrong = [f"{model} {key} is there {count} times" for key, count in times.items() if count > 1]
    expected, found = _by_key(ours), _by_key(theirs)
    wrong += [f"{model} {key} is missing in the copy" for key in expected.keys() - found.keys()]
    if deletes:
        wrong += [f"{model} {key} is still in the copy" for key in found.keys() - expected.keys()]
    for key in expected.keys() & found.keys():
        mine, other = expected[key], found[key]
        names = [name for name in mine.keys() | other.keys() if mine.get(name) != other.get(name)]
        if names:
            wrong.append(f"{model} {key} differs in {', '.join(sorted(names))}")
    return sorted(wrong)


def _by_key(records: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        record["sourceId"]: {name: value for name, value in record.items() if name not in OWN}
        for record in records
    }

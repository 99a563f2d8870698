"""What a mirror removes, by docs/mirror.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.oracles.conversion import DELETED_AT
from simulation.oracles.inputs import records
from simulation.oracles.shapes import SHAPES
from simulation.oracles.timelines import keys_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulation.oracles.model import TargetModel

ALWAYS = 5
"""So many may be removed whatever their share is."""


def remove_missing(model: TargetModel, shape_name: str, *, youngest: int) -> tuple[int, bool]:
    """Remove from a model what its source does not have, behind its last line.

    Args:
        model: The outcomes of all records of the source, by `sourceId`.
        shape_name: The model that is mirrored.
        youngest: Seconds since 1970 from which on a record is too young to be removed.

    Returns:
        How many records are removed, and whether they are more than `max_missing_percent` allows,
        so that none is.
    """
    settings, shape = model.settings, SHAPES[shape_name]
    came = {
        str(line.record["sourceId"])
        for line in records(model.lines)
        if line.record and line.record.get("sourceId") and line.record.get(DELETED_AT) is None
    }
    alike = {key.strip().casefold() for key in came}
    inside = [
        record
        for record in model.world.of(shape)
        if record.get("sourceId")
        and not record.get(shape.archive_flag)
        and all(record.get(name) == value for name, value in settings["missing_scope"].items())
    ]
    missing = [
        record
        for record in inside
        if record["sourceId"] not in came
        and record["sourceId"].strip().casefold() not in alike
        and _is_older(record, youngest)
    ]
    percent = settings.get("max_missing_percent", 10)
    if len(missing) > ALWAYS and len(missing) * 100 > percent * len(inside):
        return len(missing), True
    for record in missing:
        before = keys_of(shape, record)
        if settings["on_missing"] == "archive":
            record[shape.archive_flag] = True
            model.timelines.note(len(model.lines) + 1, shape, before, record)
        else:
            model.world.delete(shape, record)
            model.timelines.note(len(model.lines) + 1, shape, before, None)
    return len(missing), False


def _is_older(record: Mapping[str, Any], youngest: int) -> bool:
    """Return whether a record is old enough; one that the run has created is not."""
    return "_id" in record and int(record["_id"][:8], 16) < youngest

"""All plugins by their names in a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.doors.airbyte import DestinationDoor, SourceDoor
from simulation.doors.rows import RowsDoor
from simulation.doors.singer import TapDoor, TargetDoor
from simulation.plan import DESTINATION, ROWS, SOURCE, TAP, TARGET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulation.doors.door import Door

DOORS: Mapping[str, Door] = {
    TARGET: TargetDoor(),
    TAP: TapDoor(),
    DESTINATION: DestinationDoor(),
    SOURCE: SourceDoor(),
    ROWS: RowsDoor(),
}

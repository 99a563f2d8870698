"""Streams that are incremental only because the user vouches for their key, whatever is true of it.

Objectives and tasks may have `updatedAt` or not, some of them only, and Planhat may sort by it or
not; an update may leave it as it was, which has to be emitted by the next full read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simulation.plan import TAP, Plan, Side
from simulation.reading.catalogs import singer_catalog
from simulation.reading.chains import DAY, TENANT, Chain
from simulation.reading.population import one_in
from simulation.reading.watching import check, observer

if TYPE_CHECKING:
    from simulation.draws import Draws

__all__ = ["check", "observer", "plan"]

PROPERTIES: Final = {
    "objectives": ("_id", "name", "health", "companyId", "custom", "updatedAt"),
    "tasks": ("_id", "action", "companyId", "isArchived", "custom", "updatedAt"),
}


def plan(draws: Draws) -> Plan:
    """Draw a plan."""
    source = draws.plan
    name = source.choice(["objectives", "objectives", "tasks"])
    leaves = source.choice([0.0, 0.0, 0.3])
    days = source.choice([0, 1, 7]) if not leaves else 7
    chain = Chain(
        draws,
        (name,),
        lags=(0.0, 0.0, 0.0, 10.0),
        population={"leaves_keys": leaves},
        without_key=source.choice([0.0, 0.0, 0.0, 0.1]),
        behaviours={
            "objective_times": source.choice(
                ["present", "present", "present", "absent", "oldest-first", "newest-first"]
            )
        },
    )
    settings: dict[str, Any] = {
        **chain.reader_settings(),
        "lookback_seconds": chain.lookback(),
        "full_read_days": days,
        "emit_activate_version_messages": one_in(2, source),
    }
    catalog = singer_catalog({name: PROPERTIES[name]}, {name: "INCREMENTAL"})
    side = Side(plugin=TAP, tenant=TENANT, settings=settings, catalog=catalog)
    return chain.plan("vouched", side, last_pause=8 * DAY)

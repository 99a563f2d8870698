"""Airbyte's source: chains of syncs by its function `read`, with and without deletions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simulation.plan import SOURCE, Plan, Side
from simulation.reading.catalogs import airbyte_catalog
from simulation.reading.chains import DAY, TENANT, Chain
from simulation.reading.population import one_in
from simulation.reading.watching import check, observer

if TYPE_CHECKING:
    from simulation.draws import Draws

__all__ = ["check", "observer", "plan"]

PROPERTIES: Final = {
    "issues": ("_id", "title", "companyIds", "custom", "updatedAt"),
    "objectives": ("_id", "name", "companyId", "custom", "updatedAt"),
    "tasks": ("_id", "action", "companyId", "isArchived", "custom", "updatedAt"),
}


def plan(draws: Draws) -> Plan:
    """Draw a plan."""
    source = draws.plan
    names = source.choice([("issues",), ("objectives",), ("tasks",), ("issues", "objectives")])
    chain = Chain(
        draws,
        names,
        lags=(0.0, 0.0, 0.0, 20.0),
        population={"keeps_first": True, "keeps_below": True},
        least=1,
    )
    hours = source.choice([0, 0, 24])
    settings: dict[str, Any] = {
        **chain.reader_settings(),
        "lookback_seconds": chain.lookback(),
        "detect_deletes": one_in(2, source),
        "detect_deletes_hours": hours,
        "max_deletes_percent": 100,
    }
    chosen = [name for name in names if name != "issues" and one_in(2, source)]
    catalog = airbyte_catalog(
        {name: PROPERTIES[name] for name in names}, dict.fromkeys(chosen, "updatedAt")
    )
    side = Side(plugin=SOURCE, tenant=TENANT, settings=settings, catalog=catalog)
    return chain.plan("airbyte_source", side, last_pause=2 * DAY if hours else 0.0)

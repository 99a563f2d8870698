"""Streams that are read in full in every run, while others insert, update and delete records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simulation.plan import TAP, Plan, Side
from simulation.reading.catalogs import singer_catalog
from simulation.reading.chains import TENANT, Chain
from simulation.reading.population import one_in
from simulation.reading.watching import check, observer

if TYPE_CHECKING:
    from simulation.draws import Draws

__all__ = ["check", "observer", "plan"]

PROPERTIES: Final = {
    "issues": ("_id", "title", "companyIds", "sourceId", "custom", "updatedAt"),
    "objectives": ("_id", "name", "health", "companyId", "sourceId", "custom"),
    "tasks": ("_id", "action", "companyId", "isArchived", "sourceId", "custom"),
}
"""What is read of each model; tasks are two lists."""


def plan(draws: Draws) -> Plan:
    """Draw a plan."""
    source = draws.plan
    names = source.choice([("issues",), ("objectives",), ("tasks",), ("objectives", "issues")])
    chain = Chain(draws, names, lags=(0.0, 0.0, 5.0, 90.0), may_ignore_sort=True)
    settings: dict[str, Any] = {
        **chain.reader_settings(),
        **chain.some_companies(),
        "emit_activate_version_messages": one_in(2, source),
        "company_references": source.choice(["id", "id", "externalId"]),
    }
    catalog = singer_catalog(
        {name: PROPERTIES[name] for name in names}, dict.fromkeys(names, "FULL_TABLE")
    )
    side = Side(plugin=TAP, tenant=TENANT, settings=settings, catalog=catalog)
    return chain.plan("full_read", side)

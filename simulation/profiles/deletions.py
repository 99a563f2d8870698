"""Deletions that are detected: each must be emitted once, and no record that exists."""

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
    "issues": ("_id", "title", "companyIds", "custom", "updatedAt"),
    "objectives": ("_id", "name", "companyId", "custom", "updatedAt"),
    "tasks": ("_id", "action", "companyId", "isArchived", "custom", "updatedAt"),
}


def plan(draws: Draws) -> Plan:
    """Draw a plan.

    The limits that the documentation names are left out: a list that becomes empty, and a record
    that is inserted below others and deleted before the ids of all are compared.
    """
    source = draws.plan
    names = source.choice([("issues",), ("issues",), ("objectives",), ("tasks",)])
    chain = Chain(
        draws,
        names,
        lags=(0.0, 0.0, 30.0, 300.0),
        population={"keeps_first": True, "keeps_below": True},
        least=1,
        crashes=(0.0, 0.02, 0.06),
    )
    hours = source.choice([0, 0, 24])
    settings: dict[str, Any] = {
        **chain.reader_settings(),
        "lookback_seconds": chain.lookback(),
        "detect_deletes": True,
        "detect_deletes_hours": hours,
        "max_deletes_percent": 100,
    }
    vouched = names != ("issues",) and one_in(2, source)
    methods = dict.fromkeys(names, "INCREMENTAL") if vouched else {}
    catalog = singer_catalog({name: PROPERTIES[name] for name in names}, methods)
    side = Side(plugin=TAP, tenant=TENANT, settings=settings, catalog=catalog)
    return chain.plan("deletions", side, last_pause=2 * DAY if hours else 0.0)

"""A pipe between Airbyte's two connectors, by their functions `read` and `write`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simulation.plan import DESTINATION, SOURCE, Plan, Side
from simulation.reading.catalogs import airbyte_catalog
from simulation.reading.chains import TENANT, Chain
from simulation.reading.copying import COPY, check, with_copy, writer_settings
from simulation.reading.population import one_in
from simulation.reading.watching import observer

if TYPE_CHECKING:
    from simulation.draws import Draws

__all__ = ["check", "observer", "plan"]

PROPERTIES: Final = {
    "issues": ("_id", "title", "companyIds", "sourceId", "custom", "updatedAt"),
    "objectives": ("_id", "name", "health", "companyId", "sourceId", "custom", "updatedAt"),
}


def plan(draws: Draws) -> Plan:
    """Draw a plan."""
    source = draws.plan
    names = source.choice([("issues",), ("objectives",), ("issues", "objectives")])
    chain = Chain(draws, names, lags=(0.0, 0.0, 0.0, 20.0), again=(3_600.0, 7_200.0))
    settings: dict[str, Any] = {
        **chain.reader_settings(),
        "lookback_seconds": chain.lookback(),
        "company_references": source.choice(["id", "id", "externalId"]),
    }
    chosen = [name for name in names if name == "objectives" and one_in(2, source)]
    catalog = airbyte_catalog(
        {name: PROPERTIES[name] for name in names}, dict.fromkeys(chosen, "updatedAt")
    )
    drawn = chain.plan(
        "airbyte_pipe",
        Side(plugin=SOURCE, tenant=TENANT, settings=settings, catalog=catalog),
        Side(plugin=DESTINATION, tenant=COPY, settings=writer_settings(source), catalog=catalog),
        last_pause=7_200.0,
    )
    return with_copy(drawn, draws)

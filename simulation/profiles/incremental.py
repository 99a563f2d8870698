"""Issues by `updatedAt`: chains of runs, each of which reads what has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simulation.plan import TAP, Plan, Side
from simulation.reading.catalogs import singer_catalog
from simulation.reading.chains import TENANT, Chain
from simulation.reading.population import OLDEST_SECONDS, iso, one_in
from simulation.reading.watching import check, observer

if TYPE_CHECKING:
    from simulation.draws import Draws

__all__ = ["check", "observer", "plan"]

STREAM: Final = "issues"
PROPERTIES: Final = ("_id", "title", "companyIds", "sourceId", "custom", "updatedAt")


def plan(draws: Draws) -> Plan:
    """Draw a plan."""
    source = draws.plan
    chain = Chain(
        draws,
        (STREAM,),
        lags=(0.0, 0.0, 0.0, 5.0, 60.0),
        without_key=0.02,
        may_ignore_sort=True,
    )
    settings: dict[str, Any] = {
        **chain.reader_settings(),
        **chain.some_companies(),
        "lookback_seconds": chain.lookback(),
        "emit_activate_version_messages": one_in(5, source),
    }
    if one_in(5, source):
        settings["start_date"] = iso(chain.clock.start - source.randrange(OLDEST_SECONDS))
    catalog = singer_catalog({STREAM: PROPERTIES}, {})
    side = Side(plugin=TAP, tenant=TENANT, settings=settings, catalog=catalog)
    return chain.plan("incremental", side)

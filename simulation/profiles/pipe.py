"""A pipe from one tenant to another: what the tap has printed is what the target is fed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simulation.plan import TAP, TARGET, Plan, Side
from simulation.reading.catalogs import singer_catalog
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
    """Draw a plan; every third one mirrors deletions, which needs full reads without a state.

    Nothing proves that a stream without any record is complete, so there is always one.
    """
    source = draws.plan
    mirrors = one_in(3, source)
    names = source.choice([("issues",), ("objectives",), ("issues", "objectives")])
    chain = Chain(
        draws,
        names,
        lags=(0.0, 0.0, 0.0, 20.0),
        population={"keeps_first": mirrors},
        least=int(mirrors),
        again=(3_600.0, 7_200.0),
        afresh=mirrors,
    )
    settings: dict[str, Any] = {
        **chain.reader_settings(),
        "lookback_seconds": chain.lookback(),
        "company_references": source.choice(["id", "id", "externalId"]),
    }
    method = {"emit_activate_version_messages": True} if mirrors else {}
    catalog = singer_catalog(
        {name: PROPERTIES[name] for name in names},
        dict.fromkeys(names, "FULL_TABLE") if mirrors or one_in(4, source) else {},
    )
    writes = writer_settings(source)
    if mirrors:
        writes |= {"on_missing": "delete", "missing_scope": {}, "max_missing_percent": 100}
    tap = Side(plugin=TAP, tenant=TENANT, settings={**settings, **method}, catalog=catalog)
    target = Side(plugin=TARGET, tenant=COPY, settings=writes)
    drawn = chain.plan("pipe", tap, target, last_pause=7_200.0)
    return with_copy(drawn, draws)

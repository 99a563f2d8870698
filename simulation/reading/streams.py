"""What a plan says about each stream that it reads."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from simulation.oracles.reads import Stream, time_of
from simulation.plan import SOURCE, TAP
from simulation.reading.catalogs import models

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from simulation.plan import Plan, Side


MOST_KNOWN = 200
"""How many new records a state names (docs/adr/0037-deletes-by-set-reconciliation.md)."""


def reader_of(plan: Plan) -> Side:
    """Return the side that reads, which is the same in each step.

    Args:
        plan: The plan.
    """
    return next(side for side in plan.steps[0].sides if side.plugin in {TAP, SOURCE})


def streams_of(plan: Plan) -> list[Stream]:
    """Return the streams that a plan reads, as its last run reads them.

    Args:
        plan: The plan.
    """
    side = reader_of(plan)
    entries = (side.catalog or {})["streams"]
    made = _of_singer if side.plugin == TAP else _of_airbyte
    return [_stream(plan, side, *made(entry)) for entry in entries]


def _of_singer(entry: Mapping[str, Any]) -> tuple[str, Mapping[str, Any], str | None]:
    """Return the name of a stream, its properties, and the key by which it is to be read."""
    name, model = entry["stream"], models()[entry["stream"]]
    method = entry["metadata"][0]["metadata"].get("replication-method")
    possible = model.possible_replication_key if method == "INCREMENTAL" else None
    key = None if method == "FULL_TABLE" else model.replication_key or possible
    return name, entry["schema"]["properties"], key


def _of_airbyte(entry: Mapping[str, Any]) -> tuple[str, Mapping[str, Any], str | None]:
    name = entry["stream"]["name"]
    model, cursor = models()[name], ".".join(entry["cursor_field"])
    possible = model.possible_replication_key
    vouched = possible if cursor == possible and entry["sync_mode"] == "incremental" else None
    return name, entry["stream"]["json_schema"]["properties"], model.replication_key or vouched


def _stream(
    plan: Plan, side: Side, name: str, properties: Mapping[str, Any], key: str | None
) -> Stream:
    model, settings, tenant = models()[name], side.settings, plan.tenants[side.tenant]
    detects = bool(settings.get("detect_deletes")) and model.get_by_id
    activates = key is None and settings.get("emit_activate_version_messages", False)
    deletions: Literal["none", "covered", "all"] = "all" if detects or activates else "none"
    if detects and side.plugin == SOURCE:
        # It cannot say that all before is replaced, so what it does not know for sure is left.
        changes = sum(one.model == name for step in plan.steps for one in step.changes)
        deletions = "covered" if changes < MOST_KNOWN else "none"
    return Stream(
        name,
        key,
        is_vouched=key is not None and model.replication_key is None,
        start=time_of(settings.get("start_date")) if key else None,
        properties=frozenset(properties),
        companies=dict(_names(tenant.records.get("companies", []), settings)),
        reference=model.company_reference or "",
        only=frozenset(settings.get("company_ids", ())),
        divided_by=next(iter(model.lists[0])) if len(model.lists) > 1 else "",
        lag=tenant.lag_seconds,
        grain=plan.clock.grain / 1000,
        deletions=deletions,
    )


def _names(
    companies: list[dict[str, Any]], settings: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield each company with the name that it has for another tenant, if it is its alone."""
    if settings.get("company_references", "id") != "externalId":
        return
    keys = {each["_id"]: each["externalId"] for each in companies if each.get("externalId")}
    owners = Counter(key.strip().casefold() for key in keys.values())
    for identifier, key in keys.items():
        if owners[key.strip().casefold()] == 1:
            yield identifier, f"extid-{key}"

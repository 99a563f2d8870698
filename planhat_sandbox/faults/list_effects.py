"""Faults of lists: rows that move between requests, pages that are short, doubled or nameless."""

from __future__ import annotations

from dataclasses import replace

from planhat_sandbox.faults.incidents import Effect, Incident
from planhat_sandbox.planhat.codec import decode, encode
from planhat_sandbox.server.wire import Response


def _churn(incident: Incident) -> None:
    """Insert, update and delete at random, behind the API's back, before the list is read."""
    call, chance = incident.call, incident.random
    with call.tenant.lock:
        model = call.collection.model.name
        for _ in range(incident.options["deletes"]):
            identifiers = list(call.collection.records)
            if identifiers:
                call.tenant.delete(model, chance.choice(identifiers))
        for _ in range(incident.options["updates"]):
            identifiers = list(call.collection.records)
            if identifiers:
                name = "status" if "status" in call.collection.model.properties else "name"
                fields = {name: f"churned {chance.randrange(10**6)}"}
                call.tenant.update(model, chance.choice(identifiers), fields)
        for _ in range(incident.options["inserts"]):
            text = f"churned {chance.randrange(10**9)}"
            call.tenant.insert(model, {"title": text, "name": text, "sourceId": text})


def _short_page(incident: Incident) -> None:
    page = incident.call.page
    if page is not None:
        page.rows = page.rows[: incident.options["rows"]]
        _reencode(incident)


def _repeat_page(incident: Incident) -> None:
    """Answer with the rows of the page that was answered before."""
    call = incident.call
    if call.page is None:
        return
    with call.tenant.lock:
        start = max(0, call.page.offset - call.page.limit)
        sort = call.request.query.get("sort", "")
        call.page.rows = call.collection.page(
            sort.removeprefix("-") or "_id",
            start,
            call.page.limit,
            descending=sort.startswith("-"),
            companies=None,
        )
        _reencode(incident)


def _rows_without_id(incident: Incident) -> None:
    if incident.call.page is None or incident.response is None:
        return
    rows = decode(incident.response.body)
    for place, row in enumerate(rows, start=1):
        if place % incident.options["each"] == 0:
            row.pop("_id", None)
    incident.response = replace(incident.response, body=encode(rows))


def _reencode(incident: Incident) -> None:
    page = incident.call.page
    if page is not None:
        with incident.call.tenant.lock:
            incident.call.items = len(page.rows)
            rows = [row for row in page.rows if row in page.collection.records]
            page.rows = rows
            incident.response = replace(incident.response or Response(200), body=page.encoded())


LIST_EFFECTS = (
    Effect(
        "churn",
        False,
        "Inserts, updates and deletes so many records at random before the request.",
        {"inserts": 0, "updates": 0, "deletes": 0},
        _churn,
    ),
    Effect("short-page", True, "Leaves only the first rows of a page.", {"rows": 1}, _short_page),
    Effect("repeat-page", True, "Answers with the page in front again.", {}, _repeat_page),
    Effect(
        "rows-without-id",
        True,
        "Takes the `_id` from each so-manieth row: `each=2` from every second.",
        {"each": 1},
        _rows_without_id,
    ),
)

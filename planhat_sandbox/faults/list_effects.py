"""Faults of lists: rows that move between requests; short, repeated and malformed pages."""

from __future__ import annotations

from dataclasses import replace

from planhat_sandbox.faults.injection import Effect, Injection
from planhat_sandbox.http_messages import Response
from planhat_sandbox.planhat.codec import decode, encode
from planhat_sandbox.planhat.pages import read_rows


def _churn(injection: Injection) -> None:
    """Insert, update and delete random records before the list is read, bypassing the API."""
    call, rng = injection.call, injection.random
    with call.tenant.lock:
        model = call.collection.model.name
        for _ in range(injection.options["deletes"]):
            identifiers = list(call.collection.records)
            if identifiers:
                call.tenant.delete(model, rng.choice(identifiers))
        for _ in range(injection.options["updates"]):
            identifiers = list(call.collection.records)
            if identifiers:
                name = "status" if "status" in call.collection.model.properties else "name"
                fields = {name: f"churned {rng.randrange(10**6)}"}
                call.tenant.update(model, rng.choice(identifiers), fields)
        for _ in range(injection.options["inserts"]):
            text = f"churned {rng.randrange(10**9)}"
            call.tenant.insert(model, {"title": text, "name": text, "sourceId": text})


def _short_page(injection: Injection) -> None:
    page = injection.call.page
    if page is not None:
        page.rows = page.rows[: injection.options["rows"]]
        _encode_again(injection)


def _repeat_page(injection: Injection) -> None:
    call = injection.call
    if call.page is None:
        return
    with call.tenant.lock:
        start = max(0, call.page.offset - call.page.limit)
        call.page.rows = read_rows(
            call.collection,
            call.request.query,
            call.behaviours,
            call.tenant.store.now(),
            offset=start,
            limit=call.page.limit,
        )
        _encode_again(injection)


def _rows_without_id(injection: Injection) -> None:
    if injection.call.page is None or injection.response is None:
        return
    rows = decode(injection.response.body)
    for place, row in enumerate(rows, start=1):
        if place % injection.options["each"] == 0:
            row.pop("_id", None)
    injection.response = replace(injection.response, body=encode(rows))


def _encode_again(injection: Injection) -> None:
    page = injection.call.page
    if page is not None:
        with injection.call.tenant.lock:
            injection.call.items = len(page.rows)
            page.rows = [row for row in page.rows if row in page.collection.records]
            response = injection.response or Response(200)
            injection.response = replace(response, body=page.encoded())


LIST_EFFECTS = (
    Effect(
        "churn",
        False,
        "Inserts, updates and deletes this many random records before the request.",
        {"inserts": 0, "updates": 0, "deletes": 0},
        _churn,
    ),
    Effect("short-page", True, "Returns only the first rows of a page.", {"rows": 1}, _short_page),
    Effect("repeat-page", True, "Returns the previous page again.", {}, _repeat_page),
    Effect(
        "rows-without-id",
        True,
        "Removes `_id` from every Nth row: `each=2` from every second one.",
        {"each": 1},
        _rows_without_id,
    ),
)

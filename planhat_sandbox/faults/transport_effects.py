"""Faults of the connection: resets, cut and delayed responses, wrong framing, a closed port."""

from __future__ import annotations

from dataclasses import replace

from planhat_sandbox.faults.injection import Effect, Injection
from planhat_sandbox.http_messages import Delivery, Response


def _deliver(injection: Injection, **changes: object) -> None:
    response = injection.response or Response(200)
    # `changes` are field names of Delivery, written out below at each call.
    delivery = replace(response.delivery, **changes)  # type: ignore[arg-type]
    injection.response = replace(response, delivery=delivery)


def _reset_before(injection: Injection) -> None:
    injection.response = Response(0, delivery=Delivery(reset=True))


def _reset_after(injection: Injection) -> None:
    _deliver(injection, reset=True)


def _cut_body(injection: Injection) -> None:
    options = injection.options
    _deliver(
        injection, cut_at=options["at"], cut_by_reset=options["reset"], framing=options["framing"]
    )


def _slow(injection: Injection) -> None:
    _deliver(injection, wait_seconds=injection.options["seconds"])


def _stall(injection: Injection) -> None:
    options = injection.options
    _deliver(injection, stall_at=options["at"], stall_seconds=options["seconds"])


def _wrong_length(injection: Injection) -> None:
    _deliver(injection, length_off_by=injection.options["by"])


def _chunked(injection: Injection) -> None:
    _deliver(injection, framing="chunked")


def _refuse_connections(injection: Injection) -> None:
    injection.server.refuse(injection.options["seconds"])
    injection.response = Response(0, delivery=Delivery(reset=True))


TRANSPORT_EFFECTS = (
    Effect(
        "reset-before",
        False,
        "Resets the connection without performing the request.",
        {},
        _reset_before,
    ),
    Effect(
        "reset-after",
        True,
        "Performs the request, then resets the connection, so that the response is lost.",
        {},
        _reset_after,
    ),
    Effect(
        "cut-body",
        True,
        "Performs the request, then sends only a share of the body. `framing` is `length`, "
        "`chunked` or `close`; with `close` only the JSON shows that something is missing.",
        {"at": 0.5, "reset": False, "framing": "length"},
        _cut_body,
        {"framing": ("length", "chunked", "close")},
    ),
    Effect(
        "slow", True, "Performs the request at once, and responds late.", {"seconds": 1.0}, _slow
    ),
    Effect(
        "stall",
        True,
        "Performs the request, then pauses in the middle of the body.",
        {"at": 0.5, "seconds": 1.0},
        _stall,
    ),
    Effect(
        "wrong-length",
        True,
        "Performs the request, then sends a Content-Length that is wrong by this many bytes.",
        {"by": 10},
        _wrong_length,
    ),
    Effect(
        "chunked", True, "Performs the request, and sends the response in chunks.", {}, _chunked
    ),
    Effect(
        "refuse-connections",
        False,
        "Cuts every connection and refuses new ones for a while.",
        {"seconds": 1.0},
        _refuse_connections,
    ),
)

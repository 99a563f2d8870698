"""Harnesses of Planhat's other answers and of the settings."""

from __future__ import annotations

import contextlib
import json
import math
from dataclasses import dataclass

import msgspec

from planhat_sync.api.bulk.outcomes import Settled, read_answer
from planhat_sync.api.custom_fields import typed
from planhat_sync.api.http.exchange import Answer
from planhat_sync.api.http.retry import retry_after_seconds
from planhat_sync.api.pagination.scan import decode_rows
from planhat_sync.errors import PlanhatError
from planhat_sync.models import load_models
from planhat_sync.timestamps import format_timestamp, parse_timestamp
from tap_planhat.tap import TapPlanhat
from target_planhat.target import TargetPlanhat

MODELS = load_models()
ISSUES = MODELS["issues"]
STATUSES = (200, 206, 400, 403, 413)
LONGEST_WORD = 2_000
_ROWS = msgspec.json.Decoder(list[dict[str, object]]).decode


@dataclass(frozen=True)
class Sent:
    """A payload, as far as an answer can be about it."""

    keys: tuple[str | None, ...]
    item: bytes


PAYLOADS = tuple(
    Sent(
        tuple(name if key == "sourceId" else None for key in ISSUES.keyables),
        json.dumps({"sourceId": name, "title": name}).encode(),
    )
    for name in "abc"
)


def answer(data: bytes) -> None:
    """Read a bulk answer, whose status the first byte chooses, to three payloads and to one."""
    for payloads in (PAYLOADS, PAYLOADS[:1]):
        _check(payloads, Answer(STATUSES[data[0] % 5 if data else 0], {}, data[1:]))


def entry(data: bytes) -> None:
    """Read a bulk answer that holds one error entry."""
    body = b'{"created":1,"updated":1,"updatedErrors":[%b]}' % data
    _check(PAYLOADS, Answer(200, {}, body))


def _check(payloads: tuple[Sent, ...], answer: Answer) -> None:
    reading = read_answer(ISSUES.keyables, payloads, answer)
    places = set(range(len(payloads)))
    if isinstance(reading, Settled):
        assert reading.refusals.keys() <= places, "a refusal is of no payload"
        total = reading.counts.total + len(reading.refusals)
        assert total == len(payloads), f"{total} outcomes of {len(payloads)} payloads"
        longest = max((len(r.message) for r in reading.refusals.values()), default=0)
        assert longest <= LONGEST_WORD, "a message is endless"
    else:
        assert len(payloads) > 1, "the answer to a single payload is always settled"
        assert reading.created | reading.updated | reading.suspects <= places, "a place is none"


def config(data: bytes) -> None:
    """Use an object as the settings of each plugin."""
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):  # the SDK reads that file
        return
    if isinstance(given, dict):
        for plugin in (TapPlanhat, TargetPlanhat):
            with contextlib.suppress(PlanhatError):
                plugin(config={"api_token": "t", **given})


def fields(data: bytes) -> None:
    """Read a tenant's custom fields."""
    try:
        rows = decode_rows(data, _ROWS, "customfields")
    except (ValueError, PlanhatError):
        return
    for model in MODELS.values():
        typed(model, rows)


def header(data: bytes) -> None:
    """Read a Retry-After header, and a date-time."""
    text = data.decode("latin-1")
    asked = retry_after_seconds(text, 1_700_000_000.0)
    assert asked >= 0, "a wait below nothing"
    assert math.isfinite(asked), "a wait without end"
    moment = parse_timestamp(text)
    assert moment is None or parse_timestamp(format_timestamp(moment)) == moment, (
        "a timestamp changes when it is written and read again"
    )

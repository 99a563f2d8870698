"""Faults of the work itself: delayed, done after the response was lost, or done differently."""

from __future__ import annotations

from planhat_sandbox.faults.injection import Effect, Injection
from planhat_sandbox.http_messages import Delivery, Response
from planhat_sandbox.planhat.routes import perform
from planhat_sandbox.planhat.switches import changed


def _behave(injection: Injection) -> None:
    injection.call.behaviours = changed(injection.call.behaviours, injection.options)


def _apply_late(injection: Injection) -> None:
    call = injection.call
    injection.server.defer(injection.options["seconds"], lambda: perform(call))
    wait = injection.options["answer_after"]
    injection.response = Response(0, delivery=Delivery(reset=True, wait_seconds=wait))


def _slow_work(injection: Injection) -> None:
    if injection.server.wait(injection.options["seconds"]):
        injection.response = Response(0, delivery=Delivery(reset=True))


WRITE_EFFECTS = (
    Effect(
        "slow-work",
        False,
        "Waits before it performs the request; nothing is written meanwhile.",
        {"seconds": 1.0},
        _slow_work,
    ),
    Effect(
        "behave",
        False,
        "Changes behaviours for the matching requests only; its options are the behaviours.",
        {},
        _behave,
    ),
    Effect(
        "apply-late",
        False,
        "Resets the connection after `answer_after` seconds, and performs the request only after "
        "`seconds`: the first attempt is still running when the client retries.",
        {"seconds": 1.0, "answer_after": 0.0},
        _apply_late,
    ),
)

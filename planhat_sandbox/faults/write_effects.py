"""Faults of writes: work that goes on after its answer was lost, and behaviours for a while."""

from __future__ import annotations

from planhat_sandbox.faults.incidents import Effect, Incident
from planhat_sandbox.planhat.routes import answer
from planhat_sandbox.planhat.switches import changed
from planhat_sandbox.server.wire import Delivery, Response


def _behave(incident: Incident) -> None:
    incident.call.behaviours = changed(incident.call.behaviours, incident.options)


def _apply_late(incident: Incident) -> None:
    call = incident.call
    incident.later(incident.options["seconds"], lambda: answer(call))
    held = incident.options["answer_after"]
    incident.response = Response(0, delivery=Delivery(reset=True, wait_seconds=held))


def _slow_work(incident: Incident) -> None:
    if incident.wait(incident.options["seconds"]):
        incident.response = Response(0, delivery=Delivery(reset=True))


WRITE_EFFECTS = (
    Effect(
        "slow-work",
        False,
        "Waits before the work: while it does, nothing is written.",
        {"seconds": 1.0},
        _slow_work,
    ),
    Effect(
        "behave",
        False,
        "Any behaviour, for the requests that fit only; its options are the behaviours.",
        {},
        _behave,
    ),
    Effect(
        "apply-late",
        False,
        "Resets the connection after `answer_after` seconds and does the work only after "
        "`seconds`: the first attempt is still running when the client tries again.",
        {"seconds": 1.0, "answer_after": 0.0},
        _apply_late,
    ),
)

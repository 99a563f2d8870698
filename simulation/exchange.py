"""The wire of one life: each request becomes an answer of a tenant, or fails on its way.

Planhat does the work on its own time. So a request that is on its way when the life is killed may
still be carried out, and so may one whose client has given up.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from planhat_sync.api.http.bodies import hand_over
from planhat_sync.api.http.exchange import Answer
from planhat_sync.errors import LostAnswerError, NotSentError, UnreadableAnswerError
from simulation import faults
from simulation.planhat.reply import Ask, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planhat_sync.api.connection import Connection
    from planhat_sync.api.http.exchange import Request
    from planhat_sync.errors import RetryError
    from simulation.seam import Seam
    from simulation.time import Errand

HTML = b"<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1>"
TOKEN = "token-of-"  # noqa: S105 - of no real tenant
"""What the token of a tenant begins with; its alias follows."""

Write = tuple[str, str, bytes]


@dataclass(slots=True)
class _Course:
    """How one exchange goes.

    Attributes:
        work_at: When Planhat does the work; None for never.
        ends_at: When the client has its answer, or notices that there is none.
        error: What is raised then; None if an answer comes.
        reply: The answer, if it is not Planhat's own.
        share: The share of the body that comes; None for all of it.
    """

    work_at: float | None
    ends_at: float
    error: Callable[[], RetryError] | None = None
    reply: Reply | None = None
    share: float | None = None


class SimulatedWire:
    """Makes the exchanges of one life.

    Args:
        seam: The life.
        connection: Token and timeout.
    """

    def __init__(self, seam: Seam, connection: Connection) -> None:
        self._seam = seam
        self._connection = connection
        self._alias = connection.api_token.removeprefix(TOKEN)
        self._under_way: dict[str, Errand] = {}
        self._lost: set[Write] = set()
        self._answered: set[Write] = set()

    def exchange(self, request: Request) -> Answer:
        """Send a request once and return its complete answer.

        Args:
            request: What is sent.

        Raises:
            NotSentError: No part of the request was sent.
            LostAnswerError: Part of it was sent, and no complete answer arrived in time.
            UnreadableAnswerError: The body cannot be decompressed.
        """
        seam, world = self._seam, self._seam.world
        name = world.name("exchange")
        seam.point(f"before {name}")
        fault = world.fault(name, faults.exchange_fault)
        ask = Ask(
            world.next_request(), request.method, request.path, request.query, request.body or b""
        )
        if fault is not None and fault["kind"] == faults.RACED and not self._may_race(ask):
            fault = None
        what = f"{request.method} {request.path}{'?' if request.query else ''}{request.query}"
        world.note("exchange", f"{name}: {what}, {len(ask.body)} bytes", name, fault)
        if fault is not None:
            seam.life.faults += 1
        course = self._course(request, fault)
        done: list[Reply] = []
        at = world.next_exchange()
        if course.work_at is None:
            world.change(at, after_work=True)
        else:
            self._under_way[name] = world.time.later(
                course.work_at, lambda: done.append(self._work(name, ask, at, course))
            )
        seam.baton.pause(deadline=course.ends_at)
        answer = self._ended(name, request, course, done)
        if isinstance(answer, Answer):
            self._answered.add(_write_of(ask))
        elif done:
            self._lost.add(_write_of(ask))
        seam.point(f"after {name}")
        if isinstance(answer, Answer):
            return answer
        raise answer

    def _may_race(self, ask: Ask) -> bool:
        """Return whether a lost attempt can be why a request is refused that nothing has answered.

        A refusal is believed if the request that was sent again for it is refused too.
        """
        write = _write_of(ask)
        return ask.method == "PUT" and write in self._lost and write not in self._answered

    def close(self) -> None:
        """Do nothing: no connection is kept."""

    def abandon(self) -> None:
        """Decide which of the requests under way still reach Planhat, once the life is over."""
        draws = self._seam.world.draws
        for name, errand in self._under_way.items():
            errand.dropped = draws.chance(f"{name} under way") < 0.5  # noqa: PLR2004 - either is as likely

    def _work(self, name: str, ask: Ask, at: int, course: _Course) -> Reply:
        """Do the work of a request, with what others change before and after it."""
        world = self._seam.world
        del self._under_way[name]
        world.change(at, after_work=False)
        reply = world.planhat[self._alias].answer(ask)
        world.change(at, after_work=True)
        if world.time.now > course.ends_at or self._seam.life.ended:
            world.note("work", f"{name} is carried out now: {reply.status}")
        return reply

    def _course(self, request: Request, fault: faults.Fault | None) -> _Course:
        """Return how an exchange goes."""
        world = self._seam.world
        now, drawn = world.time.now, world.draws.clock.random()
        takes = round(drawn * world.plan.clock.exchange, 4)
        timeout = float(self._connection.request_timeout_seconds * request.timeout_factor)
        course = _Course(now + min(takes, timeout) / 2, now + min(takes, timeout))
        ends, how = world.outage
        if now < ends and not world.calm:
            self._seam.life.faults += 1
            fault = {"kind": how, "work": faults.NONE, "status": 503}
        elif fault is not None and fault["kind"] == faults.OUTAGE:
            world.outage = (now + fault["seconds"], fault["how"])
            fault = {"kind": fault["how"], "work": faults.NONE, "status": 503}
        if fault is not None:
            self._apply(course, fault, now, timeout)
        return course

    def _apply(self, course: _Course, fault: faults.Fault, now: float, timeout: float) -> None:
        """Change the course of an exchange as a fault has it."""
        kind = fault["kind"]
        if kind in _ERRORS:
            course.error = _ERRORS[kind]
        elif kind in (faults.BUSY, faults.LIMITED, faults.HTML, faults.RACED):
            course.reply = self._reply(kind, fault)
        if kind == faults.SLOW:
            # Never before the work: a client that gives up sooner waits only as long as it had run.
            course.ends_at = max(course.ends_at, now + min(timeout, fault["seconds"]))
            course.error = _timed_out if fault["seconds"] >= timeout else None
        if kind == faults.TIMEOUT:
            course.ends_at = now + timeout
        course.share = fault.get("share")
        if kind in (faults.REFUSED, faults.LIMITED, faults.RACED):
            course.work_at = None
        elif "work" in fault:
            course.work_at = _work_at(fault["work"], course, now)

    def _reply(self, kind: str, fault: faults.Fault) -> Reply:
        """Return the answer of something before Planhat."""
        headers = {"content-type": "application/json"}
        if "retry_after" in fault:
            seconds = fault["retry_after"]
            at = self._seam.world.time.planhat() + seconds
            as_date = fault.get("as_date")
            headers["retry-after"] = formatdate(at, usegmt=True) if as_date else str(seconds)
        if kind == faults.RACED:
            return Reply(400, b'{"message":"E11000 duplicate key"}', headers)
        if kind == faults.HTML:
            return Reply(200, HTML, {"content-type": "text/html"})
        status = 429 if kind == faults.LIMITED else fault["status"]
        if fault.get("html"):
            return Reply(status, HTML, headers | {"content-type": "text/html"})
        return Reply(status, b'{"message":"busy"}', headers)

    def _ended(
        self, name: str, request: Request, course: _Course, done: list[Reply]
    ) -> Answer | RetryError:
        """Return the answer, or the error in its place; its receiver gets what came of the body."""
        world = self._seam.world
        reply = course.reply or (done[0] if done else None)
        body = reply.body if reply is not None else b""
        if course.share is not None:
            body = body[: int(len(body) * course.share)]
        receiver: Any = None
        if request.receive is not None and reply is not None:
            receiver = request.receive()
            hand_over(body, receiver)
        if course.error is not None or reply is None:
            error = course.error() if course.error is not None else _timed_out()
            world.note("answer", f"{name}: {error}")
            return error
        world.note("answer", f"{name}: {reply.status}, {len(body)} bytes")
        if receiver is not None:
            return Answer(reply.status, reply.headers, b"", receiver)
        return Answer(reply.status, reply.headers, body)


def _write_of(ask: Ask) -> Write:
    """Return what is equal for a request and the same one sent again."""
    return ask.method, ask.path, ask.body


def _timed_out() -> RetryError:
    return LostAnswerError("no answer came in time")


_ERRORS: Mapping[str, Callable[[], RetryError]] = {
    faults.TIMEOUT: _timed_out,
    faults.RESET: lambda: LostAnswerError("the connection was cut"),
    faults.REFUSED: lambda: NotSentError("the connection was refused"),
    faults.GARBLED: lambda: UnreadableAnswerError("the answer cannot be decompressed"),
    faults.CUT: lambda: LostAnswerError("the answer was cut short"),
}
"""What `Wire` raises, by the kind of fault."""


def _work_at(work: Any, course: _Course, now: float) -> float | None:  # noqa: ANN401 - any JSON value
    """Return when the work of an exchange that fails is done."""
    if work == faults.NONE:
        return None
    if work == faults.DONE:
        return course.work_at
    if "share" in work:
        return course.ends_at + (course.ends_at - now) * float(work["share"])
    return course.ends_at + float(work["seconds"])

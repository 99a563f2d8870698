"""What can happen at an exchange or at another point of a life, as data.

A fault is a JSON object: its `kind`, and how exactly it happens. The kinds are also the names in
`Plan.rates`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

BUSY = "busy"
"""An answer 408, 500, 502, 503 or 504. `status`, `work`, perhaps `retry_after` and `html`."""
LIMITED = "limited"
"""An answer 429, which says that nothing was done. `retry_after` in seconds, as a date, or none."""
REFUSED = "refused"
"""No connection."""
RESET = "reset"
"""The connection is cut instead of an answer. `work`."""
CUT = "cut"
"""The work is done, and the answer is cut after a `share` of its body, so that it shows."""
HALF = "half"
"""The work is done, and the answer has only a `share` of its body, as if that were all of it."""
HTML = "html"
"""An answer 200 with a page of HTML. `work`."""
GARBLED = "garbled"
"""The work is done, and the answer cannot be decompressed."""
TIMEOUT = "timeout"
"""No answer comes in time. `work`."""
SLOW = "slow"
"""The answer takes `seconds`, perhaps more than the client waits."""
OUTAGE = "outage"
"""From now on, for `seconds`, each exchange is `how`: refused, reset or busy; nothing is done."""

RACED = "raced"
"""A write that is sent again is refused with 400, since its first attempt has just been carried out
(MongoDB's E11000, for instance); nothing else is done. Nothing happens to any other request."""

EXCHANGE_KINDS = (
    BUSY,
    LIMITED,
    REFUSED,
    RESET,
    CUT,
    HALF,
    HTML,
    GARBLED,
    TIMEOUT,
    SLOW,
    OUTAGE,
)
"""Those that a swarm is drawn from; `RACED` has to be asked for."""

LATE = "late"
"""Of faults whose work may be done or not: the share in which it is done after the client gave up,
within as long as the attempt had run, for which the client waits before it repeats a write."""
LATER = "later"
"""The share in which it is done up to `LATEST` seconds after that, whatever happens meanwhile."""

CRASH = "crash"
"""The process is killed. At a write, a `share` of it has been written, at an fsync 0 or 1."""
STOP = "stop"
"""SIGTERM comes."""

IDLE = "idle"
"""The input is idle for `seconds` before its next chunk."""

RATES = (*EXCHANGE_KINDS, RACED, LATE, LATER, CRASH, STOP, IDLE)
"""All names in `Plan.rates`."""

LATEST = 600.0
LONGEST_OUTAGE, SHORTEST_OUTAGE = 4_000.0, 5.0
DONE, NONE = "done", "none"
STATUSES = (408, 500, 502, 503, 504)
STATUSES_OF_GATEWAYS = (502, 504)
"""Those behind which Planhat may still be at work (RFC 9110 section 15.6)."""

Fault = dict[str, Any]


def swarm(source: random.Random, *, calm: float = 0.0) -> dict[str, float]:
    """Draw the rates of a plan: most kinds not at all, others often.

    A run in which everything happens now and then looks like all others; one in which a few things
    happen often goes where no other goes.

    Args:
        source: Where from.
        calm: Share of plans without any fault.
    """
    if source.random() < calm:
        return {}
    rates = {
        kind: source.choice((0.01, 0.03, 0.08, 0.2))
        for kind in EXCHANGE_KINDS
        if source.random() < 0.35  # noqa: PLR2004 - about four of them
    }
    if OUTAGE in rates:
        rates[OUTAGE] = min(rates[OUTAGE], 0.02)
    rates[LATE] = source.choice((0.0, 0.2, 0.5))
    rates[CRASH] = source.choice((0.0, 0.0, 0.003, 0.01, 0.04))
    rates[STOP] = source.choice((0.0, 0.0, 0.0, 0.003, 0.01))
    rates[IDLE] = source.choice((0.0, 0.0, 0.05, 0.3))
    return rates


def exchange_fault(
    chance: float, source: Callable[[], random.Random], rates: Mapping[str, float]
) -> Fault | None:
    """Decide what faults an exchange.

    Args:
        chance: A number in [0, 1) for whether anything does, and which kind.
        source: Makes what draws how exactly it happens.
        rates: Probability of each kind.
    """
    for kind in (*EXCHANGE_KINDS, RACED):
        chance -= rates.get(kind, 0.0)
        if chance < 0:
            return {"kind": kind, **_details(kind, source(), rates)}
    return None


def _details(kind: str, source: random.Random, rates: Mapping[str, float]) -> Fault:
    """Draw how exactly a fault happens."""
    return _DETAILS[kind](source, rates) if kind in _DETAILS else {}


def _busy(source: random.Random, rates: Mapping[str, float]) -> Fault:
    details: Fault = {"status": source.choice(STATUSES), "work": _work(source, rates)}
    if isinstance(details["work"], dict):
        details["status"] = source.choice(STATUSES_OF_GATEWAYS)
    if source.random() < 0.2:  # noqa: PLR2004 - now and then
        details["html"] = True
    return details | _retry_after(source, 0.2)


def _outage(source: random.Random, _: Mapping[str, float]) -> Fault:
    spread = (LONGEST_OUTAGE / SHORTEST_OUTAGE) ** source.random()
    how = source.choice((REFUSED, RESET, BUSY))
    return {"seconds": round(SHORTEST_OUTAGE * spread, 3), "how": how}


def _work(source: random.Random, rates: Mapping[str, float]) -> object:
    """Draw what becomes of the work: `DONE`, `NONE`, or when it is done after the client gave up.

    The latter is a share of the time that the attempt has run, or a number of seconds above 1.
    """
    chance = source.random()
    late, later = rates.get(LATE, 0.0), rates.get(LATER, 0.0)
    if chance < late:
        return {"share": round(source.random(), 3)}
    if chance < late + later:
        return {"seconds": round(LATEST * source.random(), 3)}
    return source.choice((DONE, NONE))


def _retry_after(source: random.Random, share: float) -> Fault:
    if source.random() >= share:
        return {}
    seconds = source.choice((0, 1, 5, 30, 90, 3_000))
    return {"retry_after": seconds, "as_date": source.random() < 0.3}  # noqa: PLR2004 - now and then


def _lost(source: random.Random, rates: Mapping[str, float]) -> Fault:
    return {"work": _work(source, rates)}


def _share(source: random.Random, _: Mapping[str, float]) -> Fault:
    return {"share": round(source.random(), 3)}


_DETAILS: Mapping[str, Callable[[random.Random, Mapping[str, float]], Fault]] = {
    BUSY: _busy,
    LIMITED: lambda source, _: _retry_after(source, 0.6),
    RESET: _lost,
    TIMEOUT: _lost,
    HTML: lambda source, _: {"work": source.choice((DONE, NONE))},
    CUT: _share,
    HALF: _share,
    SLOW: lambda source, _: {
        "seconds": round(source.choice((1.0, 20.0, 400.0)) * source.random(), 3)
    },
    OUTAGE: _outage,
}
"""Draws how exactly a fault happens, by its kind; the others have nothing to draw."""


def point_fault(
    chance: float, source: Callable[[], random.Random], rates: Mapping[str, float]
) -> Fault | None:
    """Decide whether a life is killed or stopped at a point.

    Args:
        chance: A number in [0, 1).
        source: Makes what draws how exactly it happens.
        rates: Probability of both.
    """
    crash = rates.get(CRASH, 0.0)
    if chance < crash:
        drawn = source()
        share = drawn.choice((0.0, 1.0, round(drawn.random(), 3)))
        return {"kind": CRASH, "share": share}
    return {"kind": STOP} if chance < crash + rates.get(STOP, 0.0) else None


def input_fault(
    chance: float, source: Callable[[], random.Random], rates: Mapping[str, float]
) -> Fault | None:
    """Decide whether the input is idle before its next chunk.

    Args:
        chance: A number in [0, 1).
        source: Makes what draws for how long.
        rates: Probability of it.
    """
    if chance >= rates.get(IDLE, 0.0):
        return None
    drawn = source()
    return {"kind": IDLE, "seconds": round(drawn.choice((5.0, 30.0, 90.0)) * drawn.random(), 3)}

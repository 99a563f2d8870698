"""A fault as a user asks for it: which effect, for which requests, how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from planhat_sandbox.planhat.call import ROUTE_NAMES, ROUTES
from planhat_sandbox.planhat.switches import read_as

if TYPE_CHECKING:
    from collections.abc import Mapping

FILTERS = ("tenant", "method", "model", "route")
METHODS = tuple(dict.fromkeys(method for method, _ in ROUTES))
_LEAST = {"nth": 1, "every": 1, "burst": 1, "times": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault as a user asks for it.

    Attributes:
        name: Name of the effect: a key of `effects.EFFECTS`.
        options: Options of the effect.
        tenant: Match only requests of the tenant with this alias or token.
        method: Match only requests with this method.
        model: Match only requests for this model.
        route: Match only this route: one of `call.ROUTE_NAMES`.
        nth: Fire for the nth matching request only, counted from 1.
        every: Fire for every Nth matching request.
        probability: Fire with this probability, from 0 to 1.
        burst: Once it fires, it fires for this many matching requests in a row.
        times: Fire at most this often.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    tenant: str | None = None
    method: str | None = None
    model: str | None = None
    route: str | None = None
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    burst: int = 1
    times: int | None = None


def read_fault(values: Mapping[str, Any]) -> Fault:
    """Read a fault from flat names, as the command line and the control route take them.

    Args:
        values: ``name``, any other attribute of `Fault`, and the options of the effect.

    Returns:
        The fault.

    Raises:
        ValueError: A value cannot be read.
    """
    known: dict[str, Any] = {}
    options: dict[str, Any] = dict(values.get("options") or {})
    for name, value in values.items():
        if name in _LEAST:
            known[name] = read_as(int, value, name)
        elif name == "probability":
            known[name] = read_as(float, value, name)
        elif name == "name" or name in FILTERS:
            known[name] = str(value)
        elif name != "options":
            options[name] = value
    _check(known)
    return Fault(options=options, **known)


def _check(known: Mapping[str, Any]) -> None:
    """Raise ValueError if the name is missing or a value is out of range."""
    if known.get("route") not in {None, *ROUTE_NAMES}:
        raise ValueError(f"route takes one of {', '.join(ROUTE_NAMES)}")
    if known.get("method") not in {None, *METHODS}:
        raise ValueError(f"method takes one of {', '.join(METHODS)}, not {known['method']!r}")
    for name, least in _LEAST.items():
        if known.get(name, least) < least:
            raise ValueError(f"{name} must be {least} or more, not {known[name]}")
    if not 0 <= known.get("probability", 0) <= 1:
        raise ValueError(f"probability must be between 0 and 1, not {known['probability']}")
    if "name" not in known:
        raise ValueError("a fault needs a name")

"""Faults: what goes wrong, for which requests, how often. What each does is in `effects`."""

from __future__ import annotations

import dataclasses
import math
import random
import threading
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from planhat_sandbox.planhat.behaviours import Behaviours
from planhat_sandbox.planhat.routes import ROUTES
from planhat_sandbox.planhat.switches import changed, read_as

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sandbox.faults.incidents import Effect
    from planhat_sandbox.planhat.routes import Call

PLACES = ("tenant", "method", "model", "route")
METHODS = tuple(dict.fromkeys(method for method, _ in ROUTES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault as one asks for it.

    Attributes:
        name: Which effect: a name in `effects.EFFECTS`.
        options: The effect's own options.
        tenant: Only requests of the tenant with this alias or token.
        method: Only requests with this method.
        model: Only requests for this model.
        route: Only ``list``, ``get``, ``create``, ``update``, ``delete`` or ``bulk``.
        nth: Only the nth request that fits, 1 for the next.
        every: Only every so-manieth request that fits.
        probability: Only with this probability, from 0 to 1, by the sandbox's seed.
        burst: Once it fires, so many requests in a row.
        times: At most so many times.
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


class ArmedFault:
    """A fault at work, with its counts.

    Args:
        fault: What was asked for.
        effect: What it does.
        seed: For its randomness.
    """

    def __init__(self, fault: Fault, effect: Effect, seed: str) -> None:
        self.fault = fault
        self.effect = effect
        self.options = _options(fault, effect)
        self.random = random.Random(seed)
        self.memory: dict[str, Any] = {}
        self.seen = 0
        self.fired = 0
        self._left_of_burst = 0

    def fires(self, call: Call) -> bool:
        """Count a request and tell whether the fault meets it.

        Args:
            call: The request.

        Returns:
            True when it does.
        """
        fault = self.fault
        places = (call.tenant.alias, call.request.method, call.collection.model.name, call.route)
        wanted = (fault.tenant, fault.method, fault.model, fault.route)
        if any(want not in (None, place) for want, place in zip(wanted, places, strict=True)):
            return False
        self.seen += 1
        if fault.times is not None and self.fired >= fault.times:
            return False
        if self._left_of_burst:
            self._left_of_burst -= 1
        elif self._begins():
            self._left_of_burst = fault.burst - 1
        else:
            return False
        self.fired += 1
        return True

    def _begins(self) -> bool:
        fault = self.fault
        return (
            (fault.nth is None or self.seen == fault.nth)
            and (fault.every is None or self.seen % fault.every == 0)
            and (fault.probability is None or self.random.random() < fault.probability)
        )


class Faults:
    """The faults at work. Safe to use from any thread.

    Args:
        effects: What there is, by name.
        seed: For the randomness of every fault.
    """

    def __init__(self, effects: Mapping[str, Effect], seed: int) -> None:
        self._effects = effects
        self._seed = seed
        self._lock = threading.Lock()
        self._armed: list[ArmedFault] = []
        self._count = 0

    def add(self, fault: Fault) -> ArmedFault:
        """Switch a fault on.

        Args:
            fault: Which, where, when.

        Returns:
            The fault at work, with its counts.

        Raises:
            ValueError: There is no such fault, or it has no such option.
        """
        if fault.name not in self._effects:
            names = ", ".join(sorted(self._effects))
            raise ValueError(f"no fault is called {fault.name!r}; there are {names}")
        with self._lock:
            self._count += 1
            armed = ArmedFault(
                fault, self._effects[fault.name], f"{self._seed}/{self._count}/{fault.name}"
            )
            self._armed.append(armed)
            return armed

    def clear(self, name: str | None = None) -> None:
        """Switch faults off.

        Args:
            name: Only those of this name; None = all.
        """
        with self._lock:
            kept = [armed for armed in self._armed if name not in (None, armed.fault.name)]
            self._armed = kept

    def remove(self, armed: ArmedFault) -> None:
        """Switch one fault off.

        Args:
            armed: What `add` gave.
        """
        with self._lock:
            self._armed = [other for other in self._armed if other is not armed]

    def due(self, call: Call) -> list[ArmedFault]:
        """Give the faults that meet a request, in the order they were added.

        Args:
            call: The request.

        Returns:
            Those that fire; each has counted it.
        """
        with self._lock:
            return [armed for armed in self._armed if armed.fires(call)]

    def snapshot(self) -> list[ArmedFault]:
        """Give the faults at work.

        Returns:
            A copy of the list.
        """
        with self._lock:
            return list(self._armed)


def read_fault(values: Mapping[str, Any]) -> Fault:
    """Read a fault from flat names, as the command line and the control route give it.

    Args:
        values: ``name``, the places and times of `Fault`, and the effect's options.

    Returns:
        The fault.

    Raises:
        ValueError: A value cannot be read.
    """
    known: dict[str, Any] = {}
    options: dict[str, Any] = dict(values.get("options") or {})
    for name, value in values.items():
        if name in {"nth", "every", "burst", "times"}:
            known[name] = read_as(int, value, name)
        elif name == "probability":
            known[name] = read_as(float, value, name)
        elif name == "name" or name in PLACES:
            known[name] = str(value)
        elif name != "options":
            options[name] = value
    _check(known)
    return Fault(options=options, **known)


def _check(known: Mapping[str, Any]) -> None:
    """Raise ValueError if a value has no meaning, or there is no name."""
    if known.get("route") not in {None, *ROUTES.values()}:
        raise ValueError(f"route takes one of {', '.join(ROUTES.values())}")
    if known.get("method") not in {None, *METHODS}:
        raise ValueError(f"method takes one of {', '.join(METHODS)}, not {known['method']!r}")
    for name, least in (("nth", 1), ("every", 1), ("burst", 1), ("times", 0)):
        if known.get(name, least) < least:
            raise ValueError(f"{name} is {least} or more, not {known[name]}")
    if not 0 <= known.get("probability", 0) <= 1:
        raise ValueError(f"probability is a number from 0 to 1, not {known['probability']}")
    if "name" not in known:
        raise ValueError("a fault needs a name")


def as_json(armed: ArmedFault) -> dict[str, Any]:
    """Describe a fault at work.

    Args:
        armed: The fault.

    Returns:
        A JSON object: what was asked for, and how often it was seen and fired.
    """
    told = {f.name: getattr(armed.fault, f.name) for f in dataclasses.fields(Fault)}
    told["options"] = dict(armed.options)
    return {**told, "seen": armed.seen, "fired": armed.fired}


def _options(fault: Fault, effect: Effect) -> Mapping[str, Any]:
    if effect.name == "behave":
        changed(Behaviours(), fault.options)
        return MappingProxyType(dict(fault.options))
    options = dict(effect.options)
    for name, value in fault.options.items():
        if name not in options:
            names = ", ".join(options) or "none"
            raise ValueError(f"the fault {fault.name!r} has no option {name!r}; it has {names}")
        options[name] = read_as(type(options[name]), value, name)
        if isinstance(options[name], float) and not 0 <= options[name] < math.inf:
            raise ValueError(f"{name} is a number from 0 on, not {value!r}")
        if name == "status" and not 100 <= options[name] <= 999:  # noqa: PLR2004 - RFC 9110, 15
            raise ValueError(f"status is a number of three digits, not {value!r}")
        choices = effect.choices.get(name, ())
        if choices and options[name] not in choices:
            raise ValueError(f"{name} takes one of {', '.join(choices)}, not {value!r}")
    return MappingProxyType(options)

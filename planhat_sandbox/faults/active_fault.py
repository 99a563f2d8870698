"""A fault that is switched on: its counts, and whether it fires for a request."""

from __future__ import annotations

import dataclasses
import math
import random
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from planhat_sandbox.faults.fault import Fault
from planhat_sandbox.planhat.behaviours import Behaviours
from planhat_sandbox.planhat.switches import changed, read_as

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sandbox.faults.injection import Effect
    from planhat_sandbox.planhat.call import Call


class ActiveFault:
    """A fault that is switched on.

    Args:
        fault: What was asked for.
        effect: What it does.
        seed: For its randomness.

    Attributes:
        options: The options of the effect, with defaults filled in.
        random: Its own randomness.
        state: What the effect keeps from one request to the next.
        seen: How many requests it has matched.
        fired: How often it has fired.

    Raises:
        ValueError: The effect does not have such an option, or the option such a value.
    """

    def __init__(self, fault: Fault, effect: Effect, seed: str) -> None:
        self.fault = fault
        self.effect = effect
        self.options = _read_options(fault, effect)
        self.random = random.Random(seed)
        self.state: dict[str, Any] = {}
        self.seen = 0
        self.fired = 0
        self._left_of_burst = 0

    def fires(self, call: Call) -> bool:
        """Count a request, and decide whether the fault fires for it.

        Args:
            call: The request.

        Returns:
            Whether it fires.
        """
        fault = self.fault
        actual = (call.tenant.alias, call.request.method, call.collection.model.name, call.route)
        wanted = (fault.tenant, fault.method, fault.model, fault.route)
        if any(want not in (None, has) for want, has in zip(wanted, actual, strict=True)):
            return False
        self.seen += 1
        if fault.times is not None and self.fired >= fault.times:
            return False
        if self._left_of_burst:
            self._left_of_burst -= 1
        elif self._starts():
            self._left_of_burst = fault.burst - 1
        else:
            return False
        self.fired += 1
        return True

    def _starts(self) -> bool:
        fault = self.fault
        return (
            (fault.nth is None or self.seen == fault.nth)
            and (fault.every is None or self.seen % fault.every == 0)
            and (fault.probability is None or self.random.random() < fault.probability)
        )


def as_json(active: ActiveFault) -> dict[str, Any]:
    """Return an active fault as a JSON object.

    Args:
        active: The fault.

    Returns:
        What was asked for, and how often it has matched and fired.
    """
    values = {f.name: getattr(active.fault, f.name) for f in dataclasses.fields(Fault)}
    values["options"] = dict(active.options)
    return {**values, "seen": active.seen, "fired": active.fired}


def _read_options(fault: Fault, effect: Effect) -> Mapping[str, Any]:
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
            raise ValueError(f"{name} must be a number from 0 on, not {value!r}")
        if name == "status" and not 100 <= options[name] <= 999:  # noqa: PLR2004 - RFC 9110, 15
            raise ValueError(f"status must be a number of three digits, not {value!r}")
        choices = effect.choices.get(name, ())
        if choices and options[name] not in choices:
            raise ValueError(f"{name} takes one of {', '.join(choices)}, not {value!r}")
    return MappingProxyType(options)

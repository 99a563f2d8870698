"""What a fault does to a request: the effect, and the incident when the two meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from planhat_sandbox.planhat.routes import Call
    from planhat_sandbox.server.wire import Response


@dataclass(slots=True)
class Incident:
    """A fault that meets a request.

    Attributes:
        call: The request.
        options: The effect's options, defaults filled in.
        random: Randomness of this fault, from the sandbox's seed.
        memory: What the effect wants to remember from one request to the next.
        wait: Waits so many seconds; true when the sandbox ends before.
        later: Runs a function after so many seconds, in another thread.
        refuse: Refuses connections for so many seconds.
        response: The answer so far; an effect *before* the work that sets one spares the work.
    """

    call: Call
    options: Mapping[str, Any]
    random: random.Random
    memory: dict[str, Any]
    wait: Callable[[float], bool]
    later: Callable[[float, Callable[[], object]], None]
    refuse: Callable[[float], None]
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fault does.

    Attributes:
        name: Name of the fault.
        after: Whether it acts on the answer, after the work; else before the work.
        says: One sentence for the documentation.
        options: Its options and their defaults.
        apply: Does it.
        choices: For options that take only certain texts, those texts.
    """

    name: str
    after: bool
    says: str
    options: Mapping[str, Any]
    apply: Callable[[Incident], None]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

"""Effects, and the injection of one into one request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from planhat_sandbox.http_messages import Response
    from planhat_sandbox.planhat.call import Call


@dataclass(frozen=True, slots=True)
class ServerActions:
    """What an effect may ask of the server.

    Attributes:
        wait: Waits for a number of seconds; returns True if the sandbox closes meanwhile.
        defer: Runs a function after a number of seconds, in another thread.
        refuse: Refuses connections for a number of seconds.
    """

    wait: Callable[[float], bool]
    defer: Callable[[float, Callable[[], object]], None]
    refuse: Callable[[float], None]


@dataclass(slots=True)
class Injection:
    """One fault that fires for one request.

    Attributes:
        call: The request.
        options: The options of the effect, with defaults filled in.
        random: The fault's own randomness, from the seed of the sandbox.
        state: What the effect keeps from one request to the next.
        server: What it may ask of the server.
        response: The response so far. An effect that acts before the request is performed and
            sets a response keeps the request from being performed.
    """

    call: Call
    options: Mapping[str, Any]
    random: random.Random
    state: dict[str, Any]
    server: ServerActions
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fault does.

    Attributes:
        name: Name of the fault.
        after: Whether it acts on the response, after the request was performed; otherwise it acts
            before.
        description: One sentence for the documentation.
        options: Its options and their defaults.
        apply: Does it.
        choices: The allowed values of those options that have a fixed set.
    """

    name: str
    after: bool
    description: str
    options: Mapping[str, Any]
    apply: Callable[[Injection], None]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

"""What happened in a run: its lives, its events, its counts, and what is left at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.plan import Plan

WELL, FAILED, STOPPED, CRASHED, HUNG, BROKEN = (
    "well",
    "failed",
    "stopped",
    "crashed",
    "hung",
    "broken",
)
"""How a life ends: without an error, with one of our errors, at a signal, killed, with threads that
wait for ever or for too long, with an exception that is not one of ours. The last two are
violations."""


class Version(NamedTuple):
    """A record from one event on.

    Attributes:
        event: Number of the event after which it was so.
        at: Planhat's time, in seconds since 1970.
        fields: The record as an answer shows it; None from when it was deleted.
    """

    event: int
    at: float
    fields: Mapping[str, Any] | None


class Tenant(Protocol):
    """The records of a tenant, for checks. Bypasses all that can happen to a request."""

    def records(self, model: str) -> list[dict[str, Any]]:
        """Return the records of a model as they are now, sorted by `_id`."""

    def versions(self, model: str) -> Mapping[str, Sequence[Version]]:
        """Return all versions of each record of a model by its `_id`, oldest first.

        Those of initial records begin with event 0.
        """


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at the seam.

    Attributes:
        number: From 1.
        at: Virtual seconds since the beginning.
        life: Number of the life, 0 between lives.
        kind: ``exchange``, ``answer``, ``work`` (done after its client gave up), ``change``,
            ``print``, ``write``, ``sync``, ``read``, ``wait``, ``crash``, ``stop``, ``begin``,
            ``end``.
        text: What happened, in words.
        decision: Name of the decision, such as ``exchange 17``; empty if there was none.
        fault: What was decided there, as in `Plan.faults`; None if nothing.
    """

    number: int
    at: float
    life: int
    kind: str
    text: str
    decision: str = ""
    fault: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Life:
    """One life of a plugin: a process that would have run from its start to its end.

    Attributes:
        number: From 1, over all steps.
        step: Index of its step in the plan.
        side: Index of its side in the step.
        plugin: Which plugin it is.
        tenant: Alias of its tenant.
        begins: Number of the event with which it begins.
        fed: Lines of its input, without line ends; empty for a reader.
        first: Index in `Step.lines` of the line behind the last printed state, from which `fed` was
            taken; SCHEMA messages before it are repeated. 0 in a pipe.
        state: State that a reader began from.
        printed: Complete lines that it printed, with line ends.
        torn: What it had printed of a line when it was killed.
        ended: One of the constants above.
        error: Text of the error that ended it, empty if none did.
        read_all: Whether a writer has read its input to the end.
        crashed_at: Name of the decision at which it was killed or stopped.
        faults: How many of its exchanges failed or were late.
        summary: What it wrote to `summary_path`, None if nothing.
        result: What it returned: the `Result` of `Planhat.write`, also if that has failed.
        rejects_at: How many bytes of complete lines its reject file had when it began.
    """

    number: int
    step: int
    side: int
    plugin: str
    tenant: str
    begins: int
    fed: Sequence[bytes] = ()
    first: int = 0
    state: Any = None
    printed: list[bytes] = field(default_factory=list)
    torn: bytes = b""
    ended: str = ""
    error: str = ""
    read_all: bool = False
    crashed_at: str = ""
    faults: int = 0
    summary: Mapping[str, Any] | None = None
    result: Any = None
    rejects_at: int = 0


@dataclass(slots=True)
class Story:
    """A run of a plan.

    Attributes:
        plan: The plan.
        tenants: The tenants by alias, as they are now.
        lives: The lives so far, in order; the last one may still go on.
        events: What happened so far.
        counts: ``lives``, ``exchanges``, ``faults`` (without crashes and stops), ``points`` (at
            which a life could have crashed), ``seconds`` (virtual ones), and how many faults of
            each kind there were: ``crash``, ``stop``, ``timeout`` and so on.
        rejects: The reject file of each tenant as it would be read now: by alias, all that was
            written.
        synced: The part of it that a power failure would leave.
        replayed: The reject files of each tenant that were replayed and renamed, the oldest first.
        violations: What the harness itself found: hangs, unexpected exceptions, torn lines of a
            life that was not killed.
    """

    plan: Plan
    tenants: Mapping[str, Tenant] = field(default_factory=dict)
    lives: list[Life] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    rejects: Mapping[str, bytes] = field(default_factory=dict)
    synced: Mapping[str, bytes] = field(default_factory=dict)
    replayed: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def lives_of(self, step: int, side: int = 0) -> list[Life]:
        """Return the lives of one side of a step, in order.

        Args:
            step: Index of the step.
            side: Index of the side.
        """
        return [life for life in self.lives if (life.step, life.side) == (step, side)]

    def faults(self) -> dict[str, dict[str, Any]]:
        """Return all faults that happened, as in `Plan.faults`, by the name of the decision."""
        return {event.decision: dict(event.fault) for event in self.events if event.fault}

    def trace(self) -> str:
        """Return the schedule in words, a line for each event."""
        return "".join(
            f"{event.number:6} {event.at:12.3f} {event.life:3} {event.kind:9}{event.text}\n"
            for event in self.events
        )


class Observer:
    """Watches a run; a profile overrides what it needs.

    Attributes:
        violations: What it found wrong, one sentence each.
    """

    def __init__(self) -> None:
        self.violations: list[str] = []

    def printed(self, line: bytes, story: Story) -> None:
        """Look at the world at the moment at which a line has become durable output.

        `story.lives[-1]` is the life that printed it.

        Args:
            line: The line with its line end.
            story: The run so far.
        """

    def ended(self, story: Story) -> None:
        """Look at the world when all steps are over and all late work is done.

        Args:
            story: The run.
        """

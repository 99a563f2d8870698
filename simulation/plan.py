"""What a seed decides before anything runs, as JSON: tenants, steps, rates, what is left out.

A plan is all that a run depends on. A profile draws it; the shrinker makes it smaller; the corpus
keeps it. What happens at a certain exchange or write is not in it: each such decision has a name
(`exchange 17`, `print 4`) and is drawn from its own hash of seed and name when it is due, unless
the plan has it in `faults` or `left_out`.
"""

from __future__ import annotations

from typing import Any

import msgspec

SANDBOX, SMALL = "sandbox", "small"
TARGET, TAP, DESTINATION, SOURCE, ROWS = "target", "tap", "destination", "source", "rows"
"""Plugins. `rows` is `Planhat.write` of the Python class, whose input are rows as JSON."""


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A change that somebody else makes to a record of a tenant.

    Attributes:
        tenant: Alias of the tenant.
        model: Name of the model.
        action: ``insert``, ``update`` or ``delete``.
        find: Property and value that the record has, such as ``("sourceId", "s5")``; the oldest
            one if several have it. Nothing happens if none has. Not used by ``insert``.
        fields: What is set. An ``insert`` keeps `_id`, `createdAt` and `updatedAt` if given.
        at: Number of the exchange of its step at which it happens, from 1, counted over all lives;
            0 for before the first life. One that has not happened when the step ends happens then.
        after_work: Whether it happens after the work of the exchange, before its answer arrives.
    """

    tenant: str
    model: str
    action: str
    find: tuple[str, Any] | None = None
    fields: dict[str, Any] = {}
    at: int = 0
    after_work: bool = False


class TenantPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tenant before the first step, and how it behaves.

    Attributes:
        records: The records of each model. Give each an `_id` below 66b0c0de000001, which all
            later ones exceed, and `createdAt` and `updatedAt` before `ClockPlan.start`; without
            them they are made then.
        behaviours: Behaviours of the sandbox by name (`planhat_sandbox.planhat.behaviours`), the
            same throughout. The small Planhat has none.
        changing: Behaviours that change from request to request: the values to choose from.
        lag_seconds: Lists show what was there up to this long ago; how long is drawn for each list
            among 0 and this.
    """

    records: dict[str, list[dict[str, Any]]] = {}
    behaviours: dict[str, Any] = {}
    changing: dict[str, list[Any]] = {}
    lag_seconds: float = 0.0


class ClockPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The clocks.

    Attributes:
        start: Planhat's time when the plan begins, in seconds since 1970.
        ahead: How many seconds the clock of the plugins is ahead of it.
        grain: What Planhat's times are rounded down to, in milliseconds; changes within a grain
            have equal times.
        exchange: The longest time that an undisturbed exchange takes, in seconds. 0 lets time stand
            still, so that many changes fall into one millisecond.
    """

    start: float = 1_760_000_000.0
    ahead: float = 0.0
    grain: int = 1
    exchange: float = 0.5


class Side(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A plugin with its settings.

    Attributes:
        plugin: `TARGET`, `TAP`, `DESTINATION`, `SOURCE` or `ROWS`.
        tenant: Alias of its tenant.
        settings: Its settings, without address and token. The value ``rejects`` of `rejects_path`
            stands for the reject file of this tenant, ``summary`` of `summary_path` for a file.
        catalog: Its catalog, None for none. For Airbyte, the configured catalog.
    """

    plugin: str
    tenant: str
    settings: dict[str, Any] = {}
    catalog: dict[str, Any] | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an orchestrator runs once, again after each failure, until it ends well.

    A reader begins each life from the last durable state: of the life before or, in its first life,
    of the step before that has the same sides. A writer is fed `lines`; after a failure those that
    follow the last state that it has printed, behind the SCHEMA messages before it. In a pipe the
    durable output of the reader is what the writer is fed, and the reader begins from the last
    state that the writer has printed. States in `lines` must differ from each other.

    Attributes:
        sides: One plugin, or for a pipe a reader and a writer.
        lines: Input of a writer without a reader: messages, without line ends.
        afresh: Whether each life of a reader begins without a state.
        changes: What others change meanwhile.
        pause: Virtual seconds before the first life.
        again: Shortest and longest time between two lives, in virtual seconds.
        replays: Whether a writer is fed all `lines` after a failure, whatever it has printed.
        quiet: Whether there are no faults and no crashes. Others change records nevertheless.
        rejects: Whether a writer is fed the reject file of its tenant, as `--input` does, and
            after a failure the one that it has renamed. Without a file nothing is run.
    """

    sides: tuple[Side, ...]
    lines: list[str] = []
    afresh: bool = False
    changes: list[Change] = []
    pause: float = 0.0
    again: tuple[float, float] = (0.0, 600.0)
    replays: bool = False
    quiet: bool = False
    rejects: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a run depends on.

    Attributes:
        profile: Name of the profile, whose checks apply.
        seed: Seed of all that is drawn while it runs.
        steps: What is run, in order.
        tenants: The tenants by alias.
        planhat: `SANDBOX` or `SMALL`.
        clock: The clocks.
        rates: Probability of each kind of fault at each exchange, and of a crash and a stop at
            each point, by the names in `simulation.faults`; 0 if it is not named.
        faults: Faults that happen at named decisions, in place of what is drawn there.
        left_out: Names of decisions at which nothing happens.
        lives: Most lives of a step. The last of them has no faults and does not crash, so that a
            step does not end for want of luck.
        switch: Probability that another thread runs on at a point where threads may switch.
        longest_life: Virtual seconds after which a life hangs, which is a violation.
        most_events: Events of a life after which it hangs.
    """

    profile: str
    seed: int
    steps: list[Step]
    tenants: dict[str, TenantPlan]
    planhat: str = SANDBOX
    clock: ClockPlan = ClockPlan()
    rates: dict[str, float] = {}
    faults: dict[str, dict[str, Any]] = {}
    left_out: list[str] = []
    lives: int = 8
    switch: float = 0.5
    longest_life: float = 400_000.0
    most_events: int = 20_000

    def to_json(self) -> bytes:
        """Return the plan as JSON, without what has its default."""
        return msgspec.json.encode(self)


def plan_of(text: bytes | str) -> Plan:
    """Return the plan of a JSON text.

    Args:
        text: What `Plan.to_json` has returned.

    Raises:
        ValueError: It is not a plan.
    """
    return msgspec.json.decode(text, type=Plan)


def changed(plan: Plan, **values: Any) -> Plan:  # noqa: ANN401 - attributes of a plan
    """Return a plan that differs in some attributes.

    Args:
        plan: The plan.
        values: The attributes.
    """
    return msgspec.structs.replace(plan, **values)

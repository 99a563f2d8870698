"""A plan with one target, from what a profile has drawn for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simulation.inputs import swarm
from simulation.inputs.streams import initial_records
from simulation.plan import SANDBOX, TARGET, Plan, Side, Step, TenantPlan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.draws import Draws
    from simulation.inputs.streams import Stream

COPY: Final = "copy"
"""Alias of the tenant that is written to."""

BULK_TIMEOUTS: Final = 5
"""How many times `request_timeout_seconds` a bulk upsert may take."""


def tenant_plan(
    draws: Draws,
    streams: Sequence[Stream],
    *,
    leave: Sequence[str] = (),
    behaviours: Mapping[str, Any] | None = None,
    lag_seconds: float = 0.0,
) -> TenantPlan:
    """Draw the tenant that is written to.

    Args:
        draws: Draws it.
        streams: What its records are about.
        leave: Behaviours of the sandbox that keep their default.
        behaviours: Behaviours of the sandbox on top of those that are drawn.
        lag_seconds: How far lists lag behind.
    """
    return TenantPlan(
        records=initial_records(draws, streams),
        behaviours={**swarm.behaviours(draws, leave=leave), **(behaviours or {})},
        changing=swarm.changing(draws, leave=leave),
        lag_seconds=lag_seconds,
    )


def target_plan(
    profile: str,
    draws: Draws,
    settings: Mapping[str, Any],
    lines: Sequence[str],
    tenant: TenantPlan,
    *,
    planhat: str = SANDBOX,
    rates: Mapping[str, float] | None = None,
    leaves_time: bool = True,
    replays: bool = False,
) -> Plan:
    """Draw the rest of a plan.

    Args:
        profile: Name of its profile.
        draws: Draws it.
        settings: The settings of the target.
        lines: Its input.
        tenant: What it writes to.
        planhat: Which Planhat that is; the small one has no behaviours.
        rates: How often each kind of fault happens; None to draw it.
        leaves_time: Whether a run begins only when no request of the one before it can still be at
            work, as docs/reliability.md advises ("A run that gives up").
        replays: Whether each run is fed all lines, as a source that is read completely each time.
    """
    if planhat != SANDBOX:
        tenant = TenantPlan(records=tenant.records)
    # A late request is done at most as long after its client gave up as it had run.
    longest = 2.0 * BULK_TIMEOUTS * settings.get("request_timeout_seconds", 60)
    step = Step(
        sides=(Side(plugin=TARGET, tenant=COPY, settings=dict(settings)),),
        lines=list(lines),
        replays=replays,
        again=(longest, longest + 600.0) if leaves_time else (0.0, 600.0),
    )
    return Plan(
        profile=profile,
        seed=draws.seed,
        steps=[step],
        tenants={COPY: tenant},
        planhat=planhat,
        clock=swarm.clock(draws),
        rates=dict(swarm.rates(draws) if rates is None else rates),
        lives=draws.plan.choice([2, 4, 8]),
    )

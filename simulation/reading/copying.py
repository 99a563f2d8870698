"""What the profiles of pipes share: the copy, how it is written, and how it is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simulation.oracles.copies import differences
from simulation.plan import SANDBOX, TenantPlan, changed
from simulation.reading.chains import TENANT
from simulation.reading.population import one_in
from simulation.reading.streams import streams_of
from simulation.reading.watching import check as check_reader

if TYPE_CHECKING:
    import random

    from simulation.draws import Draws
    from simulation.plan import Plan
    from simulation.story import Story

COPY: Final = "copy"


def writer_settings(source: random.Random) -> dict[str, Any]:
    """Draw the settings of the writer.

    Args:
        source: Where from.
    """
    return {
        "match_on": ["sourceId"],
        "skip_unchanged": one_in(3, source),
        "batch_size_rows": source.choice([1, 2, 7, 30, 5000]),
        "concurrency": source.choice([1, 1, 2, 4]),
        "requests_per_minute": source.choice([0, 0, 200]),
        "request_timeout_seconds": source.choice([1, 10, 60]),
        "retry_budget_seconds": source.choice([0, 5, 300, 300]),
    }


def with_copy(plan: Plan, draws: Draws) -> Plan:
    """Return a plan with the tenant that is written, which has the same companies.

    The small Planhat takes no names of companies, so it is left out if there are any.

    Args:
        plan: The plan of a pipe.
        draws: Source of all that is drawn.
    """
    names = plan.steps[0].sides[0].settings["company_references"]
    return changed(
        plan,
        tenants={**plan.tenants, COPY: _copy_tenant(plan, draws)},
        planhat=plan.planhat if names == "id" else SANDBOX,
    )


def _copy_tenant(plan: Plan, draws: Draws) -> TenantPlan:
    """Draw how Planhat answers there."""
    faults = draws.faults
    return TenantPlan(
        records={"companies": plan.tenants[TENANT].records["companies"]},
        behaviours={
            "objective_times": faults.choice(["absent", "present"]),
            "success_keys": faults.choice(["held", "sent", "id"]),
            "success_order": faults.choice(["input", "reversed"]),
            "unchanged": faults.choice(["nonupdate", "bump", "both"]),
        },
    )


def check(story: Story) -> list[str]:
    """Return a sentence for each step that has not ended well, and for each difference.

    Args:
        story: The run.
    """
    writer = story.plan.steps[0].sides[-1]
    deletes = writer.settings.get("on_missing") == "delete"
    source, copy = story.tenants[TENANT], story.tenants[COPY]
    wrong = check_reader(story)
    for stream in streams_of(story.plan):
        wrong += differences(source, copy, stream.name, deletes=deletes)
    return wrong

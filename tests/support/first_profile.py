"""A profile of the target as small as can be: in the end every record is there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simulation import faults
from simulation.plan import SANDBOX, SMALL, TARGET, ClockPlan, Plan, Side, Step, TenantPlan
from simulation.story import WELL, Observer

if TYPE_CHECKING:
    from simulation.draws import Draws
    from simulation.story import Story

COMPANY = "66b0c0de000000000000c001"
TIMEOUT = 20


def plan(draws: Draws) -> Plan:
    """Draw a plan: some records, each in several versions, with states between them."""
    rng, records = draws.plan, draws.records
    lines = [schema()]
    for number in range(rng.randrange(4, 40)):
        key = f"s{records.randrange(12)}"
        lines.append(record_line(key, f"version {number}"))
        if records.random() < 0.3:
            lines.append(state_line(number))
    lines.append(state_line(1_000))
    settings: dict[str, Any] = {
        "match_on": ["sourceId"],
        "rejects_path": "rejects",
        "batch_size_rows": rng.choice((1, 3, 10)),
        "concurrency": rng.choice((1, 1, 2, 4)),
        "skip_unchanged": rng.random() < 0.3,
        "request_timeout_seconds": TIMEOUT,
        "retry_budget_seconds": rng.choice((0, 30, 300)),
    }
    return Plan(
        profile="first",
        seed=draws.seed,
        steps=[
            Step(
                sides=(Side(plugin=TARGET, tenant="copy", settings=settings),),
                lines=lines,
                again=(5.0 * TIMEOUT, 600.0),
            )
        ],
        tenants={
            "copy": TenantPlan(records={"companies": [{"_id": COMPANY, "name": "One"}]}),
        },
        planhat=SMALL if rng.random() < 0.2 else SANDBOX,
        clock=ClockPlan(exchange=rng.choice((0.0, 0.5))),
        rates=faults.swarm(rng),
        switch=rng.choice((0.1, 0.5, 0.9)),
    )


def observer(plan: Plan) -> Observer:
    """Return one that does nothing."""
    return Observer()


def check(story: Story) -> list[str]:
    """Return each record that is not there, or is not in its last version."""
    last = {}
    for line in map(json.loads, story.plan.steps[0].lines):
        if line["type"] == "RECORD":
            last[line["record"]["sourceId"]] = line["record"]["title"]
    found = [(r["sourceId"], r["title"]) for r in story.tenants["copy"].records("issues")]
    wrong = [f"{key} is {title!r}" for key, title in sorted(last.items() - set(found))]
    wrong += [f"{key} is there twice" for key in last if [k for k, _ in found].count(key) > 1]
    if story.lives[-1].ended != WELL:
        wrong.append(f"the last life ended {story.lives[-1].ended}: {story.lives[-1].error}")
    if story.lives[-1].printed and json.loads(story.lives[-1].printed[-1]) != {"n": 1_000}:
        wrong.append("the last state was not printed")
    return wrong


def schema() -> str:
    """Return a SCHEMA message."""
    properties = {name: {"type": ["string", "null"]} for name in ("sourceId", "title")}
    properties["companyIds"] = {"type": "array"}
    return json.dumps(
        {
            "type": "SCHEMA",
            "stream": "issues",
            "schema": {"properties": properties},
            "key_properties": [],
        }
    )


def record_line(key: str, title: str) -> str:
    """Return a RECORD message."""
    record = {"sourceId": key, "title": title, "companyIds": [COMPANY]}
    return json.dumps({"type": "RECORD", "stream": "issues", "record": record})


def state_line(number: int) -> str:
    """Return a STATE message."""
    return json.dumps({"type": "STATE", "value": {"n": number}})

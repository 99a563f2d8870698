"""Rows of one model through the Python class, whose result says what became of each of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from simulation.inputs import swarm
from simulation.inputs.entities import shapes_of
from simulation.inputs.plans import target_plan, tenant_plan
from simulation.inputs.streams import Traits, messages
from simulation.oracles.counts import OUTCOMES
from simulation.oracles.reject_file import Filed
from simulation.oracles.rejects import RejectOracle
from simulation.oracles.watch import Due, TargetWatch
from simulation.plan import ROWS, changed
from simulation.profiles import simple
from simulation.story import FAILED, STOPPED, WELL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulation.draws import Draws
    from simulation.oracles.model import TargetModel
    from simulation.plan import Plan
    from simulation.story import Life, Observer, Story

KINDS = (
    "wrong type",
    "blank key",
    "no key",
    "unsendable",
    "lone surrogate",
    "conflict",
    "unknown company",
    "marker",
    "unknown property",
)
OPTIONS = (
    "batch_size_rows",
    "concurrency",
    "requests_per_minute",
    "request_timeout_seconds",
    "retry_budget_seconds",
    "unknown_properties",
    "on_reject",
    "max_rejects",
    "match_on",
    "dry_run",
)
WRITE_OPTIONS = ("write_mode", "skip_unchanged", "unknown_properties")
"""Those of `OPTIONS` and of the modes that only `write` takes, and not `delete`."""


def plan(draws: Draws) -> Plan:
    """Draw a plan.

    Args:
        draws: Draws it.
    """
    chance = draws.plan
    traits = Traits.drawn(draws)
    traits.deletions, traits.kinds = 0.0, KINDS
    drawn = {**swarm.settings(draws), **swarm.rejecting(draws), **simple.modes(draws)}
    deletes = chance.random() < swarm.FEW
    options = {
        name: value
        for name, value in drawn.items()
        if name in (*OPTIONS, *WRITE_OPTIONS) and not (deletes and name in WRITE_OPTIONS)
    }
    if deletes:
        options["deletes"] = "delete"
    else:
        options |= _missing(draws)
    if options.get("dry_run"):  # what only Planhat refuses is not seen
        traits.kinds = [each for each in KINDS if each not in {"marker", "unknown company"}]
    (shape,) = shapes_of([chance.choice(simple.models_with(drawn))])
    options["model"] = shape.model
    if "match_on" in options:  # it may name nothing that the model does not have
        options["match_on"] = [each for each in options["match_on"] if each in shape.keyables]
    streams = [simple.stream(draws, shape, options)]
    leave = swarm.COMPANY_LISTS if traits.names else ()
    tenant = tenant_plan(draws, streams, leave=swarm.unless(options, leave))
    rows = [_row(line) for line in messages(draws, streams, traits) if '"record"' in line]
    made = target_plan("rows", draws, options, rows, tenant)
    (step,) = made.steps
    (side,) = step.sides
    return changed(made, steps=[replace(step, sides=(replace(side, plugin=ROWS),))])


def observer(plan: Plan) -> Observer:
    """Return what watches a run of a plan.

    Args:
        plan: The plan.
    """
    return RowsWatch(plan, forward=True)


class RowsWatch(TargetWatch):
    """Watches writes of the Python class."""

    def make_due(self, life: Life, model: TargetModel) -> Due:
        """Return what a life has to do.

        Args:
            life: The life.
            model: What it does if it is not disturbed.
        """
        lines = self._step.lines
        return Due(model, RowRejects(model, life, lines, lambda _reject, _story: False))

    def ended(self, story: Story) -> None:
        """Check a run that is over.

        Args:
            story: It.
        """
        for life in story.lives:
            life.summary = _summary(life, self.model)
        super().ended(story)


class RowRejects(RejectOracle):
    """The rejects of one write, which its result has."""

    def read(
        self,
        files: Mapping[str, bytes],  # noqa: ARG002 - as `RejectOracle` has it
        until: int | None = None,  # noqa: ARG002
    ) -> tuple[list[Filed], list[str]]:
        """Return the rejects of the write."""
        rejects = self.life.result.rejects if self.life.result else ()
        return [
            Filed(each.index + 1, each.index + 1, each.code, each.message, each.row, "", 0)
            for each in rejects
        ], []

    def misquoted(self, reject: Filed) -> str:
        """Return what a reject says wrongly about where it came from, empty if nothing."""
        if json.dumps(reject.record) == json.dumps(json.loads(self.lines[reject.number - 1])):
            return ""
        return f"the reject of row {reject.number} does not have the row that was given"


def _summary(life: Life, model: TargetModel) -> dict[str, Any] | None:
    """Return the result of a life as the summary of a target has it; None if it has none."""
    if life.result is None:
        return None
    counts = {name: getattr(life.result, name) for name in (*OUTCOMES, "undecided")}
    return {
        "result": {WELL: "done", FAILED: "failed", STOPPED: "interrupted"}[life.ended],
        "streams": {model.settings["model"]: {"read": life.result.rows, **counts}},
        "undecided": life.result.undecided,
        "requests": life.result.requests,
        "dry_run": bool(model.settings.get("dry_run")),
    }


def _row(line: str) -> str:
    """Return the record of a message without the columns of its tap."""
    record = json.loads(line)["record"]
    return json.dumps({n: value for n, value in record.items() if not n.startswith("_sdc_")})


def _missing(draws: Draws) -> dict[str, Any]:
    """Draw what becomes of missing values."""
    chance = draws.plan
    pool = {"nan": ("absent", "null"), "nulls": ("omit",)}
    return {
        name: chance.choice(values) for name, values in pool.items() if chance.random() < swarm.SOME
    }

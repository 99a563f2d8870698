"""What a target does with its input, record by record: nothing is batched, lost or repeated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from simulation.oracles.conversion import Rejected, Request, Skipped, convert, match_on
from simulation.oracles.inputs import read_lines, records
from simulation.oracles.rows import read_rows, settings_of_rows
from simulation.oracles.shapes import SHAPES
from simulation.oracles.timelines import Timelines, keys_of
from simulation.oracles.world import RefusedError, World
from simulation.plan import ROWS, SANDBOX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulation.oracles.inputs import Line
    from simulation.oracles.shapes import Shape
    from simulation.oracles.timelines import Key
    from simulation.plan import Plan


@dataclass(frozen=True)
class Outcome:
    """What becomes of one record of the input.

    Attributes:
        line: Its line.
        model: The model that it is written to; the name of its stream if it is not mapped.
        kind: ``created``, ``updated``, ``unchanged``, ``skipped``, ``deleted`` or ``rejected``.
        codes: The codes that its reject may have.
        by_planhat: Whether Planhat refuses it, and not the target.
        request: What it asks for, None if it asks for nothing.
        keys: The keys of the record that it is about, before and after it.
    """

    line: Line
    model: str
    kind: str
    codes: frozenset[str] = frozenset()
    by_planhat: bool = False
    request: Request | None = None
    keys: frozenset[Key] = frozenset()


Mapped = tuple[str, "Mapping[str, Any] | Rejected | None"]
"""A model, and what a record is for it: None if it is left out."""


def unmapped(stream: str, record: Mapping[str, Any]) -> Mapped:
    """Return a record as it is: without mappings the name of a stream is that of the model."""
    return stream, record


class TargetModel:
    """What a run of the first step of a plan does with what it is fed, and leaves in the tenant.

    Args:
        plan: The plan.
        mapped: What the mappings make of a record.
        first: Index of the first line that it is fed.
        held: The records of each model that it finds; those of the plan by default.

    Attributes:
        lines: All lines of the input.
        numbers: Number of the line that has each sequence.
        outcomes: One for each RECORD that it is fed, in order.
        timelines: What each key has stood for.
        began: The tenant as it was found.
        world: The tenant behind the last line.
    """

    def __init__(
        self,
        plan: Plan,
        mapped: Callable[[str, Mapping[str, Any]], Mapped] = unmapped,
        *,
        first: int = 0,
        held: Mapping[str, list[dict[str, Any]]] | None = None,
    ) -> None:
        step = plan.steps[0]
        side = step.sides[0]
        are_rows = side.plugin == ROWS
        self.settings = settings_of_rows(side.settings) if are_rows else side.settings
        read = partial(read_rows, settings=self.settings) if are_rows else read_lines
        self.lines = read(step.lines)
        self.numbers = {line.sequence: line.number for line in records(self.lines)}
        began = plan.tenants[side.tenant]
        self.began = replace(began, records={**began.records, **(held or {})})
        self.world = World(
            self.began,
            has_defaults=plan.planhat == SANDBOX,
            by_label=bool(self.settings.get("mappings")),
        )
        self.timelines = Timelines()
        self._resolves = _resolves(plan)
        for shape in SHAPES.values():
            for record in self.world.of(shape):
                self.timelines.note(0, shape, (), record)
        fed = records(self.lines[first:])
        self.outcomes = [self._outcome(line, mapped) for line in fed]

    def _outcome(self, line: Line, mapped: Callable[[str, Mapping[str, Any]], Mapped]) -> Outcome:
        model, record = mapped(line.stream, line.record or {})
        if record is None:
            return Outcome(line, model, "skipped")
        shape = SHAPES[model]
        asked = record if isinstance(record, Rejected) else convert(shape, record, self.settings)
        if isinstance(asked, Rejected):
            return Outcome(line, model, "rejected", asked.codes)
        if isinstance(asked, Skipped):
            return Outcome(line, model, "skipped")
        return self._act(line, shape, asked)

    def _act(self, line: Line, shape: Shape, asked: Request) -> Outcome:
        found = self._find(shape, asked)
        before = [] if found is None else keys_of(shape, found)
        if asked.operation in {"delete", "archive"}:
            return self._remove(line, shape, asked, found)
        mode = self.settings.get("write_mode", "upsert")
        if self._is_unknown(shape, asked, found) and mode != "update":
            codes = frozenset({"unknown_id"})
            return Outcome(line, shape.model, "rejected", codes, request=asked)
        if (mode == "create" and found is not None) or (mode == "update" and found is None):
            return Outcome(line, shape.model, "skipped", request=asked, keys=frozenset(before))
        try:
            if (
                found is not None
                and self._compares
                and self.world.holds_already(shape, asked, found)
            ):
                kind, record = "unchanged", found
            else:
                kind = "created" if found is None else "updated"
                record = self.world.write(shape, asked, found)
        except RefusedError as error:
            codes = self._codes(shape, asked, error.code)
            return Outcome(line, shape.model, "rejected", codes, True, asked, frozenset(before))
        self.timelines.note(line.number, shape, before, record)
        keys = frozenset({*before, *keys_of(shape, record)})
        return Outcome(line, shape.model, kind, request=asked, keys=keys)

    def _is_unknown(self, shape: Shape, asked: Request, found: Any) -> bool:  # noqa: ANN401
        """Return whether nothing but an `_id` that Planhat does not have identifies a record."""
        others = {*match_on(shape, self.settings)} - {"_id"}
        return found is None and "_id" in asked.keys and others.isdisjoint(asked.keys)

    def _remove(self, line: Line, shape: Shape, asked: Request, found: Any) -> Outcome:  # noqa: ANN401
        before = [] if found is None else keys_of(shape, found)
        keys = frozenset(before)
        if found is None or (asked.operation == "archive" and found.get(shape.archive_flag)):
            return Outcome(line, shape.model, "skipped", request=asked, keys=keys)
        if asked.operation == "archive":
            found[shape.archive_flag] = True
            self.timelines.note(line.number, shape, before, found)
            return Outcome(line, shape.model, "updated", request=asked, keys=keys)
        self.world.delete(shape, found)
        self.timelines.note(line.number, shape, before, None)
        return Outcome(line, shape.model, "deleted", request=asked, keys=keys)

    def _find(self, shape: Shape, asked: Request) -> Any:  # noqa: ANN401 - a record, or None
        """Return the record that is meant: a delete by no keyable that `match_on` does not name."""
        keys = asked.keys
        if asked.operation in {"delete", "archive"}:
            wanted = match_on(shape, self.settings)
            keys = {name: key for name, key in keys.items() if name in wanted}
        return self.world.find(shape, keys, asked.item)

    @property
    def _compares(self) -> bool:
        return bool(self.settings.get("skip_unchanged") or self.settings.get("dry_run"))

    def _codes(self, shape: Shape, asked: Request, code: str) -> frozenset[str]:
        """Return the codes of what Planhat refuses: the target itself may find what is wrong."""
        company = asked.item.get(shape.company)
        sent = company if isinstance(company, list) else [company]
        missing = any(asked.item.get(name) in (None, "", []) for name in shape.needed)
        unknown = any(each and self.world.companies.resolve(each) is None for each in sent)
        if unknown and self._resolves:
            return frozenset({"unknown_company"})
        names = ["unknown_company"] * unknown + ["missing_required"] * missing
        return frozenset({code, *names})


def _resolves(plan: Plan) -> bool:
    """Return whether the target has to know each company, and can (docs/writing.md)."""
    side = plan.steps[0].sides[0]
    behaviours, settings = plan.tenants[side.tenant].behaviours, side.settings
    needs = settings.get("skip_unchanged") or settings.get("dry_run") or "write_mode" in settings
    is_listed = behaviours.get("lean_companies", "complete") == "complete"
    return (
        plan.planhat == SANDBOX
        and settings.get("write_mode") != "upsert"
        and bool(needs)
        and is_listed
        and bool(behaviours.get("company_prefixes", True))
    )

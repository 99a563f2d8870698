"""Inputs of a target: entities, and messages about them in an order in which keys meet often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.inputs.entities import (
    COMPANIES,
    DELETED,
    MISTAKES,
    Entity,
    companies_by_name,
    object_id,
    values_of,
    with_mistake,
)
from simulation.inputs.messages import Style
from simulation.inputs.swarm import FEW, HALF, SOME
from simulation.oracles.inputs import SEQUENCE

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from simulation.draws import Draws
    from simulation.oracles.shapes import Shape

MOST_REFUSED = 12
"""If Planhat refuses 20 records alike and accepts none, the records are not the cause, and the run
ends (docs/adr/0045); so a plan has fewer that it refuses."""


@dataclass
class Traits:
    """How the records of a plan are.

    Attributes:
        records: How many.
        every: After how many records a state comes, at most.
        deletions: Share of records that say that something was deleted.
        mistakes: Share of records with a mistake.
        kinds: The mistakes that there are.
        names: Share of records that give their company by another name.
        archives: Whether deletions archive, so that each record says whether it is archived.
        partial: Share of records without a property that a new one needs.
        numbered: Whether each record has the number of its line as a custom field.
    """

    records: int
    every: int
    deletions: float = 0.0
    mistakes: float = 0.0
    kinds: Sequence[str] = MISTAKES
    names: float = 0.0
    archives: bool = False
    partial: float = 0.0
    numbered: bool = False

    @classmethod
    def drawn(cls, draws: Draws) -> Traits:
        """Draw them."""
        chance = draws.plan
        return cls(
            records=chance.choice([3, 10, 30, 60, 120]),
            every=chance.choice([1, 3, 10, 40, 200]),
            deletions=chance.choice([0.0, 0.0, 0.05, 0.3]),
            mistakes=chance.choice([0.0, 0.0, 0.05, 0.2]),
            names=chance.choice([0.0, 0.0, HALF]),
        )


def all_keys(entity: Entity, chance: random.Random) -> dict[str, Any]:  # noqa: ARG001 - as `Stream.keyed` has it
    """Return all keyables of an entity."""
    return dict(entity.keys)


@dataclass
class Stream:
    """A stream of records about some entities.

    Attributes:
        name: Its name.
        entities: What its records are about.
        keyed: Returns the keyables of a record about an entity; all by default.
    """

    name: str
    entities: Sequence[Entity]
    keyed: Callable[[Entity, random.Random], dict[str, Any]] = all_keys


def entities(shape: Shape, count: int, draws: Draws, *, there: float) -> list[Entity]:
    """Draw entities without keyables.

    Args:
        shape: Their model.
        count: How many.
        draws: Draws them.
        there: Share of them that Planhat has already.
    """
    chance = draws.records
    found = []
    is_plain = chance.random() < SOME
    for number in range(1, count + 1):
        company = chance.choice(COMPANIES)["_id"]
        entity = Entity(shape, number, company, is_plain=is_plain)
        if chance.random() < there:
            entity.identifier = object_id(number)
        found.append(entity)
    return found


def initial_records(draws: Draws, streams: Sequence[Stream]) -> dict[str, list[dict[str, Any]]]:
    """Return what a tenant has at the beginning.

    Args:
        draws: Draws the values.
        streams: Their entities are there if they have an `_id`.
    """
    found: dict[str, list[dict[str, Any]]] = {"companies": [dict(each) for each in COMPANIES]}
    for stream in streams:
        for entity in stream.entities:
            if entity.identifier:
                records = found.setdefault(entity.shape.model, [])
                records.append(entity.initial(draws.records))
    return found


def messages(draws: Draws, streams: Sequence[Stream], traits: Traits) -> list[str]:
    """Draw the input of a target: SCHEMAs, RECORDs and STATEs.

    Args:
        draws: Draws it.
        streams: The streams.
        traits: How the records are.
    """
    return _Writer(draws, streams, traits).lines()


class _Writer:
    def __init__(self, draws: Draws, streams: Sequence[Stream], traits: Traits) -> None:
        self._chance = draws.records
        self._style = Style(draws.plan)
        self._streams = streams
        self._traits = traits
        self._lines: list[str] = []
        self._states = self._refused = 0
        self._bursts = draws.plan.random() < HALF

    def lines(self) -> list[str]:
        chance = self._chance
        for stream in self._streams:
            self._add_schema(stream)
        stream, entity = self._choose()
        for _ in range(self._traits.records):
            if not self._bursts or chance.random() < HALF:
                stream, entity = self._choose()
            if chance.random() < FEW / 2:
                self._add_schema(stream)
            self._lines.append(self._record(stream, entity))
            if chance.random() < 1 / self._traits.every:
                self._add_state()
        if chance.random() > FEW:
            self._add_state()
        return self._lines

    def _choose(self) -> tuple[Stream, Entity]:
        stream = self._chance.choice(self._streams)
        return stream, self._chance.choice(stream.entities)

    def _add_schema(self, stream: Stream) -> None:
        grown: dict[str, Any] = {}
        if self._chance.random() < HALF:
            grown[f"added_{len(self._lines)}"] = {"type": "string"}
        self._lines.append(self._style.schema(stream.name, grown))

    def _add_state(self) -> None:
        self._states += 1
        self._lines.append(self._style.state(self._states))

    def _record(self, stream: Stream, entity: Entity) -> str:
        chance, traits = self._chance, self._traits
        record = self._properties(stream, entity)
        if chance.random() < FEW:
            record["_sdc_deleted_at"] = None
        if chance.random() < traits.deletions:
            record = self._deleted(record, entity)
        elif chance.random() < traits.mistakes:
            record = self._mistaken(record, entity)
        if chance.random() < SOME:  # the order of properties means nothing
            names = list(record)
            chance.shuffle(names)
            record = {name: record[name] for name in names}
        return self._style.record(stream.name, record)

    def _properties(self, stream: Stream, entity: Entity) -> dict[str, Any]:
        chance, traits, number = self._chance, self._traits, len(self._lines) + 1
        record = {**stream.keyed(entity, chance), **values_of(entity, chance), SEQUENCE: number}
        needed = entity.shape.needed[0]
        is_partial = chance.random() < traits.partial and self._refused < MOST_REFUSED
        if is_partial and needed != entity.shape.company:
            self._refused += 1
            del record[needed]
        if traits.archives and entity.shape.archive_flag:
            record[entity.shape.archive_flag] = False
        if traits.numbered:
            record["custom"] = {"line": number}
        if chance.random() < traits.names:
            name = entity.shape.company
            other = chance.choice(companies_by_name(entity.company))
            record[name] = [other] if isinstance(record[name], list) else other
        return record

    def _deleted(self, record: dict[str, Any], entity: Entity) -> dict[str, Any]:
        """Return a record that says that it was deleted, often without anything else."""
        record = {**record, "_sdc_deleted_at": DELETED}
        if self._chance.random() < HALF:
            return record
        kept = {*entity.shape.keyables, *entity.shape.within.values()}
        return {n: value for n, value in record.items() if n in kept or n.startswith("_sdc_")}

    def _mistaken(self, record: dict[str, Any], entity: Entity) -> dict[str, Any]:
        kinds = list(self._traits.kinds)
        mistake = self._chance.choice(kinds)
        if "marker" in kinds and self._chance.random() < HALF:
            mistake = "marker"  # after it, parts of a batch are sent again
        if mistake == "unknown company" and "externalId" in record:
            return record  # it would be about something else
        if mistake in {"marker", "unknown company"}:
            self._refused += 1
            if self._refused > MOST_REFUSED:
                return record
        return with_mistake(record, entity, mistake)

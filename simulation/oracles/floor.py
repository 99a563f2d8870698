"""What holds of any run, in whatever order it repeats things and late requests are carried out.

A record is not lost: unless a line deletes it or what may have become it, whatever was there or was
written is there in the end, or has a reject. And it has no value that nobody has sent.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from simulation.oracles.shapes import SHAPES, snapshot
from simulation.oracles.world import RefusedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from simulation.oracles.model import Outcome, TargetModel
    from simulation.oracles.shapes import Shape
    from simulation.story import Tenant

Name = tuple[str, str, str]
"""Model, keyable and its value. The company within which it is unique may change."""

WRITTEN = frozenset({"created", "updated", "unchanged"})


class Floor:
    """What has to be in a tenant, whatever happens.

    Names are of one kin if a record or a line has had both: one record may have had any of them.

    Args:
        model: What one undisturbed run does.
    """

    def __init__(self, model: TargetModel) -> None:
        self._model = model
        self._above: dict[Name, Name] = {}
        self._values: defaultdict[tuple[Name, str], list[object]] = defaultdict(list)
        held = [
            (_names(shape.model, record, shape), snapshot(shape, record))
            for shape in SHAPES.values()
            for record in model.began.records.get(shape.model, [])
        ]
        lines = [
            (_names(each.model, each.request.keys, SHAPES[each.model]), each)
            for each in model.outcomes
            if each.request is not None and each.request.keys
        ]
        for names in (*(names for names, _ in held), *(names for names, _ in lines)):
            for name in names:
                self._above[self.kin(name)] = self.kin(names[0])
        for names, values in (*held, *((names, self._sent(each)) for names, each in lines)):
            for prop, value in values.items():
                self._values[self.kin(names[0]), prop].append(value)
        self._deleted = {
            self.kin(names[0])
            for names, each in lines
            if each.request is not None and each.request.operation == "delete"
        }
        self._held = {name for names, _ in held for name in names}
        self._written: defaultdict[Name, list[int]] = defaultdict(list)
        for names, each in lines:
            for name in names if each.kind in WRITTEN else ():
                self._written[name].append(each.line.number)

    def kin(self, name: Name) -> Name:
        """Return the name that stands for all of the kin of a name.

        Args:
            name: It.
        """
        while (above := self._above.setdefault(name, name)) != name:
            name = above
        return name

    def hands_on(self) -> bool:
        """Return whether a keyable may go from one record to another (docs/writing.md)."""
        return max(self._values_of_keyables().values(), default=0) > 1

    def wrong(self, tenant: Tenant, rejected: Collection[int], until: int) -> list[str]:
        """Return which records are lost, and which have values that nobody has sent.

        Args:
            tenant: The tenant.
            rejected: Numbers of the lines whose records have rejects.
            until: Number of the line before which all records have their outcome.
        """
        wrong, there = [], set()
        for shape in SHAPES.values():
            for record in tenant.records(shape.model):
                names = _names(shape.model, record, shape)
                there.update(names)
                wrong += self._foreign(names, snapshot(shape, record))
        return wrong + [
            f"{_in_words(name)} is lost: nothing deletes it, and it has no reject"
            for name, line in self._due(until)
            if name not in there and line not in rejected
        ]

    def _foreign(self, names: list[Name], values: Mapping[str, object]) -> list[str]:
        """Return which values nobody has sent to a record, unless its kin has been deleted."""
        known = next((name for name in names if name in self._above), None)
        if known is None:
            if any(kin[0] == names[0][0] for kin in self._deleted):
                return []  # a late update of a deleted record may create one without its keyables
            return [f"{_in_words(names[0])} is of a record that no line has made"]
        kin = self.kin(known)
        return [
            f"{_in_words(known)} has {name} {value!r}, which nobody has sent"
            for name, value in values.items()
            if kin not in self._deleted and value not in self._values[kin, name]
        ]

    def _due(self, until: int) -> Iterator[tuple[Name, int]]:
        """Yield the names that have to be there, with the last line that has written each."""
        values = self._values_of_keyables()
        for name in list(self._above):
            kin = self.kin(name)
            if kin in self._deleted or values[kin, name[1]] > 1:  # another one may replace it
                continue
            if name in self._held:
                yield name, 0
            elif name[1] == "_id":  # Planhat assigns it
                continue
            elif written := [line for line in self._written[name] if line < until]:
                yield name, written[-1]

    def _values_of_keyables(self) -> Counter[tuple[Name, str]]:
        """Return how many values of each keyable a kin has."""
        return Counter((self.kin(name), name[1]) for name in list(self._above))

    def _sent(self, outcome: Outcome) -> Mapping[str, object]:
        """Return the values that a line may give to a record."""
        shape, request = SHAPES[outcome.model], outcome.request
        if request is None or request.operation == "delete":
            return {}
        if request.operation == "archive":
            return {shape.archive_flag: True}
        try:
            return snapshot(shape, self._model.world.resolved(shape, request.item))
        except RefusedError:
            return {}


def _names(model: str, keys: Mapping[str, Any], shape: Shape) -> list[Name]:
    return [(model, each, keys[each]) for each in shape.keyables if keys.get(each)]


def _in_words(name: Name) -> str:
    model, keyable, value = name
    return f"{model} {keyable}={value}"

"""A tenant that changes between the requests of a run, and what became of each record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planhat_sandbox import Sandbox, Tenant

# One change: what, where among the records (a share of them), how many.
change = st.tuples(
    st.sampled_from(["insert", "update", "delete", "delete", "delete first", "delete last"]),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from([1, 1, 2, 7, 30]),
)
histories = st.lists(st.lists(change, max_size=3), max_size=25)

# An example of such a property takes several runs, so there are half as many as usual.
several_runs = settings(max_examples=settings.default.max_examples // 2)


class Clock:
    """Planhat's clock: it advances at some of the changes."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def tick(self, milliseconds: int) -> None:
        self.now += milliseconds / 1000


@dataclass
class World:
    """A tenant that changes before each request, and what became of each record."""

    sandbox: Sandbox
    clock: Clock
    stream: str
    left: Iterator[list[tuple[str, float, int]]]
    deleted: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)

    @property
    def tenant(self) -> Tenant:
        return self.sandbox.tenant("token-a")

    def records(self) -> dict[str, dict[str, Any]]:
        return {record["_id"]: record for record in self.tenant.records(self.stream)}

    def insert(self) -> None:
        self.clock.tick(len(self.changed) % 3)
        record = self.tenant.insert(self.stream, {"title": "t", "name": "n"})
        self.changed.add(record["_id"])

    def change(self, _: object = None) -> None:
        for kind, share, count in next(self.left, []):
            ids = sorted(self.records())
            start = {"delete first": 0, "delete last": max(0, len(ids) - count)}.get(
                kind, int(share * len(ids))
            )
            for number in range(count):
                if kind == "insert":
                    self.insert()
                elif start + number < len(ids):
                    self.touch(kind, ids[start + number])

    def touch(self, kind: str, identifier: str) -> None:
        self.clock.tick(len(self.changed) % 3)
        if kind == "update":
            self.tenant.update(self.stream, identifier, {"custom": {"at": self.clock.now}})
            self.changed.add(identifier)
        else:
            self.tenant.delete(self.stream, identifier)
            self.deleted.add(identifier)

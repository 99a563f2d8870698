"""Two tenants in a sandbox, and the comparison of their records."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

from planhat_sandbox import Sandbox, seed_tenant

if TYPE_CHECKING:
    from typing_extensions import Self

SOURCE, COPY = "planted-source-token", "planted-copy-token"
MODELS = ("issues", "objectives")
# Planhat sets these for each record.
OWN = frozenset({"_id", "createdAt", "updatedAt", "__v"})


class World:
    """A source tenant with records and a copy without any.

    Args:
        seed: For the records, the changes and the faults.
        issues: How many issues the source holds.
        objectives: How many objectives it holds.
    """

    def __init__(self, seed: int, *, issues: int = 300, objectives: int = 60) -> None:
        self.sandbox = Sandbox({SOURCE: "source", COPY: "copy"}, seed=seed)
        self.source = self.sandbox.tenant(SOURCE)
        self.copy = self.sandbox.tenant(COPY)
        self.chance = random.Random(seed)
        seed_tenant(self.source, issues=issues, objectives=objectives, seed=seed)
        seed_tenant(self.copy, issues=0, objectives=0, seed=seed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sandbox.close()

    def change(self, share: float) -> None:
        """Change a share of the source's records, and add a few."""
        for model in MODELS:
            for record in self.source.records(model):
                if self.chance.random() < share:
                    custom = {**record["custom"], "Severity": self.chance.randrange(100)}
                    self.source.update(model, record["_id"], {"custom": custom})
            template = self.source.records(model)[0]
            for n in range(3):
                fields = {k: v for k, v in template.items() if k not in OWN}
                fields["sourceId"] = f"added-{self.chance.randrange(10**9)}-{n}"
                fields.pop("externalId", None)
                self.source.insert(model, fields)

    def differences(self) -> list[str]:
        """Compare the tenants, matched on sourceId, property by property.

        Returns:
            What differs, in words; empty if they are equal and nothing is duplicated.
        """
        found = []
        for model in MODELS:
            ours, theirs = (_by_source_id(t.records(model)) for t in (self.source, self.copy))
            held = Counter(record.get("sourceId") for record in self.copy.records(model))
            found += [f"{model} {key} is there {n} times" for key, n in held.items() if n > 1]
            found += [f"{model} {key} is missing" for key in ours.keys() - theirs.keys()]
            found += [f"{model} {key} is too many" for key in theirs.keys() - ours.keys()]
            found += [
                f"{model} {key} differs in {name}"
                for key in ours.keys() & theirs.keys()
                for name in ours[key].keys() | theirs[key].keys()
                if ours[key].get(name) != theirs[key].get(name)
            ]
        return found


def _by_source_id(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        record["sourceId"]: {name: value for name, value in record.items() if name not in OWN}
        for record in records
    }

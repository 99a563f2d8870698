"""The things that records are about, few enough to meet often, and the records about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from simulation.oracles.inputs import SEQUENCE
from simulation.oracles.shapes import SHAPES, Shape

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

DELETED: Final = "2025-06-01T10:00:00Z"
REFUSED: Final = "<refuse>"
"""Text that the sandbox refuses where `refused_marker` says so."""

MODELS: Final = ("issues", "objectives", "projects", "opportunities")
"""The models of which records are drawn: some have keyables that are unique within a company only,
and the last has no `sourceId`."""
BY_ADDRESS: Final = "endusers"
"""A model whose records may have an e-mail address as their only keyable. Planhat lets several have
the same one (fact email-keyable), so none has another keyable too."""

COMPANIES: Final = [
    {
        "_id": f"5f00000000000000000000{number:02x}",
        "name": f"Acme {number}",
        "externalId": f"acme-{number}",
        "sourceId": f"crm-{number}",
        "createdAt": "2025-01-01T00:00:00.000Z",
        "updatedAt": "2025-01-01T00:00:00.000Z",
    }
    for number in range(1, 5)
]
"""The companies of every tenant."""


@dataclass
class Entity:
    """Something of a source that has records.

    Attributes:
        shape: Its model.
        number: Its number within the plan.
        company: `_id` of its company.
        keys: The keyables by which its source knows it.
        identifier: Its `_id` in Planhat, empty if it is not there at the beginning.
        is_plain: Whether it has one property with one of two values, so that it is often the same.
    """

    shape: Shape
    number: int
    company: str
    keys: dict[str, str] = field(default_factory=dict)
    identifier: str = ""
    is_plain: bool = False

    def initial(self, chance: random.Random) -> dict[str, Any]:
        """Return its record as Planhat has it at the beginning.

        Args:
            chance: Draws its values.
        """
        keys = {name: key for name, key in self.keys.items() if name != "_id"}
        record = {
            "_id": self.identifier,
            **keys,
            **values_of(self, chance, every=True),
            "createdAt": "2025-02-01T00:00:00.000Z",
            "updatedAt": "2025-02-01T00:00:00.000Z",
        }
        record.update(_company(self))
        if self.shape.archive_flag:
            record.setdefault(self.shape.archive_flag, False)
        return record


def object_id(number: int) -> str:
    """Return an `_id` that was made long before the clocks of a plan begin."""
    return f"66000000{number:016x}"


def values_of(entity: Entity, chance: random.Random, *, every: bool = False) -> dict[str, Any]:
    """Draw values for some of the properties of an entity, always those that a create needs.

    Args:
        entity: The entity.
        chance: Draws them.
        every: Whether for all properties.
    """
    if entity.is_plain:
        return {**_company(entity), entity.shape.label: chance.choice(["A", "B"])}
    shape = entity.shape
    found: dict[str, Any] = dict(_company(entity))
    for name, kind in shape.kinds.items():
        if name in shape.keyables or name == shape.company:
            continue
        if not (every or name in shape.needed or chance.random() < 0.5):  # noqa: PLR2004
            continue
        if kind == "text":
            found[name] = f"{name} {chance.randrange(4)}" + chance.choice(
                ["", "", " ä€\u2028\U0001f600", ' "\\/']
            )
        elif kind == "number":
            found[name] = chance.choice([0, 1, 2.5, -7, 10**12])
        elif kind == "object":
            labels = chance.sample(["Team", "Größe", "a.b"], chance.randrange(1, 3))
            found[name] = {label: chance.choice(["A", "B", 3, True, ["x"]]) for label in labels}
    return found


def _company(entity: Entity) -> dict[str, Any]:
    name = entity.shape.company
    is_list = entity.shape.kinds[name] == "companies"
    return {name: [entity.company] if is_list else entity.company}


def companies_by_name(company: str) -> Sequence[str]:
    """Return the three names of a company.

    Args:
        company: Its `_id`.
    """
    found = next(each for each in COMPANIES if each["_id"] == company)
    return [company, f"extid-{found['externalId']}", f"srcid-{found['sourceId']}"]


MISTAKES: Final = (
    "wrong type",
    "blank key",
    "no key",
    "unsendable",
    "lone surrogate",
    "conflict",
    "unknown company",
    "marker",
    "unclear deletion",
    "unknown property",
)


def with_mistake(record: dict[str, Any], entity: Entity, mistake: str) -> dict[str, Any]:
    """Return a record with a mistake, for which it is rejected whatever Planhat has.

    A property that the model does not have is one only with `unknown_properties: reject`.

    Args:
        record: The record.
        entity: What it is about.
        mistake: One of `MISTAKES`.
    """
    shape = entity.shape
    title = shape.label
    keys = dict.fromkeys(shape.keyables)
    changes: dict[str, dict[str, Any]] = {
        "wrong type": {"archived": "perhaps"} if shape.archive_flag else {"custom": "text"},
        "blank key": {**{name: None for name in keys if name in record}, shape.keyables[1]: " \t "},
        "no key": {name: None for name in keys if name in record},
        "unsendable": {title: float("nan")},
        "lone surrogate": {title: "half \ud83d of a pair"},
        "conflict": {"custom": {"Team": "A"}, "custom__Team": "B"},
        "unknown company": {
            shape.company: ["extid-nobody"]
            if shape.kinds[shape.company] == "companies"
            else "extid-nobody"
        },
        "marker": {title: f"{REFUSED} {record.get(SEQUENCE)}"},
        "unclear deletion": {"_sdc_deleted_at": "N"},
        "unknown property": {"nonsense": 1},
    }
    return {**record, **changes[mistake]}


def key_of(entity: Entity, keyable: str) -> str:
    """Return what an entity has as a keyable if it has that one.

    Args:
        entity: The entity.
        keyable: The keyable, but not `_id`.
    """
    key = f"{entity.shape.model[0]}{entity.number}"
    return {"externalId": f"x-{key}", "email": f"{key}@example.com"}.get(keyable, key)


def shapes_of(names: Sequence[str]) -> list[Shape]:
    """Return some models.

    Args:
        names: Their names.
    """
    return [SHAPES[name] for name in names]

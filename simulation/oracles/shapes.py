"""What the oracles know of the models that are written, by their own literals.

Read neither from `schemas/` nor from the sandbox: if all three agreed because they share a file, a
mistake in it would not be seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

Snapshot = Mapping[str, object]
"""A record as it is compared: its writable properties that have a value, custom fields by label."""


@dataclass(frozen=True)
class Shape:
    """A model.

    Attributes:
        model: Its name.
        keyables: Its keyables, the strongest first.
        kinds: Writable properties, and what they hold: ``text``, ``number``, ``boolean``,
            ``company`` (a reference), ``companies`` (a list of them), ``object``.
        needed: Properties without which no record is created.
        within: For a keyable that is unique only within another property, that property.
        archive_flag: The property that says whether a record is archived, empty if there is none.
        defaults: What a new record has without its being sent.
    """

    model: str
    keyables: tuple[str, ...]
    kinds: Mapping[str, str]
    needed: tuple[str, ...]
    within: Mapping[str, str] = field(default_factory=dict)
    archive_flag: str = ""
    defaults: Mapping[str, object] = field(default_factory=dict)

    @cached_property
    def label(self) -> str:
        """A property that holds any text."""
        return next(
            n for n, kind in self.kinds.items() if kind == "text" and n not in self.keyables
        )

    @cached_property
    def company(self) -> str:
        """The property that refers to companies."""
        return next(name for name, kind in self.kinds.items() if kind.startswith("compan"))


SHAPES: Final[Mapping[str, Shape]] = {
    shape.model: shape
    for shape in (
        Shape(
            "issues",
            ("_id", "sourceId"),
            {
                "sourceId": "text",
                "title": "text",
                "description": "text",
                "priority": "text",
                "status": "text",
                "source": "text",
                "archived": "boolean",
                "companyIds": "companies",
                "custom": "object",
            },
            ("title", "companyIds"),
            archive_flag="archived",
            defaults={"archived": False},
        ),
        Shape(
            "objectives",
            ("_id", "sourceId", "externalId"),
            {
                "sourceId": "text",
                "externalId": "text",
                "name": "text",
                "health": "number",
                "companyId": "company",
                "custom": "object",
            },
            ("name", "companyId"),
            within={"externalId": "companyId"},
        ),
        Shape(
            "projects",
            ("_id", "sourceId", "externalId"),
            {
                "sourceId": "text",
                "externalId": "text",
                "name": "text",
                "currency": "text",
                "mrr": "number",
                "companyId": "company",
                "custom": "object",
            },
            ("name", "companyId"),
            within={"externalId": "companyId"},
        ),
        Shape(
            "endusers",
            ("_id", "sourceId", "externalId", "email"),
            {
                "sourceId": "text",
                "externalId": "text",
                "email": "text",
                "firstName": "text",
                "position": "text",
                "companyId": "company",
                "custom": "object",
            },
            ("companyId",),
            within={"externalId": "companyId"},
        ),
        Shape(
            "opportunities",
            ("_id", "externalId"),
            {
                "externalId": "text",
                "title": "text",
                "salesStage": "text",
                "mrr": "number",
                "companyId": "company",
                "custom": "object",
            },
            ("companyId",),
            within={"externalId": "companyId"},
        ),
    )
}
"""The models, by name."""


def snapshot(shape: Shape, record: Mapping[str, object]) -> dict[str, object]:
    """Return what of a record is compared.

    A property that is null is as good as absent, and so are an empty list or object, and a record
    that is not archived: what Planhat shows of these is not known, and nothing here depends on it.

    Args:
        shape: Its model.
        record: All that it has.
    """
    found: dict[str, object] = {}
    for name in shape.kinds:
        value = record.get(name)
        if name == "custom":
            fields = value if isinstance(value, Mapping) else {}
            found.update({f"custom.{label}": each for label, each in fields.items()})
        else:
            found[name] = value
    if found.get(shape.archive_flag) is False:
        del found[shape.archive_flag]
    return {name: value for name, value in found.items() if value not in (None, [], {})}

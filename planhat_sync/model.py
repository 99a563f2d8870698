"""One Planhat model, and what follows from what its schema file says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from planhat_sync.model_file import ModelFile, public

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sync.model_file import Access, CompanyFilter, Evidence

KEY_PREFIXES: Final[Mapping[str, str]] = {"_id": "", "sourceId": "srcid-", "externalId": "extid-"}
"""What precedes a keyable in a URL unless the model says something else (facts identifier-forms and
model-keyables)."""


@dataclass(frozen=True, slots=True)
class Model:
    """One Planhat model, as its schema file describes it.

    Attributes:
        name: Stem of the file and name of the stream, such as ``issues``.
        title: Planhat's name for one record, such as ``Issue``.
        path: Path below the API's address, such as ``/issues``.
        keyables: Properties that identify a record, the strongest first.
        page_limit: Maximum number of records on one list page.
        bulk_limit: Maximum number of items in one bulk upsert; None if Planhat offers no bulk
            upsert, and records are written one by one.
        bulk_keyables: Those of them that a bulk upsert certainly matches on; None if it matches on
            all.
        keyable_scope: For a keyable that is unique only within a scope, the property that names
            the scope: ``{"externalId": "companyId"}``.
        required: Properties that a create needs.
        bulk_required: Properties that a create inside a bulk upsert needs.
        replication_key: The date-time property that changes with every update, if there is one.
        possible_replication_key: Without a replication key, a date-time property that may be there
            and may change with every update: the model is read by it for a user who vouches for it.
        company_reference: The property that refers to companies, if there is one.
        company_filter: What the list's `companyId` takes: several ids, separated by commas; one id;
            or none, since the list knows no companies.
        lists: The query parameters of each of the lists that together hold all records.
        get_by_id: Whether a record can be requested by its `_id`.
        key_prefixes: What precedes a keyable in a URL, where that is not the prefix that it has for
            most models; None for a keyable that cannot stand in a URL.
        constants: What each written record has, by the name of the property.
        archive_flag: The property that says whether a record is archived, if the model has it.
        returned_as: The name that a property has in answers, where it is sent under another one.
        access: ``read`` or ``write`` for a model that is only read or only written.
        selected_by_default: Whether a run that names no streams reads this one.
        evidence: How well the file is founded.
        facts: Ids of the facts that it rests on, in ``docs/planhat-facts.md``.
        properties: JSON Schema of each property, exactly as in the file.
        read_only: Properties that only Planhat writes.
    """

    name: str
    title: str
    path: str
    keyables: tuple[str, ...]
    page_limit: int
    bulk_limit: int | None = None
    bulk_keyables: tuple[str, ...] | None = None
    keyable_scope: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    bulk_required: tuple[str, ...] = ()
    replication_key: str | None = None
    possible_replication_key: str | None = None
    company_reference: str | None = None
    company_filter: CompanyFilter = "one"
    lists: tuple[Mapping[str, str], ...] = ({},)
    get_by_id: bool = True
    key_prefixes: Mapping[str, str | None] = field(default_factory=dict)
    constants: Mapping[str, str | int | bool] = field(default_factory=dict)
    archive_flag: str = "archived"
    returned_as: Mapping[str, str] = field(default_factory=dict)
    access: Access | None = None
    selected_by_default: bool = False
    evidence: Evidence = "documented"
    facts: tuple[str, ...] = ()
    properties: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    read_only: frozenset[str] = frozenset()

    @classmethod
    def from_schema(cls, name: str, schema: Mapping[str, Any]) -> Model:
        """Read a model out of one schema document.

        Args:
            name: The stem of the schema's file.
            schema: The parsed file.

        Raises:
            ValueError: It does not describe a model; the text names the keyword that is wrong.
        """
        file = msgspec.convert(schema, type=ModelFile)
        keywords = msgspec.structs.asdict(file.planhat)
        if keywords["bulk_required"] is None:
            keywords["bulk_required"] = file.required
        model = cls(
            name=name,
            title=file.title or name,
            required=file.required,
            properties=file.properties,
            read_only=frozenset(
                key for key, each in file.properties.items() if each.get("readOnly")
            ),
            **keywords,
        )
        model._check()
        return model

    def _check(self) -> None:
        """Raise a ValueError if a keyword cannot be true of this model."""
        keys = (self.replication_key, self.possible_replication_key)
        named = {
            "_id",
            *self.keyables,
            *self.keyable_scope.keys(),
            *self.keyable_scope.values(),
            *self.required,
            *self.bulk_required,
            *self.key_prefixes.keys(),
            *self.constants.keys(),
            *self.returned_as.keys(),
            *self.returned_as.values(),
            *filter(None, (*keys, self.company_reference)),
        }
        if unknown := sorted(named - self.properties.keys()):
            raise ValueError(f"it names properties that it does not have: {', '.join(unknown)}")
        if self.bulk_keyables is not None and not {"_id", *self.bulk_keyables} <= {*self.keyables}:
            raise ValueError("its bulk_keyables, or _id, are not among its keyables")
        if constant := sorted(self.read_only & self.constants.keys()):
            raise ValueError(f"it has constants for what only Planhat writes: {constant[0]}")
        if self.selected_by_default and not self.is_read:
            raise ValueError("it is selected_by_default, and its access says that it is not read")

    @property
    def company_property(self) -> str | None:
        """The property that says to which companies a record belongs; None if there is none.

        A model without a reference, whose list nevertheless takes several ids of companies, is that
        of the companies themselves.
        """
        itself = "_id" if self.company_filter == "several" else None
        return self.company_reference or itself

    @property
    def is_read(self) -> bool:
        """Whether records are read."""
        return self.access != "write"

    @property
    def is_written(self) -> bool:
        """Whether records are written."""
        return self.access != "read"

    @property
    def is_uncertain(self) -> bool:
        """Whether no copy of a page of the vendor's describes the model."""
        return self.evidence in {"client code", "guess"}

    @property
    def is_written_singly(self) -> bool:
        """Whether records are written one by one, since there is no bulk upsert."""
        return self.bulk_limit is None

    @property
    def is_updated_by_id(self) -> bool:
        """Whether a record is found before it is written, and then updated by its `_id`.

        Otherwise a bulk upsert that does not match by the keyables that a record has would create
        it again.
        """
        matched = self.keyables if self.bulk_keyables is None else self.bulk_keyables
        return self.is_written_singly or not {*self.keyables} <= {*matched}

    def names_of(self, name: str) -> tuple[str, ...]:
        """Return the names under which Planhat may return a property, its own first.

        Args:
            name: The name under which it is sent.
        """
        return (name, self.returned_as[name]) if name in self.returned_as else (name,)

    def key_prefix(self, name: str) -> str | None:
        """Return what precedes a keyable in a URL; None if it cannot stand in one.

        Args:
            name: One of the keyables.
        """
        return self.key_prefixes.get(name, KEY_PREFIXES.get(name))

    def finds_by(self, name: str) -> bool:
        """Return whether a record can be requested by a keyable.

        Args:
            name: One of the keyables.
        """
        return self.get_by_id and self.key_prefix(name) is not None

    def bulk_rows(self, most: int) -> int:
        """Return how many records to send together.

        Args:
            most: How many may be sent together as far as others are concerned.
        """
        return most if self.bulk_limit is None else min(most, self.bulk_limit)

    @property
    def id_position(self) -> int:
        """Position of `_id` among the keyables, -1 if it is not one of them."""
        return self.keyables.index("_id") if "_id" in self.keyables else -1

    @property
    def record_schema(self) -> dict[str, Any]:
        """The JSON Schema of records as they are read, which is not what may be written.

        It requires ``_id`` alone, since any other property may be missing from a record. Objects
        inside a property are open, or the SDK would drop what the vendor's tables do not list.
        The `INTERNAL_KEYWORDS` are left out. Each access makes a new schema, which may be modified.
        """
        return {
            "type": "object",
            "properties": {key: public(value) for key, value in self.properties.items()},
            "required": ["_id"],
        }

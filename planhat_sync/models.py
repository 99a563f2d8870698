"""The Planhat models, read from the schema files."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from planhat_sync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.abc import Traversable

INTERNAL_KEYWORDS = frozenset({"$schema", "$id", "$comment", "readOnly", "x-planhat"})
"""Schema keywords that only this project uses, and that a record schema leaves out."""


@dataclass(frozen=True, slots=True)
class Model:
    """One Planhat model, as its schema file describes it.

    Attributes:
        name: Stem of the file and name of the stream, such as ``issues``.
        title: Planhat's name for one record, such as ``Issue``.
        path: Path below the API's address, such as ``/issues``.
        keyables: Properties that a bulk upsert matches on, the strongest first.
        page_limit: Maximum number of records on one list page.
        bulk_limit: Maximum number of items in one bulk upsert.
        keyable_scope: For a keyable that is unique only within a scope, the property that names
            the scope: ``{"externalId": "companyId"}``.
        required: Properties that a create needs.
        bulk_required: Properties that a create inside a bulk upsert needs.
        replication_key: The date-time property that changes with every update, if there is one.
        possible_replication_key: Without a replication key, a date-time property that may be there
            and may change with every update: the model is read by it for a user who vouches for it.
        company_reference: The property that refers to companies, if there is one.
        properties: JSON Schema of each property, exactly as in the file.
        read_only: Properties that only Planhat writes.
    """

    name: str
    title: str
    path: str
    keyables: tuple[str, ...]
    page_limit: int
    bulk_limit: int
    keyable_scope: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    bulk_required: tuple[str, ...] = ()
    replication_key: str | None = None
    possible_replication_key: str | None = None
    company_reference: str | None = None
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
        file = msgspec.convert(schema, type=_SchemaFile)
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
        model._check_names()
        return model

    def _check_names(self) -> None:
        """Raise a ValueError if a keyword names a property that does not exist."""
        keys = (self.replication_key, self.possible_replication_key)
        named = {
            "_id",
            *self.keyables,
            *self.keyable_scope.keys(),
            *self.keyable_scope.values(),
            *self.required,
            *self.bulk_required,
            *filter(None, (*keys, self.company_reference)),
        }
        if unknown := sorted(named - self.properties.keys()):
            raise ValueError(f"it names properties that it does not have: {', '.join(unknown)}")

    @property
    def id_position(self) -> int:
        """Position of `_id` among the keyables, -1 if it is not one of them."""
        return self.keyables.index("_id") if "_id" in self.keyables else -1

    @property
    def record_schema(self) -> dict[str, Any]:
        """The JSON Schema of records as they are read, which is not what may be written.

        It requires ``_id`` alone, since any other property may be missing from a record. Objects
        inside a property are open, or the SDK would drop what the vendor's tables do not list.
        `INTERNAL_KEYWORDS` are left out. Each access makes a new schema, which may be modified.
        """
        return {
            "type": "object",
            "properties": {key: _public(value) for key, value in self.properties.items()},
            "required": ["_id"],
        }


class _Keywords(msgspec.Struct, forbid_unknown_fields=True):
    """The keywords of ``x-planhat``; ``model.meta.json`` is the same for editors and tests."""

    path: str
    keyables: tuple[str, ...]
    page_limit: int
    bulk_limit: int
    keyable_scope: dict[str, str] = {}
    bulk_required: tuple[str, ...] | None = None
    replication_key: str | None = None
    possible_replication_key: str | None = None
    company_reference: str | None = None


class _SchemaFile(msgspec.Struct):
    """The parts of a schema file that make a model."""

    planhat: _Keywords = msgspec.field(name="x-planhat")
    properties: dict[str, dict[str, Any]]
    required: tuple[str, ...] = ()
    title: str = ""


def _public(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a copy of a subschema without the internal keywords."""
    if isinstance(schema, dict):
        open_object = {"additionalProperties": True} if "properties" in schema else {}
        return open_object | {
            keyword: (
                {name: _public(inner) for name, inner in value.items()}
                if keyword == "properties"  # the keys below it are names, not keywords
                else _public(value)
            )
            for keyword, value in schema.items()
            if keyword not in INTERNAL_KEYWORDS
        }
    if isinstance(schema, list):
        return [_public(item) for item in schema]
    return schema


def load_models() -> dict[str, Model]:
    """Load the models, by name and in alphabetical order.

    They are read from the installed package or, if there are none, from the checkout around it.

    Raises:
        ConfigurationError: The folder is missing, or a file in it does not describe a model.
    """
    return {
        file.name.removesuffix(".json"): _model_of(file)
        for file in sorted(_schemas().iterdir(), key=lambda file: file.name)
        if file.name.endswith(".json") and not file.name.startswith(".")
    }


def _schemas() -> Traversable:
    packaged = resources.files("planhat_sync") / "schemas"
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "schemas").is_dir():
        return checkout / "schemas"
    raise ConfigurationError(
        f"the models' schemas are neither in {packaged} nor in a checkout around it: "
        "reinstall planhat-sync"
    )


def _model_of(file: Traversable) -> Model:
    name = file.name.removesuffix(".json")
    try:
        return Model.from_schema(name, msgspec.json.decode(file.read_bytes()))
    except ValueError as error:  # also msgspec's errors
        raise ConfigurationError(f"{file} does not describe a model: {error}") from error

"""The Planhat models: what the schema files say about each, and where those files are found."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from planhat_sync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.abc import Traversable

WORDS_OF_OURS = frozenset({"$schema", "$id", "$comment", "readOnly", "x-planhat"})
"""Schema words that mean something to this project only and stay out of SCHEMA messages."""


@dataclass(frozen=True, slots=True)
class Model:
    """What the connector knows about one kind of Planhat record.

    Attributes:
        name: File stem, stream name and sink name, such as ``issues``.
        title: What Planhat calls one record, such as ``Issue``.
        path: Path below the API's address, such as ``/issues``.
        keyables: Properties a bulk upsert matches on, the strongest first.
        keyable_scope: For a keyable that is unique only within something, the property that
            names that something: ``{"externalId": "companyId"}``.
        page_limit: Most records one list page may hold.
        bulk_limit: Most items one bulk upsert may hold.
        required: Properties that a create needs.
        bulk_required: Properties that a create inside a bulk upsert needs.
        replication_key: The date-time that moves with every change, if the model has one.
        company_reference: The property that points at companies, if there is one.
        properties: JSON Schema of each property, exactly as the file has it.
        read_only: Properties that Planhat writes itself.
    """

    name: str
    title: str
    path: str
    keyables: tuple[str, ...]
    keyable_scope: Mapping[str, str]
    page_limit: int
    bulk_limit: int
    required: tuple[str, ...]
    bulk_required: tuple[str, ...]
    replication_key: str | None
    company_reference: str | None
    properties: Mapping[str, Mapping[str, Any]]
    read_only: frozenset[str]

    @classmethod
    def from_schema(cls, name: str, schema: Mapping[str, Any]) -> Model:
        """Read a model out of one schema document.

        Args:
            name: The stem of the schema's file.
            schema: The parsed file.

        Raises:
            ValueError: It describes no model; the text names the word that is wrong.
        """
        schema_words = msgspec.convert(schema, type=_SchemaWords)
        words = schema_words.ours
        properties = schema_words.properties
        required = tuple(schema_words.required)
        model = cls(
            name=name,
            title=schema_words.title or name,
            path=words.path,
            keyables=tuple(words.keyables),
            keyable_scope=words.keyable_scope,
            page_limit=words.page_limit,
            bulk_limit=words.bulk_limit,
            required=required,
            bulk_required=required if words.bulk_required is None else tuple(words.bulk_required),
            replication_key=words.replication_key,
            company_reference=words.company_reference,
            properties=properties,
            read_only=frozenset(name for name, word in properties.items() if word.get("readOnly")),
        )
        model._check_names()
        return model

    def _check_names(self) -> None:
        """Hold every property that a word names against those that there are."""
        named = {
            "_id",
            *self.keyables,
            *self.keyable_scope.keys(),
            *self.keyable_scope.values(),
            *self.required,
            *self.bulk_required,
            *filter(None, (self.replication_key, self.company_reference)),
        }
        if unknown := sorted(named - self.properties.keys()):
            raise ValueError(f"it names properties that it does not have: {', '.join(unknown)}")

    @property
    def id_position(self) -> int:
        """Position of `_id` among the keyables, -1 if it is not one of them."""
        return self.keyables.index("_id") if "_id" in self.keyables else -1

    @property
    def record_schema(self) -> dict[str, Any]:
        """The schema for Singer: of what is read, not of what may be written.

        It requires ``_id`` alone, since every other property may be missing from a record. An
        object inside a property is open, or the SDK would drop what the vendor's tables do not
        list. None of the words in `WORDS_OF_OURS` is in it. Each call makes a new one, to be
        changed at will.
        """
        return {
            "type": "object",
            "properties": {key: _for_singer(value) for key, value in self.properties.items()},
            "required": ["_id"],
        }


class _Words(msgspec.Struct, forbid_unknown_fields=True):
    """The vocabulary of ``x-planhat``; ``model.meta.json`` says the same to editors and tests."""

    path: str
    keyables: list[str]
    page_limit: int
    bulk_limit: int
    keyable_scope: dict[str, str] = {}
    bulk_required: list[str] | None = None
    replication_key: str | None = None
    company_reference: str | None = None


class _SchemaWords(msgspec.Struct):
    """As much of a schema file as a model is made of."""

    ours: _Words = msgspec.field(name="x-planhat")
    properties: dict[str, dict[str, Any]]
    required: list[str] = []
    title: str = ""


def _for_singer(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Copy a subschema without the words that are ours."""
    if isinstance(schema, dict):
        open_words = {"additionalProperties": True} if "properties" in schema else {}
        return open_words | {
            word: (
                {name: _for_singer(inner) for name, inner in value.items()}
                if word == "properties"  # below it are names, not words
                else _for_singer(value)
            )
            for word, value in schema.items()
            if word not in WORDS_OF_OURS
        }
    if isinstance(schema, list):
        return [_for_singer(item) for item in schema]
    return schema


def load_models() -> dict[str, Model]:
    """Load every model there is, by name in alphabetical order.

    Raises:
        ConfigurationError: The folder is missing or a file in it is not a model.
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
        f"the models' schemas are neither in {packaged} nor in a checkout beside it: "
        "install planhat-sync anew"
    )


def _model_of(file: Traversable) -> Model:
    name = file.name.removesuffix(".json")
    try:
        return Model.from_schema(name, msgspec.json.decode(file.read_bytes()))
    except ValueError as error:  # msgspec's are such
        raise ConfigurationError(f"{file} does not describe a model: {error}") from error

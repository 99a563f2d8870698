"""The catalog of a run: normalized to the models, and checked for what is probably a mistake.

A model decides the keys of its stream; a catalog decides what is selected, and may ask for a full
read, or vouch for a replication key. See https://hub.meltano.com/singer/spec#metadata for
`selected` and `inclusion`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from singer_sdk.singerlib import Catalog, Metadata

from planhat_sync.errors import ConfigurationError
from tap_planhat.replication import replication_of

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection, Iterator, Mapping

    from singer_sdk import Stream
    from singer_sdk.singerlib.catalog import CatalogEntry

    from planhat_sync.model import Model
    from tap_planhat.replication import Replication

KEY_PROPERTIES = ["_id"]
NOTHING_SELECTED = (
    'no stream is selected, so nothing is read: in the catalog, set "selected": true in the '
    "metadata of a stream whose breadcrumb is []; with Meltano, add a rule such as issues.* to "
    "select"
)
_PROPERTY_LENGTH = len(("properties", "custom"))
_TEXT = {"type": ["string", "null"]}
_TEXTS = {"type": ["array", "null"], "items": {"type": "string"}}
_REPLICATION = {
    name: _TEXT
    for hyphened in ("replication-key", "replication-method", "forced-replication-method")
    for name in (hyphened, hyphened.replace("-", "_"))
}
_CHOICE = {"type": ["boolean", "null"]}
# What the SDK assumes of a JSON Schema; anything else makes it fail.
_SCHEMA = {
    "type": "object",
    "properties": {
        "type": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        "properties": {"type": "object", "additionalProperties": {"$ref": "#/$defs/schema"}},
        "items": {"$ref": "#/$defs/schema"},
        "required": {"type": "array", "items": {"type": "string"}},
        "anyOf": {"type": "array", "items": {"$ref": "#/$defs/schema"}},
    },
}
_METADATA = {
    "type": "object",
    "properties": {
        "breadcrumb": {"type": "array", "items": {"type": "string"}},
        "metadata": {
            "type": "object",
            "properties": {
                "selected": _CHOICE,
                "selected-by-default": _CHOICE,
                "inclusion": {"enum": ["available", "automatic", "unsupported", None]},
                **_REPLICATION,
                "table-key-properties": _TEXTS,
                "valid-replication-keys": _TEXTS,
            },
        },
    },
    "required": ["breadcrumb", "metadata"],
}
CATALOG_SCHEMA = {
    "$defs": {"schema": _SCHEMA},
    "type": "object",
    "properties": {
        "streams": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "tap_stream_id": {"type": "string"},
                    "stream": _TEXT,
                    "schema": {"$ref": "#/$defs/schema"},
                    "metadata": {"type": "array", "items": _METADATA},
                    "key_properties": _TEXTS,
                    **_REPLICATION,
                },
                "required": ["tap_stream_id", "schema"],
            },
        }
    },
    "required": ["streams"],
}
"""JSON Schema of a Singer catalog, as far as the SDK reads it."""

VALIDATOR = Draft202012Validator(CATALOG_SCHEMA)


def normalized(
    given: Catalog | dict[str, Any],
    models: Mapping[str, Model],
    logger: logging.Logger,
) -> Catalog:
    """Return a catalog whose keys and replication are those of the models.

    A stream with a replication key is read in full if the catalog says FULL_TABLE; a stream without
    one is read by its possible key if the catalog says INCREMENTAL, and otherwise in full.

    Args:
        given: A catalog, as written by Meltano or a user.
        models: The models by name.
        logger: Warned wherever the catalog is overruled.

    Raises:
        ConfigurationError: It is not a catalog, or names a stream that does not exist.
    """
    raw: dict[str, Any] = given.to_dict() if isinstance(given, Catalog) else given
    fault = best_match(VALIDATOR.iter_errors(raw))
    if fault is not None:
        raise ConfigurationError(
            f"the catalog is not a Singer catalog, at {fault.json_path}: make one with --discover"
        )
    raw = {**raw, "streams": [_with_merged_metadata(entry) for entry in raw["streams"]]}
    catalog = Catalog.from_dict(raw)
    asked = {entry["tap_stream_id"]: entry for entry in raw["streams"]}
    for entry in catalog.streams:
        name = entry.stream or entry.tap_stream_id
        for stream in (entry.tap_stream_id, name):
            _check_stream(stream, models)
        replication = replication_of(asked[entry.tap_stream_id], models[name])
        for warning in replication.warnings:
            logger.warning("%s", warning)
        _overrule(entry, models[name], replication)
    return catalog


def _check_stream(stream: str, models: Mapping[str, Model]) -> None:
    """Raise a ConfigurationError unless a stream of a catalog is one."""
    if stream in models and models[stream].is_read:
        return
    why = ", which can only be written" if stream in models else ""
    raise ConfigurationError(
        f"the catalog names a stream {stream}{why}, and there are only "
        f"{', '.join(name for name, model in models.items() if model.is_read)}: "
        "remove it, or make a new catalog with --discover"
    )


def _with_merged_metadata(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry with one item of metadata for each breadcrumb; of a name, the last one wins.

    The SDK reads only the last item of a breadcrumb, and would lose what the others select.
    """
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for item in entry.get("metadata", ()):
        found.setdefault(tuple(item["breadcrumb"]), {}).update(item["metadata"])
    metadata = [{"breadcrumb": [*crumb], "metadata": values} for crumb, values in found.items()]
    return {**entry, "metadata": metadata}


def _overrule(entry: CatalogEntry, model: Model, replication: Replication) -> None:
    root, key = entry.metadata.root, replication.key
    entry.key_properties = list(KEY_PROPERTIES)
    entry.replication_method = root.forced_replication_method = replication.method
    entry.replication_key = root.replication_key = key
    properties = entry.schema.properties or {}
    for name in (*KEY_PROPERTIES, *([key] if key else [])):
        entry.metadata[("properties", name)].inclusion = Metadata.InclusionType.AUTOMATIC
        if name not in properties:
            raise ConfigurationError(
                f"the catalog's schema of {model.name} has no property {name}: "
                "make a new catalog with --discover"
            )


def selection_warnings(streams: Collection[Stream]) -> Iterator[str]:
    """Find what is probably a mistake in a selection: a run that reads nothing still succeeds.

    Args:
        streams: All streams of a run.

    Yields:
        One sentence for each mistake.
    """
    selected = [stream for stream in streams if stream.selected]
    if not selected:
        yield NOTHING_SELECTED
    for stream in selected:
        for crumb, metadata in stream.metadata.items():
            parent = crumb[:-2]
            if metadata.selected and len(crumb) > _PROPERTY_LENGTH and not stream.mask[parent]:
                yield (
                    f"{stream.name}: {_dotted(crumb)} is selected, but {_dotted(parent)}, which "
                    "holds it, is not, so it is not read: select both"
                )


def _dotted(crumb: tuple[str, ...]) -> str:
    return ".".join(crumb[1::2])

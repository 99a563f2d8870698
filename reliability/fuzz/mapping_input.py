"""Harness of mappings: one is refused in one line, or makes of any record what can be converted."""

from __future__ import annotations

from planhat_sync.errors import ConfigurationError
from planhat_sync.models import load_models
from planhat_sync.writing.mapping.mappings import Mappings
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.records.payload import Reject, Skipped
from planhat_sync.writing.settings import WriteSettings

MODELS = load_models()
SETTINGS = WriteSettings(missing_key="create", deletes="delete")
CONVERTERS = {name: Converter(model, SETTINGS) for name, model in MODELS.items()}


def mapping(data: bytes) -> None:
    """Read a list of a mapping and its record, and apply the one to the other."""
    try:
        given = decode(data)
    except ValueError:
        return
    if not (isinstance(given, list) and len(given) > 1 and isinstance(given[1], dict)):
        return
    try:
        mappings = Mappings.from_config([given[0]], MODELS, missing_key=SETTINGS.missing_key)
    except ConfigurationError as error:
        assert "\n" not in str(error), "an error is more than a line"  # noqa: PT017 - if raised
        return
    found = mappings.of(given[0]["stream"])
    assert found is not None, "a stream does not have its mapping"
    made = found.apply(given[1])
    if isinstance(made, Reject):
        assert "\n" not in made.message, "a reject is more than a line"
    elif not isinstance(made, Skipped):
        CONVERTERS[found.model].convert(made)

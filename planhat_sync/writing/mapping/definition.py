"""Makes a mapping of what the user wrote, or says what is wrong with it and where.

Owns what a mapping may say about its model; `vocabulary` owns its form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.errors import ConfigurationError
from planhat_sync.identifiers import COMPANY_PREFIXES
from planhat_sync.runtime.config_errors import did_you_mean
from planhat_sync.writing.mapping.entries import evaluator, source_of
from planhat_sync.writing.mapping.expressions import InvalidExpressionError
from planhat_sync.writing.mapping.stream_mapping import Entry, StreamMapping
from planhat_sync.writing.mapping.vocabulary import form_error
from planhat_sync.writing.records.unknown_properties import Lookalikes, printable_name
from planhat_sync.writing.settings import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planhat_sync.model import Model
    from planhat_sync.writing.mapping.expressions import Evaluate


class _InvalidMappingError(ValueError):
    """The text is the end of a sentence that begins with the mapping."""


def stream_mapping(
    mapping: Any,  # noqa: ANN401 - any item of the setting
    position: int,
    models: Mapping[str, Model],
    keyables: Sequence[str],
    deleted_at: str,
) -> StreamMapping:
    """Check and compile one mapping.

    Args:
        mapping: An item of the setting.
        position: Its position in the list, from 1.
        models: The models, by name.
        keyables: Keyables of which it has to set one that its model has; none if records without a
            keyable are created.
        deleted_at: The column in which sources say when a record was deleted.

    Raises:
        ConfigurationError: It is wrong; the message names the mapping and the place in it.
    """
    try:
        return _made(mapping, models, keyables, deleted_at)
    except _InvalidMappingError as error:
        stream = mapping.get("stream") if isinstance(mapping, Mapping) else None
        name = (
            f"of stream {printable_name(stream)}"
            if isinstance(stream, str) and stream
            else f"number {position}"
        )
        raise ConfigurationError(f"mappings: the mapping {name} is wrong: {error}") from None


def _made(
    mapping: Any,  # noqa: ANN401
    models: Mapping[str, Model],
    keyables: Sequence[str],
    deleted_at: str,
) -> StreamMapping:
    if error := form_error(mapping):
        raise _InvalidMappingError(error)
    model = _model(mapping["model"], models)
    properties = dict(mapping["set"])
    custom = properties.get(CUSTOM, {})
    for name in properties:
        if name != deleted_at:
            _check_property(model, name, deleted_at)
    _check_keyables(model, properties, keyables)
    properties.pop(CUSTOM, None)
    omit_nulls = mapping.get("nulls") == "omit"
    return StreamMapping(
        model,
        [_entry(model, name, entry, omit_nulls=omit_nulls) for name, entry in properties.items()],
        [
            _entry(model, label, entry, inside=CUSTOM, omit_nulls=omit_nulls)
            for label, entry in custom.items()
        ],
        _when(mapping["when"]) if "when" in mapping else None,
        deleted_at=deleted_at,
    )


def _model(name: str, models: Mapping[str, Model]) -> Model:
    written = {each: model for each, model in models.items() if model.is_written}
    if name in written:
        return written[name]
    what = f"there is not a model called {printable_name(name)}{did_you_mean(name, written)}"
    if name in models:
        what = f"the model {name} is only read from Planhat, not written"
    raise _InvalidMappingError(f"{what}; there are {', '.join(written)}")


def _check_property(model: Model, name: str, deleted_at: str) -> None:
    if name in model.read_only:
        raise _InvalidMappingError(f"set.{name}: only Planhat writes this property; remove it")
    if name in model.properties:
        return
    meant = Lookalikes(model, deleted_at).property_for(name, misspelt=True) or ""
    if meant.startswith(CUSTOM + SEPARATOR):
        advice = f"; custom fields are set as custom: {{{meant[len(CUSTOM + SEPARATOR) :]}: …}}"
    else:
        advice = f"; did you mean {meant}?" if meant else ""
    raise _InvalidMappingError(
        f"set.{printable_name(name)}: {model.name} do not have this property{advice}"
    )


def _check_keyables(model: Model, properties: Mapping[str, Any], keyables: Sequence[str]) -> None:
    usable = [name for name in keyables if name in model.keyables]
    if usable and not any(name in properties for name in usable):
        raise _InvalidMappingError(
            f"set has none of {', '.join(usable)}, so all records would be rejected: set one of "
            "them, which Planhat then finds the record by"
        )


def _entry(
    model: Model,
    name: str,
    entry: Any,  # noqa: ANN401 - any entry
    *,
    omit_nulls: bool,
    inside: str = "",
) -> Entry:
    place = f"set.{inside}.{printable_name(name)}" if inside else f"set.{name}"
    words = [
        word
        for item in (entry if isinstance(entry, list) else [entry])
        for word in COMPANY_PREFIXES
        if isinstance(item, Mapping) and word in item
    ]
    if words and (inside or name != model.company_reference):
        does_not = "a custom field does not" if inside else "this does not"
        other = (
            f"; {model.company_reference} does" if model.company_reference and not inside else ""
        )
        raise _InvalidMappingError(
            f"{place}: {words[0]} refers to a company, and {does_not}{other}"
        )
    if words and "array" in model.properties[name].get("type", ()):
        entry = entry if isinstance(entry, list) else [entry]
    evaluate = _compiled(place, entry, omit_nulls=omit_nulls)
    return Entry(name, f"{CUSTOM}.{name}" if inside else name, source_of(entry), evaluate)


def _when(expression: str) -> Entry:
    return Entry("when", "when", expression, _compiled("when", expression, omit_nulls=False))


def _compiled(place: str, entry: Any, *, omit_nulls: bool) -> Evaluate:  # noqa: ANN401
    try:
        return evaluator(entry, omit_nulls=omit_nulls)
    except InvalidExpressionError as error:
        raise _InvalidMappingError(f"{place}: {error}") from None

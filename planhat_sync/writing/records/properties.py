"""Which properties of a record are sent, each as the model declares it.

Owns the selection, the coercion and the validation of a record's values, and which columns hold one
custom field each, as flattening makes them from `custom`. `convert` decides what the record as a
whole becomes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.identifiers import is_blank
from planhat_sync.writing.records.coercions import accepted_scalars, coerce, coerced_types
from planhat_sync.writing.records.exact_json import UnsendableError, differ, json_value
from planhat_sync.writing.records.explain import Explainer
from planhat_sync.writing.records.keys import ID
from planhat_sync.writing.records.payload import ConversionError, Reject, RejectCode
from planhat_sync.writing.records.unknown_properties import printable_name
from planhat_sync.writing.settings import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from planhat_sync.model import Model
    from planhat_sync.writing.records.added_columns import AddedColumns
    from planhat_sync.writing.records.unknown_properties import Lookalikes, UnknownProperties
    from planhat_sync.writing.settings import WriteSettings


class CustomColumns:
    """The columns of custom fields, recognized by their names.

    Args:
        separator: What the source put between `custom` and the label, if it is not SEPARATOR.
            Columns with SEPARATOR are recognized as well.
    """

    def __init__(self, separator: str = SEPARATOR) -> None:
        prefixes = {CUSTOM + SEPARATOR, CUSTOM + (separator or SEPARATOR)}
        self._prefixes = sorted(prefixes, key=len, reverse=True)

    def label_of(self, column: str) -> str | None:
        """Return the label of the custom field that a column holds, None if it holds none."""
        for prefix in self._prefixes:
            if column.startswith(prefix) and column != prefix:
                return column[len(prefix) :]
        return None

    def merge(self, custom: object, columns: Mapping[str, object]) -> object:
        """Merge the values of columns into `custom`.

        Args:
            custom: The record's own `custom`; null conflicts with no column.
            columns: Values by the names of their columns.

        Returns:
            The merged object. A `custom` that is not an object is returned as it is, for the schema
            to refuse.

        Raises:
            ConversionError: Two values conflict.
        """
        if custom is not None and not isinstance(custom, dict):
            return custom
        merged = dict(custom or {})
        for column, value in columns.items():
            label = self.label_of(column)
            if label in merged and differ(merged[label], value):
                message = f"{CUSTOM} and {column} hold different values for one field"
                raise ConversionError(Reject(RejectCode.CONFLICTING_CUSTOM, message, column))
            merged[label] = value
        return merged


class SentProperties:
    """Selects what is sent of the records of one model.

    Args:
        model: The model.
        settings: The user's settings.
        lookalikes: Finds the property that an unknown name may stand for.
        unknown: Receives the properties that the model does not have, if they are dropped.
        added: The columns that the source adds.
    """

    def __init__(
        self,
        model: Model,
        settings: WriteSettings,
        lookalikes: Lookalikes,
        unknown: UnknownProperties,
        added: AddedColumns,
    ) -> None:
        self._model = model
        self._prefixes = added.prefixes
        self._lookalikes = lookalikes
        self._unknown = unknown
        self._drops_unknown = settings.unknown_properties == "drop"
        self._custom_columns = CustomColumns(settings.flattening_separator)
        writable = {
            name: schema for name, schema in model.properties.items() if name not in model.read_only
        }
        self._types = {name: coerced_types(schema) for name, schema in writable.items()}
        self._scalars = {name: accepted_scalars(types) for name, types in self._types.items()}
        self._validator = jsonschema_rs.validator_for(
            {"type": "object", "properties": writable}, validate_formats=False
        )
        self._explainer = Explainer(writable)

    def __contains__(self, name: str) -> bool:
        """Return whether the model has a property that may be sent."""
        return name in self._types

    def custom_label_of(self, column: str) -> str | None:
        """Return the label of the custom field that a column holds, None if it holds none."""
        return self._custom_columns.label_of(column) if CUSTOM in self._types else None

    def select(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is sent of a record, without keyables that are blank.

        Raises:
            ConversionError: A value does not fit the model, or a property is unknown.
        """
        properties: dict[str, Any] = {}
        columns: dict[str, Any] = {}
        unknown: list[str] = []
        for name, value in record.items():
            if name in self._types:
                properties[name] = self._value(name, value)
            elif name.startswith(self._prefixes) or name in self._model.read_only:
                continue
            elif self.custom_label_of(name) is not None:
                columns[name] = _json_value(name, value)
            else:
                unknown.append(name)
        if unknown:
            self._leave_out(unknown, record)
        if columns:
            properties[CUSTOM] = self._custom_columns.merge(properties.get(CUSTOM), columns)
        return self._validated(properties)

    def _value(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any value of a record
        if type(value) in self._scalars[name]:
            return value
        value = _json_value(name, value)
        coerced = coerce(value, self._types[name])
        # JSON text may hold NaN, or be nested too deeply.
        return value if coerced is value else _json_value(name, coerced)

    def _leave_out(self, unknown: list[str], columns: Collection[str]) -> None:
        if self._drops_unknown:
            self._unknown.report(unknown, columns)
            return
        name = unknown[0]
        meant = self._lookalikes.property_for(name, misspelt=True)
        question = f": did you mean {printable_name(meant)}?" if meant else ""
        message = f"{self._model.name} has no property of this name{question}"
        raise ConversionError(Reject(RejectCode.UNKNOWN_PROPERTY, message, name))

    def _validated(self, properties: dict[str, Any]) -> dict[str, Any]:
        """Remove the keyables that are blank, and validate the rest."""
        for name in self._model.keyables:
            if is_blank(properties.get(name, ID)):
                del properties[name]
        try:
            if self._validator.is_valid(properties):
                return properties
        except ValueError:  # a number kept as text, where the validator needs its value
            pass
        reject = self._explainer.explain(properties)
        if reject is not None:
            raise ConversionError(reject)
        return properties


def unsendable(name: str, error: UnsendableError) -> ConversionError:
    """Return the error of a property whose value cannot be written as JSON."""
    return ConversionError(Reject(RejectCode.UNSENDABLE, f"{name} {error}", name))


def _json_value(name: str, value: Any) -> Any:  # noqa: ANN401 - any value of a record
    try:
        return json_value(value)
    except UnsendableError as error:
        raise unsendable(name, error) from None

"""What every record has that is written to a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planhat_sync.writing.records.exact_json import differ, encode
from planhat_sync.writing.records.payload import ConversionError, Reject, RejectCode

if TYPE_CHECKING:
    from planhat_sync.model import Model


class Constants:
    """The constants of one model.

    Args:
        model: The model.
    """

    def __init__(self, model: Model) -> None:
        self._values = model.constants
        self._of = model.name

    def set(self, properties: dict[str, Any]) -> None:
        """Set the constants that a record lacks.

        Args:
            properties: What is sent of the record.

        Raises:
            ConversionError: It has another value, so it is not a record of this model.
        """
        for name, value in self._values.items():
            if properties.get(name) is None:
                properties[name] = value
            elif differ(properties[name], value):
                message = (
                    f"{name} must be {encode(value).decode()} for a record of {self._of}: "
                    "leave it out, or write the record to the model that it is of"
                )
                raise ConversionError(Reject(RejectCode.WRONG_TYPE, message, name))

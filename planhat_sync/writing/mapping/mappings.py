"""The mappings of a run: which of them a stream has, and what it makes of a record."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import jmespath

from planhat_sync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planhat_sync.models import Model
    from planhat_sync.writing.records.payload import Reject, Skipped


class Mappings:
    """The mappings of a run, by the streams that they are for.

    Args:
        mappings: Each mapping, by its stream or glob.
    """

    def __init__(self, mappings: Mapping[str, StreamMapping]) -> None:
        self._mappings = mappings

    @classmethod
    def from_config(
        cls, mappings: Sequence[Mapping[str, Any]], models: Mapping[str, Model]
    ) -> Mappings:
        """Check and compile the setting `mappings`.

        Args:
            mappings: The setting.
            models: The models, by name.

        Raises:
            ConfigurationError: One of them is wrong; the message names the place.
        """
        for each in mappings:
            if each["model"] not in models:
                raise ConfigurationError(f"mappings: there is no model {each['model']}")
        return cls({each["stream"]: StreamMapping(each["model"], each["set"]) for each in mappings})

    def of(self, stream: str) -> StreamMapping | None:
        """Return the mapping of a stream, None if it has none.

        Args:
            stream: Its name. A mapping of exactly this name counts before a glob.

        Raises:
            ConfigurationError: The globs of two mappings fit.
        """
        exact = self._mappings.get(stream)
        if exact is not None:
            return exact
        fitting = [glob for glob in self._mappings if fnmatchcase(stream, glob)]
        if len(fitting) > 1:
            raise ConfigurationError(
                f"mappings: {' and '.join(fitting)} both fit the stream {stream}: "
                "add a mapping of exactly this name"
            )
        return self._mappings[fitting[0]] if fitting else None


class StreamMapping:
    """What the records of a stream become.

    Args:
        model: Name of the model.
        entries: The expression of each property.

    Attributes:
        model: Name of the model.
        sources: The expression of each property as the user wrote it; those of custom fields under
            `custom.<label>`.
    """

    def __init__(self, model: str, entries: Mapping[str, Any]) -> None:
        self.model = model
        self.sources: Mapping[str, str] = {name: str(entry) for name, entry in entries.items()}
        self._expressions = {name: jmespath.compile(entry) for name, entry in entries.items()}

    def apply(self, record: Mapping[str, Any]) -> dict[str, Any] | Reject | Skipped:
        """Make a record of the model.

        Args:
            record: The record as `exact_json.decode` reads it.

        Returns:
            The properties to write, or why the record is rejected or skipped.
        """
        return {name: each.search(record) for name, each in self._expressions.items()}

"""The mappings of a run, and which of them a stream has."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.errors import ConfigurationError
from planhat_sync.writing.mapping.definition import stream_mapping
from planhat_sync.writing.records.added_columns import SDC_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planhat_sync.model import Model
    from planhat_sync.writing.mapping.stream_mapping import StreamMapping


_GLOB_CHARACTERS: Final = frozenset("*?[")


def custom_labels(mappings: Sequence[Mapping[str, Any]], model: Model) -> Sequence[str]:
    """Return the custom fields that records of a model may have: each that a mapping of it sets.

    Args:
        mappings: The setting.
        model: The model.
    """
    return list(
        dict.fromkeys(
            label
            for mapping in mappings
            if mapping["model"] == model.name
            for label in mapping["set"].get(CUSTOM, ())
        )
    )


class Mappings:
    """The mappings of a run, by the streams that they are for.

    Args:
        mappings: Each mapping, by its stream or glob.

    Attributes:
        named: The streams that have a mapping of their own.
    """

    def __init__(self, mappings: Mapping[str, StreamMapping]) -> None:
        self.named = [stream for stream in mappings if not is_glob(stream)]
        self._mappings = mappings

    @classmethod
    def from_config(
        cls,
        mappings: Sequence[Mapping[str, Any]],
        models: Mapping[str, Model],
        *,
        match_on: Sequence[str] = (),
        missing_key: str = "reject",
        deleted_at: str = SDC_COLUMNS.deleted_at,
    ) -> Mappings:
        """Check and compile the setting `mappings`.

        Args:
            mappings: The setting.
            models: The models, by name.
            match_on: The setting of that name; without any, a model's own keyables.
            missing_key: The setting of that name.
            deleted_at: The column in which sources say when a record was deleted.

        Raises:
            ConfigurationError: One of them is wrong; the message names it and the place in it.
        """
        keyables = dict.fromkeys(name for model in models.values() for name in model.keyables)
        needed = () if missing_key == "create" else tuple(match_on or keyables)
        found: dict[str, StreamMapping] = {}
        for position, mapping in enumerate(mappings, start=1):
            made = stream_mapping(mapping, position, models, needed, deleted_at)
            stream = mapping["stream"]
            if stream in found:
                raise ConfigurationError(
                    f"mappings: there are two mappings of stream {stream}; a stream has one"
                )
            found[stream] = made
        return cls(found)

    def warnings(self) -> Sequence[str]:
        """Return what suggests that a field is misspelt: what no record has had so far."""
        return [
            warning
            for stream, mapping in self._mappings.items()
            if (warning := mapping.warning(stream))
        ]

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
                f"mappings: {' and '.join(fitting)} both fit the stream {stream}; name it in a "
                "mapping of its own, or make one of them narrower"
            )
        return self._mappings[fitting[0]] if fitting else None


def is_glob(stream: str) -> bool:
    """Return whether the name of a stream, in a setting, stands for all streams that fit it."""
    return not _GLOB_CHARACTERS.isdisjoint(stream)

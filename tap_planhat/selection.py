"""Which streams a run without a catalog reads: those of the setting `streams`, or the default ones.

Owns the setting, and which streams a user has asked for by name: one that cannot be read is an
error then, and not merely a warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from planhat_sync.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planhat_sync.model import Model

STREAMS_SETTING: Final[dict[str, Any]] = {
    "type": "array",
    "items": {"type": "string"},
    "title": "Streams",
    "description": (
        'What to read in a run without a catalog: names of streams, or patterns such as ["*"]; '
        "issues and objectives if not set. With a catalog, select the streams there; in Meltano, "
        "with select."
    ),
}
"""JSON Schema of the setting `streams`."""

_GLOB_CHARACTERS: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Selection:
    """The streams of a run without a catalog.

    Attributes:
        streams: Names of the streams that are read.
        named: Those of them that were asked for by name, and not only by a pattern.
    """

    streams: frozenset[str]
    named: frozenset[str]

    @classmethod
    def of(cls, streams: Sequence[str] | None, models: Mapping[str, Model]) -> Selection:
        """Return what the setting `streams` selects.

        Args:
            streams: The setting; None if it is not set.
            models: The models by name.

        Raises:
            ConfigurationError: It names a stream that does not exist, or cannot be read.
        """
        read = [name for name, model in models.items() if model.is_read]
        if not streams:
            default = frozenset(name for name in read if models[name].selected_by_default)
            return cls(default, default)
        if not isinstance(streams, list) or not all(isinstance(each, str) for each in streams):
            # Discovery reads the setting, and needs no settings that are valid.
            raise ConfigurationError("streams must be a list of names")
        selected: set[str] = set()
        for pattern in streams:
            fitting = [name for name in read if fnmatchcase(name, pattern)]
            if not fitting:
                raise ConfigurationError(_not_found(pattern, models, read))
            selected.update(fitting)
        named = {each for each in streams if not _GLOB_CHARACTERS & set(each)}
        return cls(frozenset(selected), frozenset(named))


def without_catalog(streams: object) -> None:
    """Check that the setting `streams` is not used beside a catalog.

    Args:
        streams: The setting; None if it is not set.

    Raises:
        ConfigurationError: It is.
    """
    if streams:
        raise ConfigurationError(
            "streams and a catalog are both given, and each says what to read: remove streams, or "
            "run without --catalog (Meltano always gives a catalog, which its select fills in)"
        )


def _not_found(pattern: str, models: Mapping[str, Model], read: Sequence[str]) -> str:
    why = "can only be written" if pattern in models else "is not a stream"
    return f"streams: {pattern} {why}; there are {', '.join(read)}"

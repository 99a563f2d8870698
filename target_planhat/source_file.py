"""The input as a file that holds the complete source, as `source_is_complete` says of it.

Of a pipe nobody can say so: a target does not see that the tap in front of it has died.
"""

from __future__ import annotations

import os
import stat
from typing import IO, Any

from planhat_sync.errors import ConfigurationError
from planhat_sync.runtime.stdout import descriptor_of


class SourceFile:
    """A regular file that is read as the input.

    Args:
        source: The input.

    Raises:
        ConfigurationError: It is not a regular file.
    """

    def __init__(self, source: IO[Any]) -> None:
        descriptor = descriptor_of(source)
        if descriptor is None or not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ConfigurationError(
                "source_is_complete needs a file as input, because a pipe does not show whether "
                "the tap before it has failed: tap-… > all.jsonl && target-planhat --config … "
                "--input all.jsonl"
            )
        self._descriptor = descriptor
        self._before = self._state()

    @property
    def written_at(self) -> float:
        """When it was written: seconds since 1970-01-01 UTC."""
        return os.fstat(self._descriptor).st_mtime

    def has_changed(self) -> bool:
        """Return whether it was written to while it was read."""
        return self._state() != self._before

    def _state(self) -> tuple[int, int]:
        state = os.fstat(self._descriptor)
        return state.st_size, state.st_mtime_ns

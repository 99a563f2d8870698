"""The reader that the SDK asks for messages: it hands the whole reading to `conduct`."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.singerlib.encoding.base import GenericSingerReader

from planhat_sync.writing.records.exact_json import decode

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable


class LineReader(GenericSingerReader[bytes]):
    """Reads bytes where the SDK's own reads text, record by record, into Decimals and datetimes.

    Args:
        read: Reads everything from a file, or from stdin if that is None.
    """

    def __init__(self, read: Callable[[IO[Any] | None], Counter[str]]) -> None:
        super().__init__()
        self._read = read

    def process_lines(
        self,
        file_input: IO[Any] | None,
        callbacks: dict[str, Callable[[dict[str, Any]], None]],  # noqa: ARG002 - the SDK's own ways
    ) -> Counter[str]:
        """Read all messages.

        Args:
            file_input: Where they come from; stdin if None.
            callbacks: What the SDK would do with each; not used.

        Returns:
            How many there were, by type.
        """
        return self._read(file_input)

    @property
    def default_input(self) -> IO[bytes]:
        """Standard input."""
        return sys.stdin.buffer

    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        """Read one line."""
        value: dict[str, Any] = decode(line)
        return value

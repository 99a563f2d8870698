"""Keeps standard output for Singer messages: whatever else prints, prints to standard error."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class _Elsewhere:
    """Stands in for standard output: the same descriptor, for those who write messages to it."""

    def __init__(self, stdout: TextIO) -> None:
        self._stdout = stdout

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def writelines(self, lines: Sequence[str]) -> None:
        sys.stderr.writelines(lines)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stdout, name)


@contextlib.contextmanager
def only_messages_on_stdout() -> Iterator[None]:
    """Send what is printed meanwhile to standard error, messages excepted.

    A line that a library prints for a person would otherwise be read by the target, and end it.
    """
    with contextlib.redirect_stdout(cast("TextIO", _Elsewhere(sys.stdout))):
        yield

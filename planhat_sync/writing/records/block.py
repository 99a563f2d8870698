"""Records that came together and are sent together, without an object for each of them.

Most records are only counted, put into a batch and sent: for these, one piece of JSON is enough.
"""

from __future__ import annotations

from functools import cached_property
from itertools import count, repeat
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw

from planhat_sync.writing.records.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_items_in = msgspec.json.Decoder(list[Raw]).decode


class Block:
    """Upserts of one stream that came on lines that follow each other.

    All of them carry the same keyables, none of which is unique only within a company, and none of
    them is a replay. So whatever depends on that and not on values is the same for all of them.

    Args:
        first_line: Number of the line of the first one.
        lines: The lines as received, for rejects.
        text: The items that are sent, as JSON with commas between them.
        keys: For each keyable of the model its values, None for a keyable that is not sent.
        scopes: For each of them the scopes, as `Payload` has them; `()` for a model whose keyables
            are all unique.

    Attributes:
        first_line: As given.
        text: As given.
        keys: As given.
    """

    def __init__(
        self,
        first_line: int,
        lines: Sequence[bytes],
        text: bytes,
        keys: Sequence[Sequence[str] | None],
        scopes: Sequence[tuple[str | None, ...]] = (),
    ) -> None:
        self.first_line = first_line
        self.text = text
        self.keys = keys
        self._lines = lines
        self._scopes = scopes

    def __len__(self) -> int:
        """Count the payloads."""
        return len(self._lines)

    @property
    def example(self) -> Payload:
        """The first payload without its line and its item: for what is the same for all of them."""
        keys = [None if values is None else values[0] for values in self.keys]
        return Payload(self.first_line, b"", b"", tuple(keys), next(iter(self._scopes), ()))

    @cached_property
    def payloads(self) -> Sequence[Payload]:
        """The payloads, in order; they are made when they are first asked for."""
        return list(self._made())

    def _made(self) -> Iterator[Payload]:
        items = map(bytes, _items_in(b"[%b]" % self.text))
        keys = zip(*[values or repeat(None) for values in self.keys], strict=False)
        scopes = self._scopes or repeat(())
        numbers = count(self.first_line)
        return map(Payload, numbers, self._lines, items, keys, scopes)

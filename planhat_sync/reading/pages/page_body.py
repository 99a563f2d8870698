"""The body of a list response, which becomes rows while it arrives.

What has been decoded belongs to no page before the body is complete and `page` is called: of an
answer that is cut, or that turns out not to be a page, nothing is emitted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planhat_sync.reading.pages.chunks import Chunks

if TYPE_CHECKING:
    from collections.abc import Callable

    from planhat_sync.reading.pages.page import Page


class PageBody:
    """Receives the body of one list response.

    Args:
        page: The page, without rows.
        decode: Decodes an array of rows without line breaks. A ValueError or a RecursionError means
            that it is not one.
        decode_rest: Decodes any body, or an array of its last rows, given how many came before.
        fill: Puts rows into the page: all of them, or none if it raises such an error.
        chunk_bytes: How much of the body to decode at once.
    """

    def __init__(
        self,
        page: Page,
        *,
        decode: Callable[[memoryview], list[Any]],
        decode_rest: Callable[[bytes, int], list[Any]],
        fill: Callable[[Page, list[Any]], None],
        chunk_bytes: int,
    ) -> None:
        self._page = page
        self._decode = decode
        self._decode_rest = decode_rest
        self._fill = fill
        self._chunks = Chunks(chunk_bytes)
        self.free = self._chunks.free

    def add(self, count: int) -> None:
        """Take bytes of the body, and decode those that are complete rows.

        Args:
            count: How many there are at the beginning of `free()`.
        """
        self._chunks.add(count)
        if self._chunks.is_full and (array := self._chunks.cut()):
            try:
                self._fill(self._page, self._decode(array))
            except (ValueError, RecursionError):
                # What looked like the beginning of a row was not one, or this is not a page at all:
                # it is tried again with twice as much, and at last by `page`.
                self._chunks.put_back()
            else:
                self._chunks.drop()

    def page(self) -> Page:
        """Return the page, once the body is complete.

        Raises:
            ValueError: The body is not a JSON array.
            ProtocolError: A row of it is not a record.
        """
        self._fill(self._page, self._decode_rest(self._chunks.rest(), len(self._page.ids)))
        return self._page

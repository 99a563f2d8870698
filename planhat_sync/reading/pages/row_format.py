"""Turns the body of a list answer into Singer lines, without parsing values.

A shape is compiled once per stream and selection: a struct whose properties stay raw JSON, except
for ``_id`` and the replication key. What the server sent beyond the selection is dropped here, so
it does not matter whether it honours `select`. docs/adr/0033-raw-values.md has the figures.
"""

from __future__ import annotations

import decimal
import operator
import re
from datetime import datetime, timezone
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any

import msgspec

from planhat_sync.api.pagination.scan import rows_of
from planhat_sync.reading.pages.chunks import chunks
from planhat_sync.reading.pages.page import Lines, Page, Records
from planhat_sync.utf8 import is_utf8

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

NOTHING = msgspec.Raw()
"""Stands for a property that a row does not have."""

_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..|.)", re.DOTALL)
_ID_OF = operator.attrgetter("id_")
_KEY_OF = operator.attrgetter("key")
_SURROGATE = re.compile(rb"\\u[dD]")
_HALF = len(rb"\ud800")


class RowFormat:
    """How the rows of one stream look, given what is selected of it.

    Args:
        stream: Name of the stream.
        properties: The properties to emit; ``_id`` is always one of them.
        key: The replication key, if there is one; it is emitted.
        reference: A property that is needed but emitted only if it is one of `properties`.
        ready: Whether pages become lines at once; otherwise they become Python values when they
            are wanted, for the SDK's path.
        version: The stream's version, if the run activates one; stands in each line.
    """

    def __init__(
        self,
        stream: str,
        properties: Iterable[str],
        *,
        key: str | None = None,
        reference: str | None = None,
        ready: bool = True,
        version: int | None = None,
    ) -> None:
        self._stream = stream
        self._ready = ready
        self._version = msgspec.UNSET if version is None else version
        emitted = dict.fromkeys(["_id", *properties, *([key] if key else [])])
        self.select = tuple(dict.fromkeys([*emitted, *([reference] if reference else [])]))
        fields: list[tuple[str, Any, Any]] = []
        for number, name in enumerate(self.select):
            if name == "_id":
                fields.append(("id_", str, msgspec.field(name=name)))
            elif name == key:
                kind = str | None | msgspec.UnsetType
                fields.append(("key", kind, msgspec.field(default=msgspec.UNSET, name=name)))
            else:
                own = "reference" if name == reference else f"property_{number}"
                fields.append((own, msgspec.Raw, msgspec.field(default=NOTHING, name=name)))
        # Rows hold no cycles, so the garbage collector need not know them.
        struct = msgspec.defstruct("Row", fields, omit_defaults=True, kw_only=True, gc=False)
        rows: Any = list[struct]  # type: ignore[valid-type]  # made at run time
        self._decode: Callable[[bytes], list[Any]] = msgspec.json.Decoder(rows).decode
        self._has_key = key is not None
        self._encoder = msgspec.json.Encoder()
        self._values = msgspec.json.Decoder(dict[str, Any], float_hook=decimal.Decimal)
        # In the order in which the SDK writes the same.
        message: list[tuple[str, Any, Any]] = [
            ("stream", str, msgspec.field()),
            ("record", Any, msgspec.field()),
            ("time_extracted", str, msgspec.field()),
            ("version", int | msgspec.UnsetType, msgspec.UNSET),
        ]
        self._message = msgspec.defstruct(
            "Record", message, tag_field="type", tag="RECORD", gc=False
        )
        self._has_reference = reference is not None
        self._hides_reference = reference is not None and reference not in emitted
        self._any = msgspec.json.Decoder()

    def page(self, body: bytes) -> Page:
        """Decode the body of a list answer.

        Args:
            body: The body.

        Raises:
            ValueError: It is not the JSON that was asked for.
            ProtocolError: A row of it is no record.
        """
        received = datetime.now(timezone.utc)
        try:
            rows = (self._decode(_on_one_line(chunk)) for chunk in chunks(body))
            return self._page(rows, received)
        except (ValueError, RecursionError):
            # What looked like the beginning of a row was none, or this is no page at all.
            return self._page([self._rows(body)], received)

    def _page(self, parts: Iterable[list[Any]], received: datetime) -> Page:
        """Make a page of its rows, while those of each part are in the processor's cache."""
        write = partial(self._lines, received=received.isoformat())
        page = Page(
            ids=[],
            keys=[] if self._has_key else None,
            companies=[] if self._has_reference else None,
            received=received,
            content=Lines(write) if self._ready else Records(self._record),
        )
        for rows in parts:
            page.ids += map(_ID_OF, rows)
            if page.keys is not None:
                page.keys += map(_KEY_OF, rows)
            if page.companies is not None:
                page.companies += map(self._companies_of, rows)
            if self._hides_reference:
                for row in rows:
                    row.reference = NOTHING
            page.content.add(rows)
        return page

    def _rows(self, body: bytes) -> list[Any]:
        """Decode a whole body, whatever it is.

        Raises:
            ValueError: It is not the JSON that was asked for.
            ProtocolError: A row of it is no record.
        """
        try:
            return rows_of(_on_one_line(body), self._decode, self._stream)
        except ValueError:
            # msgspec takes no half of a surrogate pair, in values that it passes over either.
            if not _SURROGATE.search(body):
                raise
            body = _ESCAPE.sub(_whole_character, body)
            return rows_of(_on_one_line(body), self._decode, self._stream)

    def _lines(self, rows: Sequence[Any], received: str) -> bytes:
        """Write rows as RECORD messages, one line each."""
        # No line break can stand inside a row: `page` saw to that, and JSON escapes them in texts.
        messages = map(
            self._message, repeat(self._stream), rows, repeat(received), repeat(self._version)
        )
        return self._encoder.encode_lines(list(messages))

    def _record(self, row: Any) -> dict[str, Any]:  # noqa: ANN401 - made at run time
        """Give a row as Python values, with every number as exact as it came."""
        return self._values.decode(self._encoder.encode(row))

    def _companies_of(self, row: Any) -> frozenset[str] | None:  # noqa: ANN401 - made at run time
        """Give the companies that a row points at; None if it does not say."""
        if row.reference is NOTHING:
            return None
        found = self._any.decode(row.reference)
        entries = found if isinstance(found, list) else [found]
        # Usually an id; lists of other models are said to give objects with one (client code).
        ids = (entry.get("id") if isinstance(entry, dict) else entry for entry in entries)
        return frozenset(one for one in ids if isinstance(one, str))


def _on_one_line(body: bytes) -> bytes:
    """Give the same JSON as valid UTF-8 without line breaks between its tokens.

    Raises:
        ValueError: It is no JSON, or no UTF-8.
    """
    if not is_utf8(body):  # raw values are copied unseen, so what they are made of is checked here
        raise ValueError("it is not UTF-8")
    if b"\n" in body or b"\r" in body:
        body = msgspec.json.format(body, indent=-1)
    return body


def _whole_character(escape: re.Match[bytes]) -> bytes:
    r"""Replace half a surrogate pair, which no strict reader takes, by U+FFFD."""
    text = escape[0]
    is_half = len(text) == _HALF and text[1:3].lower() == b"ud"
    return rb"\ufffd" if is_half else text

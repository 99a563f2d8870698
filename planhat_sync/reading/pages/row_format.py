"""Decodes the body of a list response into rows, without parsing their values.

A format is compiled once for each stream and selection: a struct whose properties stay raw JSON,
except for ``_id`` and the replication key. Whatever the server sends beyond the selection is
dropped here, so it does not matter whether it honours `select`. docs/adr/0033-raw-values.md has
the figures.
"""

from __future__ import annotations

import decimal
import operator
import re
from typing import TYPE_CHECKING, Any

import msgspec

from planhat_sync.api.http.bodies import hand_over
from planhat_sync.api.pagination.scan import decode_rows
from planhat_sync.reading.pages.chunks import CHUNK_BYTES
from planhat_sync.reading.pages.page import Page, Records, WrittenRows
from planhat_sync.reading.pages.page_body import PageBody
from planhat_sync.runtime.clock import Clock
from planhat_sync.utf8 import is_utf8

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from planhat_sync.reading.pages.page import WriteLines

NOTHING = msgspec.Raw()
"""Stands for a property that a row does not have."""

_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..|.)", re.DOTALL)
_ID_OF = operator.attrgetter("id_")
_KEY_OF = operator.attrgetter("key")
_SURROGATE = re.compile(rb"\\u[dD]")
_ONE_ESCAPE = len(rb"\ud800")


class RowFormat:
    """How the rows of one stream look, given what is selected of it.

    Args:
        stream: Name of the stream, for errors.
        properties: The properties to emit; ``_id`` is always one of them.
        key: The replication key, if there is one; it is emitted.
        reference: The property that refers to companies, if it is needed; it is emitted only if it
            is one of `properties`. ``_id`` if the rows are the companies.
        name_company: Returns how to refer to a company, given its `_id`; None for the `_id`.
        write: Writes rows as lines. If given, pages become lines at once; otherwise their rows
            become Python values when they are picked.
        clock: Time.
        number_of: Makes a Python number of the text of one that is not an integer.

    Attributes:
        select: The properties to ask for.
    """

    def __init__(
        self,
        stream: str,
        properties: Iterable[str],
        *,
        key: str | None = None,
        reference: str | None = None,
        name_company: Callable[[str], str] | None = None,
        write: WriteLines | None = None,
        clock: Clock | None = None,
        number_of: Callable[[str], Any] = decimal.Decimal,
    ) -> None:
        self._stream = stream
        self._clock = clock or Clock()
        self._write = write
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
        # Rows hold no cycles, so the garbage collector does not need to track them.
        struct = msgspec.defstruct("Row", fields, omit_defaults=True, kw_only=True, gc=False)
        rows: Any = list[struct]  # type: ignore[valid-type]  # made at run time
        self._decode: Callable[[bytes | memoryview], list[Any]] = msgspec.json.Decoder(rows).decode
        self._has_key = key is not None
        self._encoder = msgspec.json.Encoder(decimal_format="number")
        self._values = msgspec.json.Decoder(dict[str, Any], float_hook=number_of)
        self._has_reference = reference is not None
        self._companies_of_row = _itself if reference == "_id" else self._companies_of
        self._hides_reference = reference is not None and reference not in emitted
        self._name_company = name_company
        self._any = msgspec.json.Decoder(float_hook=decimal.Decimal)

    def page(self, body: bytes) -> Page:
        """Decode the body of a list response.

        Args:
            body: The body.

        Raises:
            ValueError: It is not a JSON array.
            ProtocolError: A row of it is not a record.
        """
        receiver = self.receiver()
        hand_over(body, receiver)
        return receiver.page()

    def receiver(self, chunk_bytes: int = CHUNK_BYTES) -> PageBody:
        """Return what decodes the body of a list response while it arrives.

        Args:
            chunk_bytes: How much of it to decode at once.
        """
        write, received = self._write, self._clock.utc()
        page = Page(
            ids=[],
            keys=[] if self._has_key else None,
            companies=[] if self._has_reference else None,
            content=WrittenRows(write, received) if write else Records(self._record),
        )
        return PageBody(
            page,
            decode=self._chunk,
            decode_rest=self._rows,
            fill=self._fill,
            chunk_bytes=chunk_bytes,
        )

    def _fill(self, page: Page, rows: list[Any]) -> None:
        """Add rows to a page, while they are in the processor's cache.

        Raises:
            RecursionError: A property that has to be looked at is nested too deeply; none is added.
        """
        companies = list(map(self._companies_of_row, rows)) if self._has_reference else ()
        if self._hides_reference:
            for row in rows:
                row.reference = NOTHING
        elif self._name_company is not None:
            for row in rows:
                row.reference = self._named(row.reference, self._name_company)
        page.content.add(rows)
        page.ids += map(_ID_OF, rows)
        if page.keys is not None:
            page.keys += map(_KEY_OF, rows)
        if page.companies is not None:
            page.companies += companies

    def _chunk(self, array: memoryview) -> list[Any]:
        """Decode an array of rows without line breaks, from memory that will be used again.

        Raises:
            ValueError: It is not a JSON array, or not UTF-8.
        """
        if not is_utf8(array):  # raw values are copied unchecked, so check them here
            raise ValueError("it is not UTF-8")
        return self._decode(array if self._write else bytes(array))

    def _rows(self, body: bytes, first: int) -> list[Any]:
        """Decode a body, or an array of its last rows.

        Raises:
            ValueError: It is not a JSON array.
            ProtocolError: A row of it is not a record.
        """
        try:
            return decode_rows(_on_one_line(body), self._decode, self._stream, first)
        except ValueError:
            # msgspec refuses an unpaired surrogate, even in a value that it skips.
            if not _SURROGATE.search(body):
                raise
            body = _ESCAPE.sub(_replace_unpaired_surrogate, body)
            return decode_rows(_on_one_line(body), self._decode, self._stream, first)

    def _record(self, row: Any) -> dict[str, Any]:  # noqa: ANN401 - made at run time
        """Return a row as Python values, with every number as exact as it was received."""
        return self._values.decode(self._encoder.encode(row))

    def _companies_of(self, row: Any) -> frozenset[str] | None:  # noqa: ANN401 - made at run time
        """Return the companies that a row refers to; None if it does not have that property."""
        if row.reference is NOTHING:
            return None
        found = self._any.decode(row.reference)
        entries = found if isinstance(found, list) else [found]
        # Usually an id; lists of other models are said to give objects with one (client code).
        ids = (entry.get("id") if isinstance(entry, dict) else entry for entry in entries)
        return frozenset(company_id for company_id in ids if isinstance(company_id, str))

    def _named(self, reference: msgspec.Raw, name: Callable[[str], str]) -> msgspec.Raw:
        """Return a reference to companies with their names; as it was if there is none in it."""
        if reference is NOTHING:
            return reference
        found = self._any.decode(reference)

        def named(entry: Any) -> Any:  # noqa: ANN401 - any JSON value
            if isinstance(entry, dict) and isinstance(entry.get("id"), str):
                return entry | {"id": name(entry["id"])}
            return name(entry) if isinstance(entry, str) else entry

        names = [named(entry) for entry in found] if isinstance(found, list) else named(found)
        return reference if names == found else msgspec.Raw(self._encoder.encode(names))


def _on_one_line(body: bytes) -> bytes:
    """Return the same JSON as valid UTF-8 without line breaks between its tokens.

    Raises:
        ValueError: It is not JSON, or not UTF-8.
    """
    if not is_utf8(body):  # raw values are copied unchecked, so check them here
        raise ValueError("it is not UTF-8")
    if b"\n" in body or b"\r" in body:
        body = msgspec.json.format(body, indent=-1)
    return body


def _replace_unpaired_surrogate(escape: re.Match[bytes]) -> bytes:
    r"""Replace an unpaired surrogate, which no strict JSON reader accepts, with U+FFFD."""
    text = escape[0]
    is_unpaired = len(text) == _ONE_ESCAPE and text[1:3].lower() == b"ud"
    return rb"\ufffd" if is_unpaired else text


def _itself(row: Any) -> frozenset[str]:  # noqa: ANN401 - made at run time
    """Return the companies of a row that is a company."""
    return frozenset((row.id_,))

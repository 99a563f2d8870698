"""Reads the records of a model as Python values."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgspec

from planhat_sync.api.pagination.scan import Source, decode_rows
from planhat_sync.api.pagination.table_scan import TableScan
from planhat_sync.errors import ProtocolError
from planhat_sync.runtime.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.model import Model

Row = dict[str, Any]


def read_pages(
    client: PlanhatClient,
    model: Model,
    *,
    select: Sequence[str] = (),
    page_size: int | None = None,
    company_ids: Sequence[str] = (),
    concurrency: int = 1,
    stop: threading.Event | None = None,
    threads: Threads | None = None,
    decode: Callable[[bytes], list[Row]] | None = None,
) -> Iterator[list[Row]]:
    """Read every record of a model exactly once, whatever changes meanwhile.

    Args:
        client: Sends the requests.
        model: The model of the records.
        select: Properties of each row, in addition to ``_id``; all if empty.
        page_size: Rows to request at once; the model's limit if None.
        company_ids: Only records of these companies; of all if empty.
        concurrency: Maximum number of pages in memory, and of requests at once.
        stop: Set from anywhere to end the reading.
        threads: Starts the threads that fetch pages.
        decode: Decodes the body of a page, if plain JSON decoding is not exact enough.

    Yields:
        Rows, page by page; never an empty list. With one list, in the order of ``_id``.

    Raises:
        Interrupted: `stop` was set.
        PlanhatError: A page could not be fetched.
    """
    selected = tuple(dict.fromkeys(("_id", *select))) if select else ()
    decode = decode or msgspec.json.Decoder(list[Row]).decode

    def page_of(body: bytes) -> tuple[list[str], list[Row]]:
        rows = decode_rows(body, decode, model.name)
        return [_id_of(row, model.name) for row in rows], rows

    source = Source(
        client=client,
        model=model,
        select=selected,
        decode=page_of,
        stop=stop or threading.Event(),
        concurrency=concurrency,
        threads=threads or Threads(),
    )
    scan = TableScan(source, lambda page: page[0], page_size=page_size or model.page_limit)
    for (_, rows), emitted in scan.pages(company_ids):
        if emitted:
            yield [rows[index] for index in emitted]


def _id_of(row: Row, stream: str) -> str:
    identifier = row.get("_id")
    if not isinstance(identifier, str):
        raise ProtocolError(
            f"Planhat's list of {stream} has a row without an _id: it cannot be read without loss"
        )
    return identifier

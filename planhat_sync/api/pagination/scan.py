"""Puts a walk to work: asks what it wants, over HTTP, and gives what it says is to be emitted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from planhat_sync.api.pagination.full_scan import FullScan, PageRequest
from planhat_sync.api.pagination.prefetch import Prefetch
from planhat_sync.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.models import Model

T = TypeVar("T")
Row = dict[str, Any]


class Scan(Protocol):
    """What every walk can say."""

    def next_requests(self, most: int) -> list[PageRequest]:
        """Say what to ask next; nothing once the walk is done."""
        ...


def run_scan(
    walk: Scan,
    fetch: Callable[[PageRequest], T],
    judge: Callable[[T], Sequence[int]],
    *,
    concurrency: int = 1,
    stop: threading.Event | None = None,
) -> Iterator[tuple[T, Sequence[int]]]:
    """Follow a walk to its end.

    Args:
        walk: Says what to ask.
        fetch: Gets a page; called from several threads.
        judge: Lets the walk take a page, and gives the positions of the rows to emit.
        concurrency: Most pages in memory, and most requests at once.
        stop: Set from anywhere to end the reading.

    Yields:
        Each page with the positions of its rows to emit, which may be none.

    Raises:
        Interrupted: `stop` was set.
        PlanhatError: A page could not be had, or the walk cannot go on.
    """
    with Prefetch(fetch, concurrency=concurrency, stop=stop or threading.Event()) as ahead:
        while asks := walk.next_requests(concurrency):
            page = ahead.page(asks)
            yield page, judge(page)
            del page  # so that it is gone before the next one comes


def read_pages(
    client: PlanhatClient,
    model: Model,
    *,
    select: Sequence[str] = (),
    page_size: int | None = None,
    company_ids: Sequence[str] = (),
    concurrency: int = 1,
    stop: threading.Event | None = None,
    decode: Callable[[bytes], list[Row]] | None = None,
) -> Iterator[list[Row]]:
    """Read every record of a model exactly once, whatever changes meanwhile.

    Args:
        client: Asks Planhat.
        model: Whose records.
        select: Properties of each row; ``_id`` always comes too; all if empty.
        page_size: Rows to ask for at once; the model's limit if None.
        company_ids: Only records of these companies; all if empty.
        concurrency: Most pages in memory, and most requests at once.
        stop: Set from anywhere to end the reading.
        decode: Makes a page of a body, where the rows' values need more than plain JSON.

    Yields:
        Rows, page by page, in the order of ``_id``; never an empty list.

    Raises:
        Interrupted: `stop` was set.
        PlanhatError: A page could not be had.
    """
    wanted = tuple(dict.fromkeys(("_id", *select))) if select else ()
    walk = FullScan(page_size or model.page_limit)
    decode = decode or msgspec.json.Decoder(list[Row]).decode

    def fetch(ask: PageRequest) -> tuple[list[str], list[Row]]:
        def page_of(body: bytes) -> tuple[list[str], list[Row]]:
            rows = decode_rows(body, decode, model.name)
            return [_id_of(row, model.name) for row in rows], rows

        return client.list_page(
            model,
            limit=ask.limit,
            offset=ask.offset,
            sort=ask.sort,
            select=ask.select or wanted,
            company_ids=company_ids,
            decode=page_of,
        )

    pages = run_scan(
        walk, fetch, lambda page: walk.accept(page[0]), concurrency=concurrency, stop=stop
    )
    for (_, rows), emitted in pages:
        if emitted:
            yield [rows[position] for position in emitted]


def decode_rows(body: bytes, decode: Callable[[bytes], T], stream: str) -> T:
    """Decode the body of a list answer.

    Args:
        body: The body.
        decode: Decodes an array of objects.
        stream: Name of the model, for the error.

    Raises:
        ValueError: The body is no array at all: asking again may help.
        ProtocolError: It is an array of something else than records: asking again will not.
    """
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        if " - at `$[" not in str(error):
            raise
        raise ProtocolError(
            f"Planhat's list of {stream} holds a row that is no record ({error}): "
            "it cannot be read without loss"
        ) from error
    except RecursionError as error:
        raise ProtocolError(f"Planhat's list of {stream} is nested too deeply to read") from error


def _id_of(row: Row, stream: str) -> str:
    identifier = row.get("_id")
    if not isinstance(identifier, str):
        raise ProtocolError(
            f"Planhat's list of {stream} holds a row without an _id: it cannot be read without loss"
        )
    return identifier

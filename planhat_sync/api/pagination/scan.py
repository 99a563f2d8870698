"""Requests the pages of a collection: those that a scan plans, or one by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec

from planhat_sync.api.pagination.prefetch import Prefetch
from planhat_sync.errors import ProtocolError, RequestError
from planhat_sync.runtime.threads import Threads

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.api.http.exchange import Receiver
    from planhat_sync.api.pagination.page_request import PageRequest
    from planhat_sync.model import Model

F = TypeVar("F")
R = TypeVar("R")
T = TypeVar("T")

_INDEX = re.compile(r"\$\[(\d+)\]")
"""The place of a row in an error of msgspec."""


class Scan(Protocol):
    """The interface of all scans, whichever pages they request and whatever they need of a page."""

    def next_requests(self, most: int) -> list[PageRequest]:
        """Return the requests to send next; none once the scan is done."""
        ...


@dataclass(frozen=True, slots=True)
class Source(Generic[T]):
    """The pages of one collection.

    Attributes:
        client: Sends the requests.
        model: The model of the records.
        select: Properties of each row; all if empty.
        decode: Makes a page of the body of an answer, or of what has received it.
        stop: Set from any thread to end the reading.
        concurrency: Maximum number of pages in memory, and of requests at once.
        parameters: What makes it one of the `lists` of the model; the first of them if None.
        receive: Makes what takes the body of an answer while it arrives; None to wait for it.
        threads: Starts the threads that fetch pages.
    """

    client: PlanhatClient
    model: Model
    select: Sequence[str]
    decode: Callable[[Any], T]
    stop: threading.Event
    concurrency: int = 1
    parameters: Mapping[str, str] | None = None
    receive: Callable[[], Receiver] | None = None
    threads: Threads = field(default_factory=Threads)

    @property
    def lists(self) -> Sequence[Source[T]]:
        """The pages of each of the lists of the model, which together hold all records."""
        return [replace(self, parameters=each) for each in self.model.lists]

    def page(self, request: PageRequest, companies: Sequence[str] = ()) -> T:
        """Return one page, outside any scan.

        Args:
            request: Which page.
            companies: Only records of these; of all if empty.

        Raises:
            Interrupted: The run was asked to stop.
            PlanhatError: The page could not be fetched.
        """
        # Not in this thread: a signal must find it waiting for a page, not for the network.
        with self._prefetch(self._fetch(companies), 1) as prefetch:
            return prefetch.page([request])

    def scan(
        self, scan: Scan, accept: Callable[[T], Sequence[int]], companies: Sequence[str] = ()
    ) -> Iterator[tuple[T, Sequence[int]]]:
        """Run a scan to its end.

        Args:
            scan: Plans the requests.
            accept: Has the scan accept a page, and returns the indices of the rows to emit.
            companies: Only records of these; of all if empty.

        Yields:
            Each page with the indices of its rows to emit, which may be empty.

        Raises:
            Interrupted: The run was asked to stop.
            PlanhatError: A page could not be fetched, or the scan cannot continue.
        """
        with self._prefetch(self._fetch(companies), self.concurrency) as prefetch:
            while requests := scan.next_requests(self.concurrency):
                page = prefetch.page(requests)
                yield page, accept(page)
                del page  # release it before the next page comes

    def exist(self, ids: Sequence[str]) -> Iterator[bool | None]:
        """Ask for records one by one.

        Args:
            ids: The ``_id`` of each record.

        Yields:
            For each record in turn whether it exists; None if the answer does not say it.

        Raises:
            Interrupted: The run was asked to stop.
            PlanhatError: Planhat cannot be asked.
        """

        def exists(identifier: str) -> bool | None:
            try:
                return self.client.get(self.model, identifier) is not None
            except RequestError:
                return None

        width = self.concurrency
        with self._prefetch(exists, width) as prefetch:
            for at in range(len(ids)):
                yield prefetch.page(ids[at : at + width])

    def _prefetch(self, fetch: Callable[[R], F], concurrency: int) -> Prefetch[R, F]:
        return Prefetch(fetch, concurrency=concurrency, stop=self.stop, threads=self.threads)

    def _fetch(self, companies: Sequence[str]) -> Callable[[PageRequest], T]:
        def fetch(request: PageRequest) -> T:
            return self.client.list_page(
                self.model,
                limit=request.limit,
                offset=request.offset,
                sort=request.sort,
                select=request.select or self.select,
                company_ids=companies,
                parameters=self.parameters,
                decode=self.decode,
                receive=self.receive,
            )

        return fetch


def decode_rows(body: bytes, decode: Callable[[bytes], T], stream: str, first: int = 0) -> T:
    """Decode the body of a list answer.

    Args:
        body: The body.
        decode: Decodes an array of objects.
        stream: Name of the model, for the error.
        first: Index of the first of the rows, for the error.

    Raises:
        ValueError: The body is not an array; a retry may help.
        ProtocolError: It is an array of something else than records; a retry will not help.
    """
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        if " - at `$[" not in str(error):
            raise
        reason = _INDEX.sub(lambda found: f"$[{int(found[1]) + first}]", str(error), count=1)
        raise ProtocolError(
            f"Planhat's list of {stream} has a row that is not a record ({reason}): "
            "it cannot be read without loss"
        ) from error
    except RecursionError as error:
        raise ProtocolError(f"Planhat's list of {stream} is nested too deeply to read") from error

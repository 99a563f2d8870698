"""Prefetch: the order of pages, how many at a time, and what happens to those that are dropped."""

from __future__ import annotations

import threading
import time
import weakref

import pytest

from planhat_sync.api.pagination.page_request import PageRequest
from planhat_sync.api.pagination.prefetch import Prefetch
from planhat_sync.errors import GaveUpError, Interrupted


def request(number: int) -> PageRequest:
    return PageRequest("_id", 10, number)


class Page:
    """A page with a number, counted while it exists."""

    def __init__(self, number: int) -> None:
        self.number = number


class Server:
    """Answers requests after a delay, and counts the pages that exist."""

    def __init__(self, delay=lambda _: 0.0) -> None:
        self.delay = delay
        self.lock = threading.Lock()
        self.requested: list[int] = []
        self.pages: weakref.WeakSet[Page] = weakref.WeakSet()
        self.most_pages = 0

    def fetch(self, request: PageRequest) -> Page:
        with self.lock:
            self.requested.append(request.offset)
            page = Page(request.offset)  # a page takes its memory while it arrives
            self.pages.add(page)
            self.most_pages = max(self.most_pages, len(self.pages))
        time.sleep(self.delay(request.offset))
        return page


def prefetch(server: Server, concurrency: int, stop: threading.Event | None = None) -> Prefetch:
    return Prefetch(server.fetch, concurrency=concurrency, stop=stop or threading.Event())


def test_pages_come_in_order_however_long_each_takes():
    server = Server(delay=lambda number: 0.02 if number % 3 == 0 else 0.0)
    with prefetch(server, 4) as pages:
        numbers = [
            pages.page([request(n) for n in range(at, min(at + 4, 20))]).number for at in range(20)
        ]
    assert numbers == list(range(20))
    assert sorted(server.requested) == list(range(20))


@pytest.mark.parametrize("concurrency", [1, 2, 4])
def test_never_more_pages_exist_than_the_concurrency(concurrency):
    server = Server(delay=lambda _: 0.002)
    with prefetch(server, concurrency) as pages:
        for at in range(20):
            page = pages.page([request(n) for n in range(at, at + concurrency)])
            time.sleep(0.004)  # time for the others to arrive
            assert page.number == at
            del page
    assert server.most_pages <= concurrency


@pytest.mark.parametrize("concurrency", [2, 4])
def test_as_many_requests_are_in_flight_as_the_concurrency(concurrency):
    together = threading.Barrier(concurrency)

    def fetch(request: PageRequest) -> int:
        together.wait(timeout=60)
        return request.offset

    with Prefetch(fetch, concurrency=concurrency, stop=threading.Event()) as pages:
        assert pages.page([request(n) for n in range(concurrency)]) == 0


def test_pages_that_are_not_requested_any_more_are_dropped_and_count_until_they_are():
    server = Server(delay=lambda number: 0.3 if number in (1, 2, 3) else 0.0)
    with prefetch(server, 4) as pages:
        pages.page([request(n) for n in range(4)])
        for start in (100, 200):
            page = pages.page([request(n) for n in range(start, start + 4)])
            assert page.number == start
            del page
            time.sleep(0.4)  # the new pages are ready, and the old ones arrive
    assert server.most_pages <= 4


def test_only_what_is_requested_is_fetched():
    server = Server()
    with prefetch(server, 4) as pages:
        pages.page([request(0)])
        pages.page([request(1), request(2)])
    assert sorted(server.requested) == [0, 1, 2]


def test_the_error_of_a_page_is_raised_when_that_page_is_due_and_not_before():
    def fetch(request: PageRequest) -> int:
        if request.offset == 2:
            raise GaveUpError("Planhat kept failing")
        return request.offset

    with Prefetch(fetch, concurrency=4, stop=threading.Event()) as pages:
        requests = [request(n) for n in range(4)]
        assert pages.page(requests) == 0
        assert pages.page(requests[1:]) == 1
        with pytest.raises(GaveUpError):
            pages.page(requests[2:])


def test_the_error_of_a_page_that_is_not_requested_any_more_is_dropped():
    def fetch(request: PageRequest) -> int:
        if request.offset == 1:
            raise GaveUpError("Planhat kept failing")
        return request.offset

    with Prefetch(fetch, concurrency=2, stop=threading.Event()) as pages:
        pages.page([request(0), request(1)])
        assert pages.page([request(5)]) == 5


def test_a_stop_ends_the_wait_for_a_page_that_hangs():
    stop, answer = threading.Event(), threading.Event()
    threading.Timer(0.05, stop.set).start()
    with Prefetch(lambda _: answer.wait(60), concurrency=1, stop=stop) as pages:
        with pytest.raises(Interrupted):
            pages.page([request(0)])
        assert not answer.is_set()
    answer.set()


def test_no_page_is_returned_after_a_stop():
    stop = threading.Event()
    with prefetch(Server(), 2, stop) as pages:
        pages.page([request(0), request(1)])
        stop.set()
        with pytest.raises(Interrupted):
            pages.page([request(1)])

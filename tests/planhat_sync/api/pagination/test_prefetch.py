"""Pages ahead: order, how many at a time, what becomes of pages that nobody wants any more."""

from __future__ import annotations

import threading
import time
import weakref

import pytest

from planhat_sync.api.pagination.full_scan import PageRequest
from planhat_sync.api.pagination.prefetch import Prefetch
from planhat_sync.errors import GaveUpError, Interrupted


def ask(number: int) -> PageRequest:
    return PageRequest("_id", 10, number)


class Page:
    """A page that knows which ask it answers, and can be counted while it lives."""

    def __init__(self, number: int) -> None:
        self.number = number


class Server:
    """Answers asks after a delay, and counts the pages that exist."""

    def __init__(self, delay=lambda _: 0.0) -> None:
        self.delay = delay
        self.lock = threading.Lock()
        self.asked: list[int] = []
        self.pages: weakref.WeakSet[Page] = weakref.WeakSet()
        self.most_pages = 0

    def fetch(self, wanted: PageRequest) -> Page:
        with self.lock:
            self.asked.append(wanted.offset)
            page = Page(wanted.offset)  # a page takes its memory while it comes in
            self.pages.add(page)
            self.most_pages = max(self.most_pages, len(self.pages))
        time.sleep(self.delay(wanted.offset))
        return page


def ahead(server: Server, concurrency: int, stop: threading.Event | None = None) -> Prefetch:
    return Prefetch(server.fetch, concurrency=concurrency, stop=stop or threading.Event())


def test_pages_come_in_order_however_long_each_takes():
    server = Server(delay=lambda number: 0.02 if number % 3 == 0 else 0.0)
    with ahead(server, 4) as pages:
        numbers = [
            pages.page([ask(n) for n in range(at, min(at + 4, 20))]).number for at in range(20)
        ]
    assert numbers == list(range(20))
    assert sorted(server.asked) == list(range(20))


@pytest.mark.parametrize("concurrency", [1, 2, 4])
def test_never_more_pages_exist_than_the_concurrency(concurrency):
    server = Server(delay=lambda _: 0.002)
    with ahead(server, concurrency) as pages:
        for at in range(20):
            page = pages.page([ask(n) for n in range(at, at + concurrency)])
            time.sleep(0.004)  # time for the others to come in
            assert page.number == at
            del page
    assert server.most_pages <= concurrency


@pytest.mark.parametrize("concurrency", [2, 4])
def test_as_many_requests_are_under_way_as_the_concurrency(concurrency):
    together = threading.Barrier(concurrency)

    def fetch(wanted: PageRequest) -> int:
        together.wait(timeout=60)
        return wanted.offset

    with Prefetch(fetch, concurrency=concurrency, stop=threading.Event()) as pages:
        assert pages.page([ask(n) for n in range(concurrency)]) == 0


def test_pages_that_are_not_wanted_any_more_are_dropped_and_counted_while_under_way():
    server = Server(delay=lambda number: 0.3 if number in (1, 2, 3) else 0.0)
    with ahead(server, 4) as pages:
        pages.page([ask(n) for n in range(4)])
        for start in (100, 200):
            page = pages.page([ask(n) for n in range(start, start + 4)])
            assert page.number == start
            del page
            time.sleep(0.4)  # those of the new plan are there, and the old ones come in
    assert server.most_pages <= 4


def test_only_what_is_wanted_is_asked_for():
    server = Server()
    with ahead(server, 4) as pages:
        pages.page([ask(0)])
        pages.page([ask(1), ask(2)])
    assert sorted(server.asked) == [0, 1, 2]


def test_the_error_of_a_page_is_raised_when_that_page_is_due_and_not_before():
    def fetch(wanted: PageRequest) -> int:
        if wanted.offset == 2:
            raise GaveUpError("Planhat kept failing")
        return wanted.offset

    with Prefetch(fetch, concurrency=4, stop=threading.Event()) as pages:
        asks = [ask(n) for n in range(4)]
        assert pages.page(asks) == 0
        assert pages.page(asks[1:]) == 1
        with pytest.raises(GaveUpError):
            pages.page(asks[2:])


def test_the_error_of_a_page_that_nobody_wants_any_more_is_nobodys():
    def fetch(wanted: PageRequest) -> int:
        if wanted.offset == 1:
            raise GaveUpError("Planhat kept failing")
        return wanted.offset

    with Prefetch(fetch, concurrency=2, stop=threading.Event()) as pages:
        pages.page([ask(0), ask(1)])
        assert pages.page([ask(5)]) == 5


def test_a_stop_ends_the_wait_for_a_page_that_hangs():
    stop, answer = threading.Event(), threading.Event()
    threading.Timer(0.05, stop.set).start()
    with Prefetch(lambda _: answer.wait(60), concurrency=1, stop=stop) as pages:
        with pytest.raises(Interrupted):
            pages.page([ask(0)])
        assert not answer.is_set()
    answer.set()


def test_nothing_more_is_handed_over_after_a_stop():
    stop = threading.Event()
    with ahead(Server(), 2, stop) as pages:
        pages.page([ask(0), ask(1)])
        stop.set()
        with pytest.raises(Interrupted):
            pages.page([ask(1)])

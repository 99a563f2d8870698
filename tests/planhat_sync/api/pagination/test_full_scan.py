"""The full scan, against collections in memory that change between any two of its requests."""

from __future__ import annotations

import math
import operator
import random
from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planhat_sync.api.pagination.full_scan import BEYOND_EVERYTHING, FullScan
from planhat_sync.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from planhat_sync.api.pagination.page_request import PageRequest


def as_id(number: int) -> str:
    return f"{number:024x}"


class Collection:
    """The rows that Planhat has, by number and in order."""

    def __init__(self, rows: Iterable[int] = ()) -> None:
        self.rows = sorted(rows)
        self.deleted: set[int] = set()
        self.next = 10**7

    def answer(self, request: PageRequest, *, clamp: int | None = None) -> list[str]:
        rows = (
            self.rows if request.sort == "_id" else self.rows[::-1] if request.offset == 0 else []
        )
        limit = min(request.limit, clamp or request.limit)
        return [as_id(row) for row in rows[request.offset : request.offset + limit]]

    def delete(self, start: int, count: int) -> None:
        start = max(0, start)
        self.deleted.update(self.rows[start : start + count])
        del self.rows[start : start + count]

    def append(self, count: int) -> None:
        self.rows.extend(range(self.next, self.next + count))
        self.next += count

    def enter(self, row: int) -> None:
        """Insert a row anywhere, as a filter may; not one that was deleted or is there."""
        at = bisect_left(self.rows, row)
        if row not in self.deleted and self.rows[at : at + 1] != [row]:
            insort(self.rows, row)


@dataclass
class Run:
    emitted: list[str] = field(default_factory=list)
    requests: list[PageRequest] = field(default_factory=list)
    rows: int | None = None


def run(
    collection: Collection,
    page_size: int,
    *,
    width: int = 1,
    rows: int | None = None,
    between: Callable[[Run], None] = lambda _: None,
    answer: Callable[[PageRequest], list[str]] | None = None,
    shuffle: random.Random | None = None,
) -> Run:
    """Run a scan to its end; `between` runs before every answer but the first."""
    scan, ran = FullScan(page_size, rows), Run()
    answer = answer or collection.answer
    while requests := scan.next_requests(width):
        pages: dict[PageRequest, list[str]] = {}
        for request in sorted(requests, key=lambda _: shuffle.random()) if shuffle else requests:
            if ran.requests:
                between(ran)
            ran.requests.append(request)
            pages[request] = answer(request)
        for request in requests:
            if scan.next_requests(1) != [request]:
                break  # the plan has changed: pages ahead are dropped
            ran.emitted.extend(pages[request][at] for at in scan.accept(pages[request]))
        assert len(ran.requests) < 50_000, "the scan does not end"
    ran.rows = scan.rows
    return ran


def run_quietly(collection: Collection, *, width: int, rows: int | None = None) -> Run:
    """Run a scan of pages of 2,000 as `Prefetch` does: a page that came makes room for one."""
    scan, ran = FullScan(2000, rows), Run()
    in_flight: list[PageRequest] = []
    while requests := scan.next_requests(width):
        kept = [one for one, wanted in zip(in_flight, requests, strict=False) if one == wanted]
        ran.requests += requests[len(kept) :]
        page = collection.answer(requests[0])
        ran.emitted += [page[at] for at in scan.accept(page)]
        in_flight = requests[1:]
    ran.rows = scan.rows
    return ran


def assert_exact(before: set[int], collection: Collection, ran: Run) -> None:
    """Every row that was there throughout has been emitted, and none twice."""
    emitted = [int(row, 16) for row in ran.emitted]
    assert all(map(operator.lt, emitted, emitted[1:])), "a row twice, or out of order"
    assert not before.intersection(collection.rows).difference(emitted), "a row is lost"
    assert not set(emitted).difference(before, collection.deleted, collection.rows)


class Churn:
    """Changes a collection, above all near the position of the scan."""

    def __init__(self, chance: random.Random, collection: Collection, page_size: int) -> None:
        self.chance = chance
        self.collection = collection
        self.page_size = page_size
        self.inserts, self.enters = chance.choice([(True, False), (True, True), (False, False)])

    def __call__(self, ran: Run) -> None:
        for _ in range(self.chance.choice([0, 0, 1, 1, 2, 5])):
            self.change(ran)

    def change(self, ran: Run) -> None:
        chance, rows = self.chance, self.collection.rows
        kind = chance.random()
        if self.inserts and kind < 0.25:
            self.collection.append(chance.choice([1, 1, 3, 20]))
        elif self.enters and kind < 0.45:
            for _ in range(chance.choice([1, 1, 3, 20])):
                self.collection.enter(chance.randrange(10**7))
        elif rows:
            position = bisect_left(rows, int(ran.emitted[-1], 16)) if ran.emitted else 0
            count = chance.choice([1, 1, 2, self.page_size, 3 * self.page_size, len(rows) // 4])
            start = chance.choice(
                [
                    0,
                    position - count,
                    position - chance.randrange(3),
                    position + chance.randrange(3),
                    chance.randrange(5) * self.page_size,
                    chance.randrange(len(rows)),
                    len(rows) - count,
                    len(rows) - 1,
                ]
            )
            self.collection.delete(start, len(rows) if chance.random() < 0.01 else count)


SIZES = [0, 1, 2, 3, 10, 50, 300]


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("page_size", [1, 2, 7, 200])
def test_every_row_that_exists_throughout_is_emitted_once(page_size, width):
    for seed in range(600):
        chance = random.Random(f"{page_size} {width} {seed}")
        most = 200 if page_size < 7 else 1500
        size = min(most, chance.choice([*SIZES, chance.randrange(most)]))
        collection = Collection(chance.sample(range(10**7), size))
        before = set(collection.rows)
        churn = Churn(chance, collection, page_size)
        length = chance.choice([None, size, 0, size // 2, 2 * size, size + page_size])
        ran = run(collection, page_size, width=width, rows=length, between=churn, shuffle=chance)
        assert_exact(before, collection, ran)


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("page_size", [1, 2, 7, 200])
def test_clamped_limits_and_short_pages_lose_nothing(page_size, width):
    for seed in range(150):
        chance = random.Random(f"short {page_size} {width} {seed}")
        collection = Collection(chance.sample(range(10**7), chance.choice(SIZES)))
        before = set(collection.rows)
        clamp = chance.choice([None, 3, 5])

        def answer(request, chance=chance, collection=collection, clamp=clamp):
            page = collection.answer(request, clamp=clamp)
            return page[: chance.randint(1, len(page))] if page and chance.random() < 0.3 else page

        ran = run(
            collection,
            page_size,
            width=width,
            between=Churn(chance, collection, page_size),
            answer=answer,
            shuffle=chance,
        )
        assert_exact(before, collection, ran)


changes = st.lists(
    st.one_of(
        st.tuples(st.just("delete"), st.integers(0, 40), st.integers(1, 12)),
        st.tuples(st.just("append"), st.integers(1, 5), st.just(0)),
        st.tuples(st.just("enter"), st.integers(0, 60), st.just(0)),
    ),
    max_size=3,
)


@settings(max_examples=max(300, settings.default.max_examples))
@given(
    rows=st.sets(st.integers(0, 60), max_size=40),
    page_size=st.sampled_from([1, 2, 3, 7]),
    width=st.sampled_from([1, 4]),
    length=st.none() | st.integers(-5, 80),
    history=st.lists(changes, max_size=30),
)
def test_the_scan_is_exact_for_any_short_history(rows, page_size, width, length, history):
    collection = Collection(rows)
    left = iter(history)

    def between(_: Run) -> None:
        for name, first, second in next(left, []):
            if name == "delete":
                collection.delete(first, second)
            elif name == "append":
                collection.append(first)
            else:
                collection.enter(first)

    ran = run(collection, page_size, width=width, rows=length, between=between)
    assert_exact(set(rows), collection, ran)


def test_a_row_deleted_before_the_scan_loses_no_later_row():
    collection = Collection(range(1, 101))
    ran = run(
        collection,
        10,
        between=lambda ran: collection.delete(0, 1) if len(ran.requests) == 4 else None,
    )
    assert ran.emitted == [as_id(row) for row in range(1, 101)]


def test_a_page_of_rows_deleted_before_the_scan_at_a_page_border_loses_no_later_row():
    collection = Collection(range(1, 101))
    ran = run(
        collection,
        10,
        between=lambda ran: collection.delete(0, 10) if len(ran.requests) == 3 else None,
    )
    assert ran.emitted == [as_id(row) for row in range(1, 101)]


def test_rows_created_after_the_scan_began_belong_to_the_next_scan():
    collection = Collection(range(1, 51))
    ran = run(collection, 10, between=lambda _: collection.append(30))
    assert ran.emitted == [as_id(row) for row in range(1, 51)]


def test_the_scan_ends_although_the_newest_row_is_deleted_and_nothing_follows():
    collection = Collection(range(1, 51))
    ran = run(
        collection,
        10,
        between=lambda ran: collection.delete(49, 1) if len(ran.requests) == 1 else None,
    )
    assert ran.emitted == [as_id(row) for row in range(1, 50)]


def test_the_rest_is_found_after_a_short_page_although_earlier_rows_are_deleted():
    """The page of one row is not the last one, although the page after it is empty."""
    collection = Collection(range(1, 12))

    def answer(request):
        page = collection.answer(request)
        return page[:1] if request.sort == "_id" and request.offset == 9 else page

    def between(ran):
        if len(ran.requests) == 2:
            collection.delete(10, 1)  # the newest row, so that the scan must end elsewhere
            collection.append(1)
        if len(ran.requests) == 3:
            collection.delete(0, 5)

    before = set(collection.rows)
    assert_exact(before, collection, run(collection, 10, between=between, answer=answer))


def test_a_collection_that_empties_while_it_is_read_ends_the_scan():
    collection = Collection(range(1, 51))
    ran = run(
        collection,
        10,
        between=lambda ran: collection.delete(0, 99) if len(ran.requests) == 3 else None,
    )
    assert ran.emitted == [as_id(row) for row in range(1, 20)]
    assert len(ran.requests) < 10


def test_a_collection_counts_as_empty_after_two_empty_answers():
    assert len(run(Collection(), 2000).requests) == 2


def test_an_empty_answer_to_the_first_request_loses_nothing():
    collection = Collection(range(1, 51))
    empty = iter([True])
    ran = run(
        collection,
        10,
        answer=lambda request: [] if next(empty, False) else collection.answer(request),
    )
    assert ran.emitted == [as_id(row) for row in range(1, 51)]


def test_a_collection_of_one_page_costs_two_requests():
    ran = run(Collection(range(1, 11)), 2000, width=4)
    assert len(ran.requests) == 2
    assert [request.limit for request in ran.requests] == [2000, 2000]


@pytest.mark.parametrize("page_size", [2, 7, 100, 2000])
def test_a_collection_that_does_not_change_costs_one_request_a_page_with_one_row_of_overlap(
    page_size,
):
    size = 10_001
    ran = run(Collection(range(1, size + 1)), page_size)
    assert len(ran.requests) <= 1 + math.ceil((size - 1) / (page_size - 1))


@pytest.mark.parametrize("width", [1, 2, 4, 16])
@pytest.mark.parametrize("size", [0, 1, 100, 2000, 2001, 4000, 59_971, 60_000, 200_000])
def test_a_collection_that_does_not_change_costs_little_more_than_its_pages(size, width):
    collection = Collection(range(1, size + 1))
    least = math.ceil(size / 2000)
    first = run_quietly(collection, width=width)
    assert first.rows == size
    # One for the newest rows, one for the overlaps, and for pages that lie beyond the end.
    assert len(first.requests) <= least + 2 + max(0, width - 2)
    again = run_quietly(collection, width=width, rows=first.rows)
    assert again.rows == size
    assert len(again.requests) <= least + 2
    assert len(again.emitted) == size


@pytest.mark.parametrize("length", [0, 1, 2_000, 58_000, 61_000, 64_000, 10**9])
def test_a_length_that_is_wrong_costs_the_pages_ahead_at_most(length):
    collection = Collection(range(1, 60_001))
    ran = run_quietly(collection, width=4, rows=length)
    assert ran.emitted == [as_id(row) for row in range(1, 60_001)]
    assert ran.rows == 60_000
    assert len(ran.requests) <= 30 + 2 + (2 if length > 60_000 else 0)


def test_pages_beyond_the_length_that_was_expected_are_read_one_by_one():
    collection = Collection(range(1, 1001))
    scan, widths = FullScan(10, 200), []
    while requests := scan.next_requests(4):
        widths.append(len(requests))
        scan.accept(collection.answer(requests[0]))
    assert max(widths[:20]) == 4
    assert set(widths[24:]) == {1}


@pytest.mark.parametrize("newest_is_deleted", [False, True])
def test_the_length_is_what_was_there_at_the_end_of_the_scan(newest_is_deleted):
    collection = Collection(range(1, 101))

    def between(ran: Run) -> None:
        if len(ran.requests) == 4:
            collection.delete(0, 5)
            if newest_is_deleted:
                collection.delete(94, 1)
            collection.append(3)  # they belong to the next scan

    ran = run(collection, 10, between=between)
    assert ran.rows == (94 if newest_is_deleted else 95)


def test_prefetch_of_a_collection_at_rest_costs_at_most_the_pages_ahead():
    size = 10_001
    ran = run(Collection(range(1, size + 1)), 100, width=4)
    assert len(ran.requests) <= 1 + math.ceil((size - 1) / 99) + 3


@pytest.mark.parametrize("width", [1, 4])
def test_deletions_of_one_percent_cost_a_fifth_more_requests_at_most(width):
    size, page_size = 100_000, 2000
    chance = random.Random(7)
    collection = Collection(range(1, size + 1))
    before = set(collection.rows)

    def between(_: Run) -> None:
        for _ in range(20):
            collection.delete(chance.randrange(len(collection.rows)), 1)
        collection.append(20)

    ran = run(collection, page_size, width=width, between=between, shuffle=chance)
    assert_exact(before, collection, ran)
    assert len(ran.requests) <= 1.2 * (1 + math.ceil(size / (page_size - 1)))


@pytest.mark.parametrize("page_size", [2, 7, 200])
def test_the_position_is_found_again_after_very_many_rows_enter_before_it(page_size):
    """As when many old issues are moved to the company that the read is filtered by."""
    collection = Collection(range(5_000_000, 5_000_500))
    before = set(collection.rows)
    quiet = len(run(collection, page_size).requests)

    def between(ran: Run) -> None:
        if len(ran.requests) == 3:
            for row in range(0, 200_000, 2):
                collection.enter(row)

    ran = run(collection, page_size, between=between)
    assert_exact(before, collection, ran)
    assert len(ran.requests) < quiet + 60


def test_a_scan_of_millions_of_rows_is_exact_while_thousands_are_inserted_and_deleted():
    chance = random.Random(3)
    collection = Collection(range(1, 2_000_001))
    before = set(collection.rows)

    def between(ran: Run) -> None:
        if len(ran.requests) % 10 == 0:
            collection.delete(chance.randrange(len(collection.rows)), chance.choice([1, 50, 5000]))
            collection.append(100)

    ran = run(collection, 2000, width=4, between=between, shuffle=chance)
    assert_exact(before, collection, ran)


def test_a_page_size_of_one_asks_for_two_rows_since_pages_must_overlap():
    ran = run(Collection(range(1, 6)), 1)
    assert {request.limit for request in ran.requests} == {2}
    assert ran.emitted == [as_id(row) for row in range(1, 6)]


def test_the_offset_moves_by_the_rows_received_and_not_by_those_asked_for():
    ran = run(
        collection := Collection(range(1, 26)),
        20,
        answer=lambda request: collection.answer(request, clamp=10),
    )
    assert [request.offset for request in ran.requests[1:]] == [0, 9, 18]
    assert ran.emitted == [as_id(row) for row in range(1, 26)]


def test_a_page_that_comes_twice_loses_nothing():
    collection = Collection(range(1, 101))
    pages: list[list[str]] = []

    def answer(request):
        page = pages[-1] if len(pages) == 4 else collection.answer(request)
        pages.append(page)
        return page

    ran = run(collection, 10, answer=answer)
    assert ran.emitted == [as_id(row) for row in range(1, 101)]


def test_a_server_that_ignores_the_offset_is_an_error_and_not_a_loop():
    collection = Collection(range(1, 101))

    def answer(request):
        rows = collection.rows if request.sort == "_id" else collection.rows[::-1]
        return [as_id(row) for row in rows[: request.limit]]

    with pytest.raises(ProtocolError, match="ignores offset"):
        run(collection, 10, answer=answer)


def test_the_same_page_at_several_offsets_is_not_an_error_where_rows_enter_before_it():
    collection = Collection(range(1000, 1020))
    entering = iter(range(900, 990))
    before = set(collection.rows)

    def answer(request):
        if request.sort == "_id" and 2 < request.offset < 20:  # 1002 and 1003 at any offset
            while collection.rows.index(1002) < request.offset:
                collection.enter(next(entering))
        return collection.answer(request)

    ran = run(collection, 2, answer=answer)
    assert_exact(before, collection, ran)
    assert any(request.offset == BEYOND_EVERYTHING for request in ran.requests)


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(lambda rows: rows, id="oldest first"),
        pytest.param(lambda rows: rows[::-1], id="newest first"),
        pytest.param(lambda rows: random.Random(1).sample(rows, len(rows)), id="any"),
    ],
)
def test_a_server_that_ignores_the_sort_is_an_error_and_never_a_silent_loss(order):
    rows = order(list(range(1, 31)))

    def answer(request):
        return [as_id(row) for row in rows[request.offset : request.offset + request.limit]]

    with pytest.raises(ProtocolError, match="not in the order"):
        run(Collection(), 10, answer=answer)


def test_a_server_that_returns_one_row_a_page_is_an_error_and_not_a_loop():
    collection = Collection(range(1, 31))
    with pytest.raises(ProtocolError, match="no new row"):
        run(collection, 10, answer=lambda request: collection.answer(request, clamp=1))


def test_rows_that_are_newer_than_the_scan_are_not_emitted_from_the_tail():
    """The second page is empty, so the newest rows are requested to see what is left."""
    collection = Collection(range(1, 16))

    def between(ran: Run) -> None:
        if len(ran.requests) == 2:
            collection.delete(0, 9)
            collection.append(3)  # they belong to the next scan

    ran = run(collection, 10, between=between)
    assert [request.sort for request in ran.requests][-1] == "-_id"
    assert ran.emitted == [as_id(row) for row in range(1, 16)]
    assert ran.rows == 15  # nobody has looked yet what was deleted below


def test_every_full_page_doubles_the_pages_ahead():
    collection = Collection(range(1, 10_001))
    scan, widths = FullScan(10), []
    for _ in range(6):
        requests = scan.next_requests(100)
        widths.append(len(requests))
        scan.accept(collection.answer(requests[0]))
    assert widths == [1, 1, 2, 4, 8, 16]
    assert len(scan.next_requests(8)) == 8

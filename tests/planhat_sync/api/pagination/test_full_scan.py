"""The full walk against collections in memory that change between any two of its requests."""

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

    from planhat_sync.api.pagination.full_scan import PageRequest


def as_id(number: int) -> str:
    return f"{number:024x}"


class Collection:
    """Rows by number, in order; what a Planhat would hold."""

    def __init__(self, rows: Iterable[int] = ()) -> None:
        self.rows = sorted(rows)
        self.deleted: set[int] = set()
        self.next = 10**7

    def answer(self, ask: PageRequest, *, clamp: int | None = None) -> list[str]:
        rows = self.rows if ask.sort == "_id" else self.rows[::-1] if ask.offset == 0 else []
        limit = min(ask.limit, clamp or ask.limit)
        return [as_id(row) for row in rows[ask.offset : ask.offset + limit]]

    def delete(self, start: int, count: int) -> None:
        start = max(0, start)
        self.deleted.update(self.rows[start : start + count])
        del self.rows[start : start + count]

    def append(self, count: int) -> None:
        self.rows.extend(range(self.next, self.next + count))
        self.next += count

    def enter(self, row: int) -> None:
        """Let a row into a filtered collection, anywhere; not one that has been there before."""
        at = bisect_left(self.rows, row)
        if row not in self.deleted and self.rows[at : at + 1] != [row]:
            insort(self.rows, row)


@dataclass
class Walked:
    emitted: list[str] = field(default_factory=list)
    asks: list[PageRequest] = field(default_factory=list)


def walk_through(
    collection: Collection,
    page_size: int,
    *,
    width: int = 1,
    between: Callable[[Walked], None] = lambda _: None,
    answer: Callable[[PageRequest], list[str]] | None = None,
    shuffle: random.Random | None = None,
) -> Walked:
    """Walk to the end; `between` runs before every answer but the first."""
    walk, walked = FullScan(page_size), Walked()
    answer = answer or collection.answer
    while asks := walk.next_requests(width):
        pages: dict[PageRequest, list[str]] = {}
        for ask in sorted(asks, key=lambda _: shuffle.random()) if shuffle else asks:
            if walked.asks:
                between(walked)
            walked.asks.append(ask)
            pages[ask] = answer(ask)
        for ask in asks:
            if walk.next_requests(1) != [ask]:
                break  # the plan has changed: pages ahead are thrown away
            walked.emitted.extend(pages[ask][at] for at in walk.accept(pages[ask]))
        assert len(walked.asks) < 50_000, "the walk does not end"
    return walked


def assert_exact(before: set[int], collection: Collection, walked: Walked) -> None:
    """Every row that was there throughout has been emitted, and none twice."""
    emitted = [int(row, 16) for row in walked.emitted]
    assert all(map(operator.lt, emitted, emitted[1:])), "a row twice, or out of order"
    assert not before.intersection(collection.rows).difference(emitted), "a row is lost"
    assert not set(emitted).difference(before, collection.deleted, collection.rows)


class Malice:
    """Changes a collection where it hurts most: at the place where the walk is, and all over."""

    def __init__(self, chance: random.Random, collection: Collection, page_size: int) -> None:
        self.chance = chance
        self.collection = collection
        self.page_size = page_size
        self.inserts, self.enters = chance.choice([(True, False), (True, True), (False, False)])

    def __call__(self, walked: Walked) -> None:
        for _ in range(self.chance.choice([0, 0, 1, 1, 2, 5])):
            self.change(walked)

    def change(self, walked: Walked) -> None:
        chance, rows = self.chance, self.collection.rows
        kind = chance.random()
        if self.inserts and kind < 0.25:
            self.collection.append(chance.choice([1, 1, 3, 20]))
        elif self.enters and kind < 0.45:
            for _ in range(chance.choice([1, 1, 3, 20])):
                self.collection.enter(chance.randrange(10**7))
        elif rows:
            place = bisect_left(rows, int(walked.emitted[-1], 16)) if walked.emitted else 0
            count = chance.choice([1, 1, 2, self.page_size, 3 * self.page_size, len(rows) // 4])
            start = chance.choice(
                [
                    0,
                    place - count,
                    place - chance.randrange(3),
                    place + chance.randrange(3),
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
def test_every_row_that_is_there_throughout_is_emitted_once(page_size, width):
    for seed in range(600):
        chance = random.Random(f"{page_size} {width} {seed}")
        most = 200 if page_size < 7 else 1500
        size = min(most, chance.choice([*SIZES, chance.randrange(most)]))
        collection = Collection(chance.sample(range(10**7), size))
        before = set(collection.rows)
        malice = Malice(chance, collection, page_size)
        walked = walk_through(collection, page_size, width=width, between=malice, shuffle=chance)
        assert_exact(before, collection, walked)


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("page_size", [1, 2, 7, 200])
def test_clamped_limits_and_short_pages_lose_nothing(page_size, width):
    for seed in range(150):
        chance = random.Random(f"short {page_size} {width} {seed}")
        collection = Collection(chance.sample(range(10**7), chance.choice(SIZES)))
        before = set(collection.rows)
        clamp = chance.choice([None, 3, 5])

        def answer(ask, chance=chance, collection=collection, clamp=clamp):
            page = collection.answer(ask, clamp=clamp)
            return page[: chance.randint(1, len(page))] if page and chance.random() < 0.3 else page

        walked = walk_through(
            collection,
            page_size,
            width=width,
            between=Malice(chance, collection, page_size),
            answer=answer,
            shuffle=chance,
        )
        assert_exact(before, collection, walked)


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
    history=st.lists(changes, max_size=30),
)
def test_any_small_history_leaves_the_walk_exact(rows, page_size, width, history):
    collection = Collection(rows)
    left = iter(history)

    def between(_: Walked) -> None:
        for name, first, second in next(left, []):
            if name == "delete":
                collection.delete(first, second)
            elif name == "append":
                collection.append(first)
            else:
                collection.enter(first)

    walked = walk_through(collection, page_size, width=width, between=between)
    assert_exact(set(rows), collection, walked)


def test_a_row_deleted_in_front_of_the_walk_loses_none_behind_it():
    collection = Collection(range(1, 101))
    walked = walk_through(
        collection,
        10,
        between=lambda walked: collection.delete(0, 1) if len(walked.asks) == 4 else None,
    )
    assert walked.emitted == [as_id(row) for row in range(1, 101)]


def test_a_whole_page_deleted_in_front_at_the_border_of_a_page_loses_none_behind_it():
    collection = Collection(range(1, 101))
    walked = walk_through(
        collection,
        10,
        between=lambda walked: collection.delete(0, 10) if len(walked.asks) == 3 else None,
    )
    assert walked.emitted == [as_id(row) for row in range(1, 101)]


def test_rows_created_after_the_walk_began_belong_to_the_next():
    collection = Collection(range(1, 51))
    walked = walk_through(collection, 10, between=lambda _: collection.append(30))
    assert walked.emitted == [as_id(row) for row in range(1, 51)]


def test_the_walk_ends_although_the_newest_row_is_deleted_and_nothing_follows():
    collection = Collection(range(1, 51))
    walked = walk_through(
        collection,
        10,
        between=lambda walked: collection.delete(49, 1) if len(walked.asks) == 1 else None,
    )
    assert walked.emitted == [as_id(row) for row in range(1, 50)]


def test_the_rest_is_found_behind_a_short_page_although_the_rows_in_front_are_deleted():
    """The page of one row is not the last one, and the page behind it is empty all the same."""
    collection = Collection(range(1, 12))

    def answer(ask):
        page = collection.answer(ask)
        return page[:1] if ask.sort == "_id" and ask.offset == 9 else page

    def between(walked):
        if len(walked.asks) == 2:
            collection.delete(10, 1)  # the newest row, so that the walk must find another end
            collection.append(1)
        if len(walked.asks) == 3:
            collection.delete(0, 5)

    before = set(collection.rows)
    assert_exact(before, collection, walk_through(collection, 10, between=between, answer=answer))


def test_a_collection_that_empties_while_it_is_read_ends_the_walk():
    collection = Collection(range(1, 51))
    walked = walk_through(
        collection,
        10,
        between=lambda walked: collection.delete(0, 99) if len(walked.asks) == 3 else None,
    )
    assert walked.emitted == [as_id(row) for row in range(1, 20)]
    assert len(walked.asks) < 10


def test_an_empty_collection_is_believed_to_be_empty_when_it_said_so_twice():
    assert len(walk_through(Collection(), 2000).asks) == 2


def test_an_empty_answer_to_the_first_request_loses_nothing():
    collection = Collection(range(1, 51))
    empty = iter([True])
    walked = walk_through(
        collection, 10, answer=lambda ask: [] if next(empty, False) else collection.answer(ask)
    )
    assert walked.emitted == [as_id(row) for row in range(1, 51)]


def test_a_collection_of_one_page_costs_two_requests():
    walked = walk_through(Collection(range(1, 11)), 2000, width=4)
    assert len(walked.asks) == 2
    assert [ask.limit for ask in walked.asks] == [2, 2000]


@pytest.mark.parametrize("page_size", [2, 7, 100, 2000])
def test_a_quiet_collection_costs_one_request_a_page_less_one_row_of_overlap(page_size):
    size = 10_001
    walked = walk_through(Collection(range(1, size + 1)), page_size)
    assert len(walked.asks) <= 1 + math.ceil((size - 1) / (page_size - 1))


def test_pages_ahead_of_a_quiet_collection_cost_at_most_their_number_more():
    size = 10_001
    walked = walk_through(Collection(range(1, size + 1)), 100, width=4)
    assert len(walked.asks) <= 1 + math.ceil((size - 1) / 99) + 3


@pytest.mark.parametrize("width", [1, 4])
def test_deletions_of_one_percent_cost_a_fifth_more_requests_at_most(width):
    size, page_size = 100_000, 2000
    chance = random.Random(7)
    collection = Collection(range(1, size + 1))
    before = set(collection.rows)

    def between(_: Walked) -> None:
        for _ in range(20):
            collection.delete(chance.randrange(len(collection.rows)), 1)
        collection.append(20)

    walked = walk_through(collection, page_size, width=width, between=between, shuffle=chance)
    assert_exact(before, collection, walked)
    assert len(walked.asks) <= 1.2 * (1 + math.ceil(size / (page_size - 1)))


@pytest.mark.parametrize("page_size", [2, 7, 200])
def test_the_place_is_found_again_where_very_many_rows_enter_in_front(page_size):
    """As where a thousand old issues are given to the company that the read is filtered by."""
    collection = Collection(range(5_000_000, 5_000_500))
    before = set(collection.rows)
    quiet = len(walk_through(collection, page_size).asks)

    def between(walked: Walked) -> None:
        if len(walked.asks) == 3:
            for row in range(0, 200_000, 2):
                collection.enter(row)

    walked = walk_through(collection, page_size, between=between)
    assert_exact(before, collection, walked)
    assert len(walked.asks) < quiet + 60


def test_millions_of_rows_are_walked_exactly_while_thousands_come_and_go():
    chance = random.Random(3)
    collection = Collection(range(1, 2_000_001))
    before = set(collection.rows)

    def between(walked: Walked) -> None:
        if len(walked.asks) % 10 == 0:
            collection.delete(chance.randrange(len(collection.rows)), chance.choice([1, 50, 5000]))
            collection.append(100)

    walked = walk_through(collection, 2000, width=4, between=between, shuffle=chance)
    assert_exact(before, collection, walked)


def test_a_page_size_of_one_asks_for_two_rows_since_pages_must_overlap():
    walked = walk_through(Collection(range(1, 6)), 1)
    assert {ask.limit for ask in walked.asks} == {2}
    assert walked.emitted == [as_id(row) for row in range(1, 6)]


def test_the_offset_moves_by_the_rows_received_and_not_by_those_asked_for():
    walked = walk_through(
        collection := Collection(range(1, 26)),
        20,
        answer=lambda ask: collection.answer(ask, clamp=10),
    )
    assert [ask.offset for ask in walked.asks[1:]] == [0, 9, 18]
    assert walked.emitted == [as_id(row) for row in range(1, 26)]


def test_a_page_that_comes_twice_loses_nothing():
    collection = Collection(range(1, 101))
    pages: list[list[str]] = []

    def answer(ask):
        page = pages[-1] if len(pages) == 4 else collection.answer(ask)
        pages.append(page)
        return page

    walked = walk_through(collection, 10, answer=answer)
    assert walked.emitted == [as_id(row) for row in range(1, 101)]


def test_a_server_that_ignores_the_offset_is_an_error_and_not_a_loop():
    collection = Collection(range(1, 101))

    def answer(ask):
        rows = collection.rows if ask.sort == "_id" else collection.rows[::-1]
        return [as_id(row) for row in rows[: ask.limit]]

    with pytest.raises(ProtocolError, match="ignores `offset`"):
        walk_through(collection, 10, answer=answer)


def test_the_same_page_at_moving_offsets_is_no_error_where_rows_enter_in_front():
    collection = Collection(range(1000, 1020))
    entering = iter(range(900, 990))
    before = set(collection.rows)

    def answer(ask):
        if ask.sort == "_id" and 2 < ask.offset < 20:  # rows 1002 and 1003, wherever it looks
            while collection.rows.index(1002) < ask.offset:
                collection.enter(next(entering))
        return collection.answer(ask)

    walked = walk_through(collection, 2, answer=answer)
    assert_exact(before, collection, walked)
    assert any(ask.offset == BEYOND_EVERYTHING for ask in walked.asks)


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(lambda rows: rows, id="oldest first"),
        pytest.param(lambda rows: rows[::-1], id="newest first"),
        pytest.param(lambda rows: random.Random(1).sample(rows, len(rows)), id="any"),
    ],
)
def test_a_server_that_ignores_the_sort_is_an_error_and_loses_nothing_in_silence(order):
    rows = order(list(range(1, 31)))

    def answer(ask):
        return [as_id(row) for row in rows[ask.offset : ask.offset + ask.limit]]

    with pytest.raises(ProtocolError, match="not in the order"):
        walk_through(Collection(), 10, answer=answer)


def test_a_server_that_gives_one_row_a_page_is_an_error_and_not_a_loop():
    collection = Collection(range(1, 31))
    with pytest.raises(ProtocolError, match="no new row"):
        walk_through(collection, 10, answer=lambda ask: collection.answer(ask, clamp=1))

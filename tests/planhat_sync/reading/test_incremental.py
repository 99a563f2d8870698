"""The incremental scan, run after run, against collections in memory that change all the time."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planhat_sync.api.pagination.full_scan import FullScan
from planhat_sync.reading.incremental import IncrementalScan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planhat_sync.api.pagination.page_request import PageRequest

EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc)
LOOKBACK = timedelta(milliseconds=5)
Row = tuple[str, "datetime | None"]
SEEDS = max(300, settings.default.max_examples)


class Collection:
    """Rows with the time of their last change; ties are in any order, anew for each request."""

    def __init__(
        self, chance: random.Random, *, sorts: bool = True, without_key: float = 0
    ) -> None:
        self.chance = chance
        self.sorts = sorts
        self.without_key = without_key
        self.clamp: int | None = None
        self.rows: dict[str, datetime | None] = {}
        self.now = EPOCH
        self.made = 0
        self.requests: list[PageRequest] = []
        self.between: Callable[[], None] = lambda: None

    def tick(self) -> datetime:
        self.now += timedelta(milliseconds=self.chance.choice([0, 0, 1, 1, 7]))
        return self.now

    def insert(self, timestamp: datetime | None = None) -> str:
        self.made += 1
        identifier = f"{self.made:024x}"
        has_key = timestamp or self.chance.random() >= self.without_key
        self.rows[identifier] = (timestamp or self.tick()) if has_key else None
        return identifier

    def update(self, identifier: str) -> None:
        self.rows[identifier] = self.tick()

    def newest_first(self) -> list[str]:
        return sorted(self.rows, key=lambda row: self.rows[row] or EPOCH, reverse=True)

    def answer(self, request: PageRequest) -> list[Row]:
        if self.requests:
            self.between()
        self.requests.append(request)
        rows = list(self.rows.items())
        if request.sort.lstrip("-") == "_id":
            rows.sort(reverse=request.sort.startswith("-"))
        elif self.sorts:
            self.chance.shuffle(rows)
            rows.sort(
                key=lambda row: (row[1] is not None, row[1] or EPOCH),
                reverse=request.sort.startswith("-"),
            )
        else:  # the rows created last come first, whatever is asked for
            rows.sort(reverse=True)
        return rows[
            request.offset : request.offset + min(request.limit, self.clamp or request.limit)
        ]


def follow(
    collection: Collection | MillionRows, scan: Any, accept: Callable[[list[Row]], Any], width: int
) -> Iterator[Row]:
    while requests := scan.next_requests(width):
        pages = {
            request: collection.answer(request)
            for request in sorted(requests, key=lambda _: collection.chance.random())
        }
        for request in requests:
            if scan.next_requests(1) != [request]:
                break
            page = pages[request]
            yield from (page[at] for at in accept(page))
        assert len(collection.requests) < 50_000, "the scan does not end"


@dataclass
class Reader:
    """What a tap would do with the scan: fall back, keep a bookmark, remember what was seen."""

    collection: Collection
    page_size: int = 10
    page_limit: int = 2000
    width: int = 1
    bookmark: datetime | None = None
    sorts: bool | None = None
    failed: int = 0

    def changes(self) -> list[Row]:
        cutoff = (self.bookmark or EPOCH) - LOOKBACK
        scan = IncrementalScan(
            "updatedAt",
            page_size=self.page_size,
            page_limit=self.page_limit,
            cutoff=cutoff,
            sort_is_known=self.sorts,
        )
        newest: list[datetime | None] = []

        def accept(page: list[Row]) -> list[int]:
            keys = [row[1] for row in page]
            newest.append(max(filter(None, keys), default=None))
            return scan.accept([row[0] for row in page], keys)

        rows = list(follow(self.collection, scan, accept, self.width))
        assert len(rows) == len(set(rows)), "one version of one row, twice in one scan"
        if scan.failed:
            self.failed += 1
            rows += [row for row in self.everything() if row[1] and row[1] >= cutoff]
        self.sorts = scan.sort_is_known
        self.newest = newest[0]
        return rows

    def everything(self) -> list[Row]:
        scan = FullScan(self.page_size)
        return list(
            follow(
                self.collection,
                scan,
                lambda page: scan.accept([row[0] for row in page]),
                self.width,
            )
        )

    def advance(self) -> None:
        if self.newest:
            self.bookmark = max(self.newest, self.bookmark or EPOCH)


def grow(collection: Collection, chance: random.Random) -> None:
    for _ in range(chance.choice([0, 1, 2, 5, 40, chance.randrange(300)])):
        collection.insert()
    if collection.rows and chance.random() < 0.3:  # a bulk upsert: many rows of one timestamp
        timestamp = collection.tick()
        for identifier in list(collection.rows)[: chance.randrange(60)]:
            collection.rows[identifier] = timestamp


def disturb(collection: Collection, chance: random.Random) -> None:
    for _ in range(chance.choice([0, 0, 1, 2, 4])):
        kind = chance.random()
        rows = collection.newest_first()
        if kind < 0.2 or not rows:
            collection.insert()
        elif kind < 0.6:
            for identifier in chance.sample(rows, min(len(rows), chance.choice([1, 1, 3, 10]))):
                collection.update(identifier)
        elif kind < 0.7:
            timestamp = collection.tick()
            for identifier in chance.sample(rows, min(len(rows), chance.choice([1, 3, 30]))):
                collection.rows[identifier] = timestamp
        else:
            start = chance.choice([0, chance.randrange(len(rows))])
            for identifier in rows[start : start + chance.choice([1, 1, 3, 12])]:
                del collection.rows[identifier]


def assert_nothing_is_ever_lost(
    chance: random.Random, collection: Collection, reader: Reader
) -> None:
    """Read, be killed, read again, while everything changes: every last version arrives."""
    grow(collection, chance)
    arrived: dict[str, datetime | None] = {}
    collection.between = lambda: disturb(collection, chance)
    for _ in range(chance.choice([2, 3, 5])):
        arrived |= dict(reader.changes())
        if chance.random() > 0.2:  # else it was killed before it wrote a state
            reader.advance()
        disturb(collection, chance)
    collection.between = lambda: None
    arrived |= dict(reader.changes())
    alive = {row: timestamp for row, timestamp in collection.rows.items() if timestamp}
    assert {row: arrived.get(row) for row in alive} == alive


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("page_size", [1, 2, 7, 200])
def test_the_last_version_of_every_row_arrives_whatever_changes_meanwhile(page_size, width):
    for seed in range(SEEDS):
        chance = random.Random(f"{page_size} {width} {seed}")
        collection = Collection(chance, without_key=chance.choice([0, 0, 0.1]))
        collection.clamp = chance.choice([None, None, 3])
        limit = chance.choice([8, 50, 2000])
        reader = Reader(collection, page_size, max(limit, page_size), width)
        assert_nothing_is_ever_lost(chance, collection, reader)


@pytest.mark.parametrize("page_size", [2, 7, 200])
def test_a_server_that_ignores_the_sort_loses_nothing_either(page_size):
    for seed in range(SEEDS):
        chance = random.Random(f"unsorted {page_size} {seed}")
        collection = Collection(chance, sorts=False)
        assert_nothing_is_ever_lost(chance, collection, Reader(collection, page_size))


@settings(max_examples=max(150, settings.default.max_examples))
@given(
    ages=st.lists(st.integers(0, 12), max_size=30),
    page_size=st.sampled_from([1, 2, 3, 7]),
    width=st.sampled_from([1, 4]),
    seed=st.integers(0, 2**16),
)
def test_all_rows_of_equal_keys_are_read(ages, page_size, width, seed):
    collection = Collection(random.Random(seed))
    for age in ages:
        collection.insert(EPOCH + timedelta(milliseconds=age))
    reader = Reader(collection, page_size, width=width)
    reader.bookmark = EPOCH + timedelta(milliseconds=6) + LOOKBACK
    wanted = {row: m for row, m in collection.rows.items() if m >= reader.bookmark - LOOKBACK}
    assert dict(reader.changes()) == wanted


def quiet(rows: int) -> Collection:
    """A collection whose rows changed a second apart."""
    collection = Collection(random.Random(1))
    for number in range(rows):
        collection.insert(EPOCH + timedelta(seconds=number))
    return collection


class MillionRows:
    """Rows in the order of their last change, each one number: its milliseconds, then its id."""

    ID_BITS = 24

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.rows = [number << self.ID_BITS | number for number in range(1_000_000)]
        self.requests: list[PageRequest] = []

    def answer(self, request: PageRequest) -> list[Row]:
        if self.requests:
            self.disturb()
        self.requests.append(request)
        first, end = request.offset, request.offset + request.limit
        if request.sort.startswith("-"):
            whole = len(self.rows)
            return [self.row(row) for row in self.rows[max(0, whole - end) : whole - first][::-1]]
        return [self.row(row) for row in self.rows[first:end]]

    def row(self, row: int) -> Row:
        timestamp = EPOCH + timedelta(milliseconds=row >> self.ID_BITS)
        return f"{row % (1 << self.ID_BITS):024x}", timestamp

    def disturb(self) -> None:
        at = self.chance.randrange(700_000, len(self.rows))
        del self.rows[at : at + self.chance.choice([1, 50, 800])]
        for _ in range(20):
            row = self.rows.pop(self.chance.randrange(len(self.rows)))
            newest = (self.rows[-1] >> self.ID_BITS) + 1
            self.rows.append(newest << self.ID_BITS | row % (1 << self.ID_BITS))


@pytest.mark.parametrize("width", [1, 4])
def test_what_changed_of_a_million_rows_is_read_exactly_while_they_change(width):
    collection = MillionRows(random.Random(width))
    cutoff = 700_000
    before = collection.rows[cutoff:]
    scan = IncrementalScan(
        "updatedAt",
        page_size=2000,
        page_limit=2000,
        cutoff=EPOCH + timedelta(milliseconds=cutoff),
        sort_is_known=True,
    )
    rows = list(
        follow(
            collection,
            scan,
            lambda page: scan.accept([row[0] for row in page], [row[1] for row in page]),
            width,
        )
    )
    assert scan.failed is None
    assert len(rows) == len(set(rows))
    unchanged = set(before) & set(collection.rows)
    assert len(unchanged) > 100_000
    assert {collection.row(row) for row in unchanged} <= set(rows)
    assert len(collection.requests) <= 2 * len(before) / 2000


def test_a_quiet_run_costs_one_request():
    collection = quiet(500)
    reader = Reader(collection, 50, sorts=True, bookmark=EPOCH + timedelta(seconds=499))
    assert len(reader.changes()) == 1  # the row of the bookmark itself
    assert len(collection.requests) == 1


def test_a_run_costs_as_many_requests_as_pages_have_changed():
    collection = quiet(1000)
    reader = Reader(collection, 50, sorts=True, bookmark=EPOCH + timedelta(seconds=800))
    assert len(reader.changes()) == 200
    assert len(collection.requests) == 5
    assert reader.failed == 0


def test_a_row_that_moves_to_the_front_meanwhile_comes_in_the_next_run():
    collection = quiet(100)
    old = collection.newest_first()[60]
    reader = Reader(collection, 10, sorts=True, bookmark=EPOCH + timedelta(seconds=20))

    def between():
        if len(collection.requests) == 3:
            collection.rows[old] = EPOCH + timedelta(seconds=1000)

    collection.between = between
    first = dict(reader.changes())
    reader.advance()
    assert old not in first
    assert dict(reader.changes())[old] == EPOCH + timedelta(seconds=1000)


def test_rows_deleted_at_the_border_of_a_page_hide_none_behind_it():
    collection = quiet(100)
    rows = collection.newest_first()
    reader = Reader(collection, 10, sorts=True, bookmark=EPOCH + timedelta(seconds=50))

    def between():
        if len(collection.requests) == 2:
            for identifier in rows[5:25]:
                collection.rows.pop(identifier, None)

    collection.between = between
    arrived = dict(reader.changes())
    assert {row for row in rows[:50] if row in collection.rows} <= set(arrived)


def test_more_rows_of_one_timestamp_than_a_page_holds_are_requested_at_once():
    collection = quiet(100)
    for identifier in collection.newest_first()[5:35]:
        collection.rows[identifier] = EPOCH + timedelta(seconds=90)
    reader = Reader(collection, 10, sorts=True, bookmark=EPOCH + timedelta(seconds=60))
    arrived = dict(reader.changes())
    assert arrived == {
        row: timestamp
        for row, timestamp in collection.rows.items()
        if timestamp >= EPOCH + timedelta(seconds=60) - LOOKBACK
    }
    assert reader.failed == 0
    assert max(request.limit for request in collection.requests) > 30


def test_more_rows_of_one_timestamp_than_any_page_holds_are_read_by_a_full_scan():
    collection = quiet(100)
    for identifier in collection.newest_first()[5:35]:
        collection.rows[identifier] = EPOCH + timedelta(seconds=90)
    bookmark = EPOCH + timedelta(seconds=60)
    reader = Reader(collection, 10, page_limit=20, sorts=True, bookmark=bookmark)
    arrived = dict(reader.changes())
    assert len(arrived) == 40
    assert reader.failed == 1


def test_whether_the_server_sorts_is_asked_once():
    collection = quiet(500)
    reader = Reader(collection, 200, bookmark=EPOCH + timedelta(seconds=499))
    reader.changes()
    assert [request.sort for request in collection.requests] == ["-updatedAt", "updatedAt"]
    assert reader.sorts is True
    reader.changes()
    assert len(collection.requests) == 3


def test_a_changed_row_is_found_though_the_server_gives_the_rows_created_last_instead():
    """Rows by creation look as if they were sorted by their last change, but for the one."""
    collection = quiet(500)
    collection.sorts = False
    changed = next(iter(collection.rows))
    collection.rows[changed] = EPOCH + timedelta(seconds=1000)
    reader = Reader(collection, 200, bookmark=EPOCH + timedelta(seconds=499))
    assert changed in dict(reader.changes())
    assert reader.sorts is False


def test_everything_is_read_where_the_bookmark_is_older_than_all_rows():
    collection = quiet(95)
    reader = Reader(collection, 10, sorts=True, bookmark=EPOCH)
    assert len(reader.changes()) == 95
    assert reader.failed == 0


def test_rows_without_a_key_end_the_scan_where_they_come_last():
    collection = quiet(30)
    for _ in range(5):
        collection.rows[f"{collection.made + 1:024x}"] = None
        collection.made += 1
    reader = Reader(collection, 50, sorts=True, bookmark=EPOCH)
    assert len(reader.changes()) == 30
    assert len(collection.requests) == 1


def test_an_empty_collection_costs_one_request_and_moves_no_bookmark():
    collection = quiet(0)
    reader = Reader(collection, 10, bookmark=EPOCH)
    assert reader.changes() == []
    assert reader.newest is None
    assert len(collection.requests) == 1


def answer(scan: IncrementalScan, page: int, moved: int = 0) -> None:
    """Answer the first page of a scan, with some rows in front of it deleted.

    Each row is a number, and so many seconds old.
    """
    first = scan.next_requests(1)[0].offset + moved
    numbers = range(first, first + page)
    ids = [f"{number:024x}" for number in numbers]
    scan.accept(ids, [EPOCH - timedelta(seconds=number) for number in numbers])


def scan_by(page: int) -> IncrementalScan:
    return IncrementalScan(
        "updatedAt",
        page_size=page,
        page_limit=page,
        cutoff=EPOCH - timedelta(days=1),
        sort_is_known=True,
    )


def test_full_pages_double_what_is_asked_for_ahead_and_what_was_asked_for_stays_wanted():
    scan = scan_by(20)
    before = scan.next_requests(8)
    for count in (2, 4, 8, 8, 8):
        answer(scan, 20)
        after = scan.next_requests(8)
        assert len(after) == count
        assert after[: len(before) - 1] == before[1:], "a page in flight was dropped"
        before = after


def test_rows_that_move_by_no_more_than_the_overlap_drop_no_page_ahead():
    scan = scan_by(100)
    answer(scan, 100)
    answer(scan, 100, moved=1)  # too much: the scan steps back, and overlaps more from now on
    for _ in range(3):
        answer(scan, 100, moved=1)
        ahead = scan.next_requests(8)[1:]
    assert len(ahead) == 7
    answer(scan, 100, moved=3)
    assert scan.next_requests(7) == ahead


def test_a_short_page_drops_the_pages_ahead_since_they_would_not_overlap_it():
    scan = scan_by(20)
    for _ in range(3):
        answer(scan, 20)
    first, *ahead = scan.next_requests(8)
    assert len(ahead) == 7
    answer(scan, 19)
    [only] = scan.next_requests(8)
    assert only.offset == first.offset + 17, "with the last row that is newer than the oldest"
    assert only.offset < ahead[0].offset

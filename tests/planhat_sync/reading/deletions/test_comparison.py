"""The comparison of a scan with what was known before: what it finds, and what it costs."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.reading.deletions.comparison import Comparison
from planhat_sync.reading.deletions.known_ids import (
    MOST_DELETED,
    MOST_RECENT_IN_STATE,
    KnownIds,
)

AT = datetime(2026, 11, 28, tzinfo=timezone.utc)
PAGE = 2_000
AT_MOST = 15
"""Times the cost of hashing an id: about 4 when this was written, and 25 µs are about 40."""


def object_ids(numbers) -> list[str]:
    return [f"66b0c0de{number:016x}" for number in numbers]


def scanned(known: KnownIds | None, ids) -> Comparison:
    comparison = Comparison(known)
    for at in range(0, len(ids), PAGE):
        comparison.add(ids[at : at + PAGE])
    return comparison


def next_run(known: KnownIds) -> KnownIds:
    """Return what the next run reads of it."""
    read = KnownIds.from_json(json.loads(json.dumps(known.to_json())))
    assert read is not None
    return read


def known_after(ids) -> KnownIds:
    return next_run(scanned(None, ids).known_after(AT))


@given(
    before=st.sets(st.integers(0, 300), max_size=60),
    emitted=st.sets(st.integers(0, 300), max_size=30),
    after=st.sets(st.integers(0, 400), max_size=60),
    others=st.lists(st.sampled_from(["0", "A" * 24, "x1", "z" * 24]), unique=True),
)
def test_missing_is_exactly_what_was_known_and_was_not_scanned(before, emitted, after, others):
    known = known_after(object_ids(sorted(before)))
    known.recent |= known.unseen(object_ids(emitted))
    was_known = set(object_ids(before)) | known.recent
    comparison = scanned(next_run(known), sorted([*object_ids(after), *others]))
    missing = comparison.missing()
    # An id that is new, and below the greatest known one, is in the difference, and not missing.
    assert missing.ids == sorted(was_known - set(object_ids(after)))
    assert missing.count == len(missing.ids)
    assert comparison.others == len(others)
    again = scanned(next_run(comparison.known_after(AT)), sorted(object_ids(after)))
    assert again.missing().ids == []


@given(
    before=st.sets(st.integers(0, 99), max_size=40),
    gone=st.sets(st.integers(0, 99), max_size=40),
    shown_again=st.sets(st.integers(0, 99), max_size=40),
    back=st.sets(st.integers(0, 99), max_size=10),
)
def test_a_deleted_record_that_a_list_shows_again_is_missing_again(before, gone, shown_again, back):
    """A list may lag; and what was deleted may be restored, whether it is emitted or not."""
    known = known_after(object_ids(sorted(before)))
    gone &= before
    comparison = scanned(known, object_ids(sorted(before - gone)))
    deleted = comparison.missing().ids
    assert deleted == object_ids(sorted(gone))
    known = next_run(comparison.known_after(AT, deleted=deleted))
    known.recent |= known.unseen(object_ids(shown_again & gone))
    back &= gone
    there = (before - gone) | back
    comparison = scanned(next_run(known), object_ids(sorted(there)))
    missing = comparison.missing().ids
    assert missing == object_ids(sorted((shown_again & gone) - back))
    last = next_run(comparison.known_after(AT, deleted=missing))
    assert set(last.deleted) == set(object_ids(gone - back))
    assert scanned(last, object_ids(sorted(there))).missing().ids == []


def test_an_id_that_a_state_has_among_the_deleted_and_in_the_table_is_missing_once():
    existing, other = object_ids([1, 2])
    known = known_after([existing, other])
    known.deleted = [existing]
    known.recent |= known.unseen([existing])
    missing = scanned(next_run(known), [other]).missing()
    assert (missing.count, missing.ids) == (1, [existing])


def test_the_latest_deletions_are_remembered():
    ids = object_ids(range(2 * MOST_DELETED))
    known = known_after(ids)
    for half in (ids[MOST_DELETED:], ids[:MOST_DELETED]):
        comparison = scanned(known, [])
        known = next_run(comparison.known_after(AT, deleted=half))
        assert known.deleted == half


def test_a_record_that_was_deleted_and_is_found_by_its_id_is_missing_once():
    """It may have been restored, while the list lags."""
    ids = object_ids(range(3))
    back, others = ids[1], [ids[0], ids[2]]
    comparison = scanned(known_after(ids), others)
    known = next_run(comparison.known_after(AT, deleted=[back]))
    known.recent |= known.unseen([back])
    known = next_run(scanned(known, others).known_after(AT, kept=[back]))
    assert known.deleted == []
    known.recent |= known.unseen([back])
    assert scanned(next_run(known), others).missing().ids == [back]


def test_a_record_that_is_deleted_again_is_among_the_latest_deletions():
    ids = object_ids(range(MOST_DELETED + 1))
    known = next_run(scanned(known_after(ids), []).known_after(AT, deleted=ids[:MOST_DELETED]))
    known.recent |= known.unseen(ids[:1])
    known = next_run(scanned(known, []).known_after(AT, deleted=[ids[0], ids[-1]]))
    assert known.deleted == [*ids[2:MOST_DELETED], ids[0], ids[-1]]


@pytest.mark.slow
def test_a_million_ids_300_deletions_and_200_new_ids_are_remembered_in_16_kilobytes():
    ids = object_ids(range(1_000_000 + MOST_RECENT_IN_STATE))
    known = known_after(ids[:1_000_000])
    known.recent |= known.unseen(ids[1_000_000:])
    text = json.dumps(known.to_json())
    assert len(text) < 16_000
    gone = set(ids[::3_500]) | set(ids[-14:])
    assert len(gone) == 300
    read = KnownIds.from_json(json.loads(text))
    assert scanned(read, [one for one in ids if one not in gone]).missing().ids == sorted(gone)


def test_an_id_costs_a_few_times_as_much_as_its_hash():
    """In CPU time of this thread, the least of a few rounds; a ratio holds on any machine."""
    ids = object_ids(range(20_000))
    known = known_after(ids)
    hashing, comparing = [], []
    for _ in range(5):
        began = time.thread_time()
        for identifier in ids:
            hashlib.blake2b(bytes.fromhex(identifier), digest_size=10).digest()
        hashing.append(time.thread_time() - began)
        began = time.thread_time()
        scanned(known, ids)
        comparing.append(time.thread_time() - began)
    assert min(comparing) < AT_MOST * min(hashing)

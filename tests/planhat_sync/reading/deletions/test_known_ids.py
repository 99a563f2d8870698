"""What the state holds of the known ids: it comes back as it was, or is not believed at all."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.reading.deletions.id_table import IdTable
from planhat_sync.reading.deletions.known_ids import (
    MOST_DELETED,
    MOST_RECENT_IN_STATE,
    KnownIds,
)

AT = datetime(2026, 11, 28, 13, 30, tzinfo=timezone.utc)
object_ids = st.binary(min_size=12, max_size=12).map(bytes.hex)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


def known(ids, recent=(), deleted=()) -> KnownIds:
    table = IdTable()
    table.add(ids)
    return KnownIds(table, max(ids, default=""), AT, set(recent), list(deleted))


@given(
    ids=st.sets(object_ids, max_size=30),
    recent=st.sets(object_ids, max_size=MOST_RECENT_IN_STATE),
    deleted=st.lists(object_ids, max_size=MOST_DELETED),
)
def test_it_comes_back_as_it_was(ids, recent, deleted):
    before = known(ids, recent, deleted)
    after = KnownIds.from_json(json.loads(json.dumps(before.to_json())))
    assert after is not None
    assert (after.top, after.swept_at, after.recent) == (before.top, AT, recent)
    assert after.deleted == deleted
    assert after.size == len(ids) + len(recent)
    assert before.table.difference(after.table) == ([], [])


@given(size=st.integers(0, 10**12), count=st.integers(0, 210))
def test_it_fits_into_20_000_characters_or_is_left_out(size, count):
    ids = [f"{number:024x}" for number in range(MOST_DELETED)]
    held = known(["f" * 24], {f"{number:024x}" for number in range(count)}, ids)
    held.table.size = size
    stored = held.to_json()
    assert (stored is None) == (count > MOST_RECENT_IN_STATE)
    assert stored is None or len(json.dumps(stored)) < 19_100


def test_a_state_from_before_deletions_were_remembered_is_believed():
    stored = known(["a" * 24]).to_json()
    assert stored is not None
    del stored["deleted"]
    read = KnownIds.from_json(stored)
    assert read is not None
    assert read.deleted == []


@given(value=anything)
def test_something_else_is_not_believed(value):
    assert KnownIds.from_json(value) is None


@given(
    name=st.sampled_from(["version", "swept_at", "size", "top", "cells", "recent", "deleted"]),
    value=anything,
)
def test_a_part_that_is_something_else_is_not_believed(name, value):
    stored = known(["a" * 24]).to_json()
    assert stored is not None
    read = KnownIds.from_json(stored | {name: value})
    # Some values are possible ones, such as another time.
    assert (
        read is None or value == stored[name] or name in {"swept_at", "size", "recent", "deleted"}
    )


@given(
    ids=st.sets(object_ids, min_size=1, max_size=10),
    recent=st.sets(object_ids, max_size=5),
    others=st.lists(object_ids | st.text(max_size=3), max_size=10),
    deleted=st.lists(object_ids, max_size=5),
)
def test_unseen_are_the_object_ids_that_are_not_known_above_the_table_or_deleted(
    ids, recent, others, deleted
):
    held = known(ids, recent, deleted)
    page = [*others, *recent, *ids, *deleted[1:]]
    newer = {one for one in [*others, *deleted[1:]] if len(one) == 24 and one > max(ids)}
    assert held.unseen(page) == (newer | set(deleted).intersection(page)) - recent

"""The table of ids: what two of them do not have in common is decoded exactly, or not at all."""

from __future__ import annotations

import base64
import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.reading.deletions.id_table import CELLS, Difference, IdTable, is_object_id


def object_ids(count: int, seed: int) -> list[str]:
    """Return different ObjectIds as MongoDB makes them: seconds, a machine, a counter."""
    source = random.Random(seed)
    machine = source.getrandbits(40)
    first = source.getrandbits(24)
    second = 1_700_000_000
    ids = []
    for number in range(count):
        second += number % 4 == 0
        ids.append(f"{second:08x}{machine:010x}{(first + number) % 2**24:06x}")
    return ids


def table(ids) -> IdTable:
    made = IdTable()
    assert made.add(ids) == []
    return made


def stored(given_table: IdTable) -> IdTable:
    """Return the table as the next run reads it."""
    return IdTable.from_text(given_table.to_text(), given_table.size)


# Of any bytes, so that every bit of an id matters.
few_ids = st.sets(st.binary(min_size=12, max_size=12).map(bytes.hex), max_size=40)


@given(common=few_ids, removed=few_ids, added=few_ids)
def test_a_difference_of_few_ids_is_decoded_exactly(common, removed, added):
    earlier = stored(table(common | removed))
    difference = earlier.difference(table(common | added))
    assert difference == Difference(
        sorted(removed - common - added), sorted(added - common - removed)
    )


@given(
    size=st.integers(0, 5_000),
    removed=st.integers(0, 600),
    added=st.integers(0, 600),
    seed=st.integers(0, 2**32),
)
def test_a_difference_of_any_size_is_decoded_exactly_or_not_at_all(size, removed, added, seed):
    ids = object_ids(size + added, seed)
    source = random.Random(seed)
    gone = set(source.sample(ids[:size], min(removed, size)))
    earlier = stored(table(ids[:size]))
    difference = earlier.difference(
        table(identifier for identifier in ids if identifier not in gone)
    )
    exact = Difference(sorted(gone), sorted(ids[size:]))
    assert difference in (exact, None)
    if len(gone) + added <= 150:
        assert difference == exact


def test_300_deletions_are_decoded():
    """From 200 tables; about one in 5,000 is expected to fail, and no wrong one to be decoded."""
    for seed in range(200):
        ids = object_ids(300, seed)
        assert table(ids).difference(IdTable()) == Difference(ids, [])


@pytest.fixture(scope="module")
def million() -> IdTable:
    return table(object_ids(1_000_000, 1))


@pytest.mark.slow
@given(removed=st.integers(0, 600), added=st.integers(0, 600), seed=st.integers(2, 2**32))
def test_a_million_ids_in_common_change_nothing(million, removed, added, seed):
    ids = object_ids(removed + added, seed)
    earlier = stored(million.union(table(ids[:removed])))
    difference = earlier.difference(million.union(table(ids[removed:])))
    exact = Difference(ids[:removed], ids[removed:])
    assert difference in (exact, None)
    if removed + added <= 150:
        assert difference == exact


@pytest.mark.slow
def test_any_150_of_a_million_ids_are_found():
    ids = object_ids(1_000_150, 1)
    gone = sorted(random.Random(2).sample(ids[:1_000_000], 150))
    earlier = stored(table(ids[:1_000_000]))
    later = table(sorted({*ids} - {*gone}))
    assert earlier.difference(later) == Difference(gone, ids[1_000_000:])
    assert IdTable().difference(later) is None


def test_a_union_has_the_ids_of_both():
    ids = object_ids(100, 3)
    both = table(ids[:40]).union(table(ids[40:]))
    assert both.size == 100
    assert table(ids).difference(both) == Difference([], [])


@pytest.mark.parametrize(
    "other",
    [
        "",
        "1",
        "66B0C0DE0000010000000001",
        "66b0c0de00000100000000011",
        "66b0c0de000001000000000",
        "66b0c0de 000001000000001",
        "66b0c0de000001000000000g",
        "٦6b0c0de0000010000000001",
        "66b0c0de0000010000000001\n",
    ],
)
def test_an_id_that_is_not_an_object_id_is_not_added_but_returned(other):
    ids = object_ids(2, 4)
    made = IdTable()
    assert made.add([ids[0], other, ids[1]]) == [other]
    assert made.size == 2
    assert not is_object_id(other)
    assert table(ids).difference(made) == Difference([], [])


@given(ids=few_ids.filter(bool), data=st.data())
def test_an_id_that_was_added_twice_is_never_taken_for_one_that_is_gone(ids, data):
    twice = data.draw(st.sampled_from(sorted(ids)))
    once, doubled = table(ids), table([*sorted(ids), twice])
    without = table(ids - {twice})
    assert once.difference(doubled) == Difference([], [twice])
    assert without.difference(doubled) is None
    assert doubled.difference(without) is None


@given(ids=few_ids, seed=st.integers(0, 2**32))
def test_cells_of_something_else_do_not_decode(ids, seed):
    cells = random.Random(seed).randbytes(CELLS * 18)
    foreign = IdTable.from_text(base64.b64encode(cells).decode(), len(ids))
    assert foreign.difference(table(ids)) is None


@given(size=st.integers(1, 400), at=st.integers(0, 12_287), seed=st.integers(0, 2**16))
def test_a_character_that_was_changed_makes_a_difference_that_does_not_decode(size, at, seed):
    ids = object_ids(size, seed)
    text = table(ids).to_text()
    other = "A" if text[at] != "A" else "B"
    changed = IdTable.from_text(text[:at] + other + text[at + 1 :], size)
    assert changed.difference(table(ids)) is None


@pytest.mark.timeout(60)
@given(seed=st.integers(0, 2**16), at=st.integers(0, 3), other=st.integers(0, CELLS - 1))
def test_an_id_in_a_wrong_cell_does_not_decode_and_the_attempt_ends(seed, at, other):
    """It would be found again and again, for one table and for the other in turn."""
    ids = object_ids(1, seed)
    text = table(ids).to_text()
    cells = [text[start : start + 24] for start in range(0, len(text), 24)]
    one = [number for number, cell in enumerate(cells) if cell != "A" * 24][at]
    cells[one], cells[other] = cells[other], cells[one]
    moved = "".join(cells)
    difference = IdTable.from_text(moved, 1).difference(IdTable())
    assert difference == (Difference(ids, []) if moved == text else None)


def test_a_size_that_does_not_fit_the_cells_is_noticed():
    ids = object_ids(10, 5)
    assert IdTable.from_text(table(ids).to_text(), 9).difference(table(ids)) is None


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 0),
        ("AAAA", 1),
        ("é" * 12_288, 0),
        ("A" * 12_287, 0),
        ("*" * 12_288, 0),
        ("A" * 12_288, -1),
    ],
)
def test_a_text_that_is_not_one_of_a_table_is_refused(text, size):
    with pytest.raises(ValueError, match=r"."):
        IdTable.from_text(text, size)


def test_the_text_of_a_table_never_changes_since_states_hold_it():
    digests = [
        hashlib.sha256(table(ids).to_text().encode()).hexdigest()
        for ids in (["5f0e0000000000000000000a"], object_ids(50, 1))
    ]
    assert digests == [
        "3f1d8a8d127b4a6837897288c894d5f2bb1026c8aae3d9d1ddf09e184592020b",
        "7003fbccb4e436662a358bf08e8181a37b951db755d64543ca4da53b301facac",
    ]

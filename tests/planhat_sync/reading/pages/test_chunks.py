"""A page that is decoded while it arrives is the page, wherever its cuts fall."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.errors import ProtocolError
from planhat_sync.reading.pages.chunks import Chunks
from planhat_sync.reading.pages.row_format import RowFormat
from tap_planhat.messages import record_lines

KEY = "updatedAt"
# Values that begin as a row does: an object inside another value, or text.
DECOYS = [
    [{"_id": "decoy"}, {"_id": "decoy"}],
    {"deep": [{"_id": "decoy", "more": [{"_id": "decoy"}]}]},
    '},{"_id":"decoy"',
    '}, {"_id"',
    ["},{"],
    None,
]
CHUNK = 400
widths = st.one_of(st.integers(0, 90), st.integers(CHUNK - 90, CHUNK + 90))
tables = st.lists(st.tuples(widths, st.sampled_from(DECOYS), st.booleans()), max_size=20)
separators = st.sampled_from([(",", ":"), (", ", ": "), (",", ": ")])
pieces = st.lists(st.integers(1, 2 * CHUNK), max_size=20)


def rows_of(table):
    """Rows of many widths; `_id` comes first in some, so that decoys look like rows, or not."""
    rows = []
    for number, (width, decoy, is_reversed) in enumerate(table):
        row = {
            "_id": f"{number:024x}",
            "custom": decoy,
            "title": "é" * (width // 2),
            KEY: f"2026-01-01T00:00:{number:02}.000Z",
        }
        rows.append(dict(reversed(row.items())) if is_reversed else row)
    return rows


def received(row_format, body, sizes=(), chunk=CHUNK):
    """Return the page of a body that arrives in pieces of these sizes, the rest all at once."""
    receiver, waiting, left = row_format.receiver(chunk), list(sizes), memoryview(body)
    while left:
        free = receiver.free()
        count = min(len(free), len(left), waiting.pop() if waiting else len(left))
        free[:count] = left[:count]
        receiver.add(count)
        left = left[count:]
    return receiver.page()


def form(**more):
    return RowFormat("issues", ["custom", "title"], key=KEY, **more)


def whole(page):
    return page.content.pick(range(len(page.ids))) if page.ids else []


@given(table=tables, separators=separators, is_ascii=st.booleans(), sizes=pieces)
def test_a_page_is_the_same_in_chunks_and_in_one_piece(table, separators, is_ascii, sizes):
    rows = rows_of(table)
    body = json.dumps(rows, separators=separators, ensure_ascii=is_ascii).encode()
    page = received(form(write=record_lines("issues")), body, sizes)
    assert page.ids == [row["_id"] for row in rows]
    assert page.keys == [row[KEY] for row in rows]
    lines = b"".join(whole(page)).decode().splitlines()
    assert [json.loads(line)["record"] for line in lines] == rows
    assert whole(received(form(), body, sizes)) == rows


@given(table=tables, data=st.data())
def test_a_page_that_is_broken_anywhere_is_not_a_page(table, data):
    body = json.dumps(rows_of(table), separators=(",", ":")).encode()
    cut = data.draw(st.integers(0, len(body) - 1))
    broken = data.draw(
        st.sampled_from([body[:cut], body + b"]", body[:-1] + b",]", body.replace(b"},{", b"},,{")])
    )
    try:
        json.loads(broken)
    except ValueError:
        pass
    else:  # it was a text that was changed
        return
    with pytest.raises(ValueError):  # noqa: PT011 - msgspec has a message for each place
        received(form(), broken)


def body_of(rows):
    return json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode()


ROWS = [{"_id": f"{n:024x}", "title": "x" * 100, KEY: None} for n in range(100)]


def test_rows_are_decoded_as_they_arrive_in_memory_that_is_used_again():
    chunks, left, cut = Chunks(2000), memoryview(body_of(ROWS)), []
    while left:
        free = chunks.free()
        count = min(len(free), len(left))
        free[:count] = left[:count]
        chunks.add(count)
        left = left[count:]
        if chunks.is_full:
            array = chunks.cut()
            assert len(array) <= 2000
            cut.append(json.loads(bytes(array)))
            chunks.drop()
            assert len(chunks.free()) >= 1500
    assert [row for rows in [*cut, json.loads(chunks.rest())] for row in rows] == ROWS
    assert len(cut) > 5


@pytest.mark.parametrize("write", [None, record_lines("issues")], ids=["values", "lines"])
@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xed\xa0\x80"], ids=repr)
@pytest.mark.parametrize("at", [0, 50, 99])
def test_bytes_that_are_not_utf_8_are_found_in_every_chunk(write, bad, at):
    rows = [row | {"title": "here" if n == at else "x" * 100} for n, row in enumerate(ROWS)]
    with pytest.raises(ValueError, match="UTF-8"):
        received(form(write=write), body_of(rows).replace(b"here", bad))


@pytest.mark.parametrize("at", [0, 50, 99])
def test_half_a_surrogate_pair_is_replaced_in_every_chunk(at):
    rows = [row | {"title": "here" if n == at else "x" * 100} for n, row in enumerate(ROWS)]
    page = received(form(), body_of(rows).replace(b"here", rb"\ud800"))
    assert [row["title"] for row in whole(page)].index("\ufffd") == at
    assert len(page.ids) == len(ROWS)


@pytest.mark.parametrize("at", [0, 50, 99])
def test_line_breaks_between_tokens_are_removed_from_the_lines_of_every_chunk(at):
    rows = [row | {"custom": ["here"] if n == at else []} for n, row in enumerate(ROWS)]
    body = body_of(rows).replace(b'["here"]', b"[\n1\r,\n2]")
    lines = b"".join(whole(received(form(write=record_lines("issues")), body))).splitlines()
    assert len(lines) == len(ROWS)
    assert json.loads(lines[at])["record"]["custom"] == [1, 2]


@pytest.mark.parametrize("at", [0, 50, 99])
def test_a_row_that_is_not_a_record_is_named_by_its_place_in_the_page(at):
    rows = [*ROWS[:at], {"title": "no id"}, *ROWS[at + 1 :]]
    with pytest.raises(ProtocolError, match=rf"at `\$\[{at}\]`"):
        received(form(), body_of(rows))


@pytest.mark.parametrize("at", [0, 50, 99])
def test_a_row_that_is_nested_too_deeply_is_an_error_in_every_chunk(at):
    deep = b'{"_id":"a","companyIds":' + b"[" * 5000 + b"]" * 5000 + b"}"
    rows = [body_of([row])[1:-1] for row in ROWS]
    body = b"[" + b",".join([*rows[:at], deep, *rows[at + 1 :]]) + b"]"
    row_format = RowFormat("issues", ["title"], reference="companyIds")
    with pytest.raises((ProtocolError, RecursionError)):
        received(row_format, body)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b"[1,2]", b"[{", b"]", b"[{}", b" [{}]", b'[{"a"', b"[{:"]
)
def test_what_is_not_an_array_of_objects_is_not_cut(body):
    chunks = Chunks(len(body) or 1)
    chunks.free()[: len(body)] = body
    chunks.add(len(body))
    assert chunks.cut() is None
    assert chunks.rest() == body


def test_what_was_cut_off_can_be_put_back():
    body = body_of(ROWS)
    chunks = Chunks(len(body))
    chunks.free()[:] = body
    chunks.add(len(body))
    assert chunks.cut()[-1:] == b"]"
    assert chunks.rest() != body
    chunks.put_back()
    assert chunks.rest() == body

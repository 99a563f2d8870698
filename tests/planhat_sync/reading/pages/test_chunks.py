"""A page that is decoded in chunks is the page, wherever its cuts fall."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.reading.pages.chunks import CHUNK_BYTES, chunks
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
widths = st.one_of(st.integers(0, 90), st.integers(CHUNK_BYTES - 90, CHUNK_BYTES + 90))
tables = st.lists(st.tuples(widths, st.sampled_from(DECOYS), st.booleans()), max_size=8)
separators = st.sampled_from([(",", ":"), (", ", ": "), (",", ": ")])


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


def whole(page):
    return page.content.pick(range(len(page.ids))) if page.ids else []


@given(table=tables, separators=separators, is_ascii=st.booleans())
def test_a_page_is_the_same_in_chunks_and_in_one_piece(table, separators, is_ascii):
    rows = rows_of(table)
    body = json.dumps(rows, separators=separators, ensure_ascii=is_ascii).encode()
    lines = record_lines("issues")
    page = RowFormat("issues", ["custom", "title"], key=KEY, write=lines).page(body)
    assert page.ids == [row["_id"] for row in rows]
    assert page.keys == [row[KEY] for row in rows]
    lines = b"".join(whole(page)).decode().splitlines()
    assert [json.loads(line)["record"] for line in lines] == rows
    slow = RowFormat("issues", ["custom", "title"], key=KEY).page(body)
    assert whole(slow) == rows


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
        RowFormat("issues", ["custom", "title"], key=KEY).page(broken)


def test_rows_are_cut_where_they_begin_and_chunks_are_about_as_long_as_they_should_be():
    rows = [
        {"_id": f"{n:024x}", "companies": [{"id": "c"}], "title": "x" * 900} for n in range(500)
    ]
    cut = list(chunks(json.dumps(rows, separators=(",", ":")).encode()))
    assert [row for chunk in cut for row in json.loads(chunk)] == rows
    assert len(cut) > 5
    assert all(len(chunk) < CHUNK_BYTES + 2000 for chunk in cut)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b"[1,2]", b"[{", b"]", b"[{}", b" [{}]"]
)
def test_what_is_not_an_array_of_objects_is_not_cut(body):
    assert list(chunks(body)) == [body]

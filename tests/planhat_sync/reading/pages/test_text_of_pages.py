"""A page is copied unseen, so what it is made of is checked first, to its last byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.reading.pages.row_format import RowFormat

PIECE = 1 << 16


def page_with(tail: bytes, at: int) -> bytes:
    """A page of one row, in whose title some bytes begin at a place of the body."""
    head = b'[{"_id":"a","title":"'
    return head + b"x" * (at - len(head)) + tail + b'"}]'


@given(text=st.text(min_size=1, max_size=3), before=st.integers(0, 12), pieces=st.integers(1, 2))
def test_a_character_may_stand_across_the_border_of_two_pieces(text, before, pieces):
    text = "".join(one for one in text if ord(one) >= 0x80) + "é𝄞"
    body = page_with(text.encode(), pieces * PIECE - before)
    page = RowFormat("issues", ["title"]).page(body)
    (record,) = page.content.pick([0])
    assert record["title"].endswith(text)


@given(
    broken=st.binary(min_size=1, max_size=6),
    before=st.integers(0, 8),
    pieces=st.integers(1, 2),
    rest=st.sampled_from([b"", b"x" * PIECE]),
)
def test_not_utf8_make_no_page_wherever_they_stand(broken, before, pieces, rest):
    broken = bytes(byte | 0x80 for byte in broken)
    body = page_with(broken + rest, pieces * PIECE - before)
    row_format = RowFormat("issues", ["title"])
    try:
        body.decode()
    except UnicodeDecodeError:
        with pytest.raises(ValueError, match="UTF-8"):
            row_format.page(body)
    else:
        assert row_format.page(body).ids == ["a"]


@pytest.mark.parametrize("length", [PIECE - 1, PIECE, PIECE + 1])
def test_a_page_that_is_cut_inside_a_character_is_not_a_page(length):
    body = page_with("é".encode(), length - 1)[:length]
    with pytest.raises(ValueError, match="UTF-8"):
        RowFormat("issues", ["title"]).page(body)

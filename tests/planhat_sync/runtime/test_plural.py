"""One of anything is not several."""

from __future__ import annotations

import pytest

from planhat_sync.runtime.plural import counted


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "request", "0 requests"),
        (1, "request", "1 request"),
        (2, "request", "2 requests"),
        (1, "batch", "1 batch"),
        (2, "batch", "2 batches"),
        (1, "retry", "1 retry"),
        (2, "retry", "2 retries"),
        (1, "page", "1 page"),
        (11, "page", "11 pages"),
        (2, "key", "2 keys"),
        (2, "box", "2 boxes"),
        (1_234_567, "record", "1,234,567 records"),
        (1_001, "record", "1,001 records"),
    ],
)
def test_a_noun_has_its_plural_for_any_count_but_one(count, noun, said):
    assert counted(count, noun) == said

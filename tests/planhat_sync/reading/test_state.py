"""The state that one run leaves to the next."""

from __future__ import annotations

import pytest

from planhat_sync.reading.state import companies_digest

NINE = [f"5f0e0000000000000000{number:04x}" for number in range(9)]


@pytest.mark.parametrize(
    ("ids", "digest"),
    [
        (NINE, "91005575ffd4a795"),
        (["5f0e000000000000000000aa"], "77fdfc1cd06d1aa5"),
        ([], None),
    ],
)
def test_the_digest_of_companies_never_changes_since_states_hold_it(ids, digest):
    assert companies_digest(ids) == digest
    assert companies_digest([*ids[::-1], *ids]) == digest

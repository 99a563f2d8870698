"""Fixed seeds of the profiles that read: whatever fails or is killed, nothing is wrong."""

from __future__ import annotations

import pytest

from simulation.seeds import run_seeds

SEEDS = {
    "airbyte_pipe": 5,
    "airbyte_source": 12,
    "deletions": 12,
    "full_read": 12,
    "incremental": 20,
    "pipe": 5,
    "vouched": 12,
}


@pytest.mark.parametrize("profile", SEEDS)
def test_nothing_is_wrong_with_the_first_seeds_of_a_reader(profile: str) -> None:
    assert run_seeds(profile, range(1, SEEDS[profile] + 1)).wrong == {}

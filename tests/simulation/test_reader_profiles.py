"""Fixed seeds of the profiles that read: whatever fails or is killed, nothing is wrong."""

from __future__ import annotations

import pytest
from profile_names import READERS

from simulation.seeds import run_seeds

SLOW = ("airbyte_pipe", "pipe")
"""Two programs take longer than one."""


@pytest.mark.parametrize("profile", READERS)
def test_nothing_is_wrong_with_the_first_seeds_of_a_reader(profile: str) -> None:
    last = 5 if profile in SLOW else 12
    assert run_seeds(profile, range(1, last + 1)).wrong == {}

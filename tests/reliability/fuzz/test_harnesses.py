"""The harnesses of `make fuzz`, without atheris: they start from valid seeds and change them."""

from __future__ import annotations

import json

import pytest

from reliability.fuzz.__main__ import _harness
from reliability.fuzz.mutations import Mutator
from reliability.fuzz.seeds import SEEDS


@pytest.mark.parametrize("name", list(SEEDS))
def test_a_harness_finds_nothing_in_its_seeds_and_their_first_changes(name):
    harness = _harness(name)
    mutate = Mutator(name)
    for seed in SEEDS[name]:
        harness(seed)
        for luck in range(10):
            harness(mutate(seed, 4096, luck))


def test_most_changes_leave_an_input_json():
    changed = [Mutator("config")(SEEDS["config"][0], 4096, luck) for luck in range(100)]
    assert len(set(changed)) > 50
    for each in changed:
        json.loads(each)
    assert all(len(Mutator("config")(SEEDS["config"][0], 7, luck)) <= 7 for luck in range(20))

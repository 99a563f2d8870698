"""Plans that once failed do not fail any more."""

import pytest

from simulation.corpus import Entry, entries
from simulation.profile import load, perform


@pytest.mark.parametrize("entry", [pytest.param(each, id=each.name) for each in entries()])
def test_a_plan_that_once_failed_does_not_fail_any_more(entry: Entry):
    story, wrong = perform(load(entry.plan.profile), entry.plan)
    assert not wrong, entry.found
    happened = story.faults()
    assert {name: happened.get(name) for name in entry.plan.faults} == entry.plan.faults

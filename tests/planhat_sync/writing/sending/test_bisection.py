"""When refusals are so much alike that the records cannot be the cause."""

from __future__ import annotations

import pytest

from planhat_sync.api.bulk.envelope import Counts
from planhat_sync.api.bulk.outcomes import Refusal, Settled
from planhat_sync.writing.sending.bisection import Bisection

REFUSED = Settled(Counts(), {0: Refusal("refused", "no")})
UNCHANGED = Settled(Counts(unchanged=1))


def fails_alike(answers):
    """Send each payload by itself; return for each answer what follows from all so far."""
    outcomes = Bisection(len(answers), singly=True)
    seen = []
    for answer, failure in answers:
        outcomes.settle(outcomes.next_part(), answer, failure)
        seen.append(outcomes.fails_alike)
    return seen


def test_twenty_refusals_that_are_alike_are_enough():
    assert fails_alike([(REFUSED, "same")] * 21) == [False] * 19 + [True] * 2


@pytest.mark.parametrize("other", [(UNCHANGED, None), (REFUSED, "other")])
def test_one_other_answer_in_between_shows_that_records_are_the_cause(other):
    answers = [*[(REFUSED, "same")] * 19, other, *[(REFUSED, "same")] * 19]
    assert fails_alike(answers) == [False] * 39

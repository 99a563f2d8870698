"""The books balance, or the run fails."""

from __future__ import annotations

import pytest

from planhat_sync.writing.results.counts import OUTCOMES, BalanceError, RunCounts


def test_read_is_the_sum_of_all_outcomes():
    ledger = RunCounts()
    account = ledger.account("issues")
    for worth, outcome in enumerate(OUTCOMES, 1):
        setattr(account, outcome, worth)
    account.taken = sum(range(1, len(OUTCOMES) + 1))
    ledger.check()
    assert account.as_json()["read"] == account.taken
    assert set(account.as_json()) == {"read", *OUTCOMES, "undecided"}
    assert account.as_json()["undecided"] == 0


def test_what_was_read_and_has_no_outcome_is_undecided_and_read_all_the_same():
    ledger = RunCounts()
    ledger.account("issues").taken = 596
    ledger.account("issues").created = 500
    ledger.account("objectives").taken = 4
    counts = ledger.account("issues").as_json()
    assert (counts["read"], counts["created"], counts["undecided"]) == (596, 500, 96)
    assert ledger.account("objectives").undecided == 4
    assert ledger.undecided == 100


@pytest.mark.parametrize("taken", [2, 4])
def test_a_record_without_an_outcome_or_with_two_fails_the_run(taken):
    ledger = RunCounts()
    ledger.account("issues").taken = taken
    ledger.account("issues").created = 3
    with pytest.raises(BalanceError, match="issues do not balance"):
        ledger.check()


def test_one_stream_cannot_pay_for_another():
    ledger = RunCounts()
    ledger.account("issues").taken = 1
    ledger.account("objectives").created = 1
    assert ledger.undecided == 0
    with pytest.raises(BalanceError):
        ledger.check()

"""The counts add up, or the run fails."""

from __future__ import annotations

import pytest

from planhat_sync.writing.records.payload import Skipped
from planhat_sync.writing.results.counts import OUTCOMES, BalanceError, RunCounts, StreamCounts


def test_read_is_the_sum_of_all_outcomes():
    counts = RunCounts()
    stream = counts.of("issues")
    for worth, outcome in enumerate(OUTCOMES, 1):
        setattr(stream, outcome, worth)
    stream.read = sum(range(1, len(OUTCOMES) + 1))
    counts.check()
    assert stream.as_json()["read"] == stream.read
    assert set(stream.as_json()) == {"read", *OUTCOMES, "undecided"}
    assert stream.as_json()["undecided"] == 0


def test_a_record_that_was_read_and_has_no_outcome_is_undecided():
    counts = RunCounts()
    counts.of("issues").read = 596
    counts.of("issues").created = 500
    counts.of("objectives").read = 4
    issues = counts.of("issues").as_json()
    assert (issues["read"], issues["created"], issues["undecided"]) == (596, 500, 96)
    assert counts.of("objectives").undecided == 4
    assert counts.total.undecided == 100


def test_the_reasons_of_skipped_records_are_added_up_and_told_most_frequent_first():
    counts, batch = RunCounts(), StreamCounts()
    assert batch.reasons_as_text() == ""
    batch.skip(Skipped.NOT_IN_PLANHAT)
    counts.of("issues").skip(Skipped.LEFT_OUT, 1200)
    before = counts.of("issues").reasons
    for _ in range(2):
        counts.of("issues").add(batch)
    assert before == {Skipped.LEFT_OUT: 1200}
    assert counts.total.skipped == sum(counts.total.reasons.values()) == 1202
    assert counts.of("issues").reasons_as_text() == (
        "1,200 records left out by `when` of the mapping, "
        "2 records not in Planhat (write_mode is set to update)"
    )
    assert batch.reasons_as_text().startswith("1 record not in Planhat")
    assert "reasons" not in batch.as_json()


@pytest.mark.parametrize("read", [2, 4])
def test_a_record_without_an_outcome_or_with_two_fails_the_run(read):
    counts = RunCounts()
    counts.of("issues").read = read
    counts.of("issues").created = 3
    with pytest.raises(BalanceError, match="issues do not add up"):
        counts.check()


def test_each_stream_has_to_add_up_by_itself():
    counts = RunCounts()
    counts.of("issues").read = 1
    counts.of("objectives").created = 1
    assert counts.total.undecided == 0
    with pytest.raises(BalanceError):
        counts.check()

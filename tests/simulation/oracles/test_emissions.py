"""The checks of what a reader emits find each thing that can be wrong with it, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulation.oracles.emissions import Emissions, check_last
from simulation.oracles.history import History
from simulation.oracles.messages import Message
from simulation.oracles.reads import Read, Stream, time_of
from simulation.story import Version

STREAM = Stream("issues", "updatedAt", deletions="all")
A, B = "a", "b"


def record(day: int, **more: Any) -> dict[str, Any]:
    return {"updatedAt": f"2025-01-{day:02}T00:00:00.000Z", **more}


def history() -> History:
    """`a` is changed at event 20; `b` is deleted at event 40."""
    return History(
        {
            A: [Version(0, 0.0, record(1)), Version(20, 0.0, record(5))],
            B: [Version(0, 0.0, record(2)), Version(40, 0.0, None)],
        }
    )


def emitted(event: int, identifier: str, day: int, version: int | None = None) -> Message:
    return Message(event, "record", "issues", identifier, record(day), version)


def deleted(event: int, identifier: str) -> Message:
    return Message(event, "deletion", "issues", identifier)


def value(day: int | None) -> dict[str, Any]:
    at = None if day is None else f"2025-01-{day:02}T00:00:00.000Z"
    return {"bookmarks": {"issues": {"replication_key_value": at}}}


def state(event: int, day: int | None) -> Message:
    return Message(event, "state", states=value(day)["bookmarks"])


FIRST = Read(1, 1, 15, (emitted(10, A, 1), emitted(11, B, 2), state(12, 2)), is_complete=True)
SECOND = Read(2, 16, 35, (emitted(30, A, 5), state(31, 5)), is_complete=True)
LAST = Read(3, 41, 50, (deleted(45, B), state(46, 5)), is_complete=True, state=value(5))


def violations(*reads: Read, stream: Stream = STREAM) -> list[str]:
    followed = history()
    emissions = Emissions(followed, stream)
    for read in reads:
        emissions.follow(read)
    return [*emissions.violations, *check_last(emissions, reads[-1], followed, stream)]


def instead(read: Read, *messages: Message) -> Read:
    return replace(read, messages=messages)


def test_nothing_is_wrong_with_a_chain_that_emits_every_change_and_every_deletion() -> None:
    assert violations(FIRST, SECOND, LAST) == []


def test_a_record_that_never_was_so_is_found() -> None:
    wrong = violations(instead(FIRST, emitted(10, A, 3), emitted(11, B, 2)), SECOND, LAST)
    assert any("a is emitted as it never was" in each for each in wrong)


def test_a_record_that_is_so_only_later_is_found() -> None:
    wrong = violations(instead(FIRST, emitted(10, A, 5), emitted(11, B, 2)), SECOND, LAST)
    assert any("a is emitted as it never was" in each for each in wrong)


def test_a_record_that_is_not_so_any_more_is_found_unless_lists_lag() -> None:
    late = instead(replace(SECOND, since=25), emitted(30, A, 1), emitted(31, A, 5))
    older = replace(late, since=5)
    assert any("a is emitted as it never was" in each for each in violations(FIRST, late, LAST))
    lagging = replace(STREAM, lag=60.0)
    assert violations(FIRST, older, LAST, stream=lagging) == []


def test_an_older_version_after_a_newer_one_is_found() -> None:
    back = instead(replace(SECOND, since=5), emitted(30, A, 5), emitted(31, A, 1))
    assert any("a is emitted as it was before" in each for each in violations(FIRST, back, LAST))


def test_a_change_that_is_not_emitted_is_found_when_its_run_ends_well() -> None:
    wrong = violations(FIRST, instead(replace(SECOND, since=25)), LAST)
    assert any("a was changed at event 20, and the read is complete" in each for each in wrong)


def test_a_change_that_is_not_emitted_is_not_missed_by_a_run_that_fails() -> None:
    fails = replace(instead(SECOND), since=25, is_complete=False)
    again = replace(SECOND, number=3, since=36, ended=39)
    assert violations(FIRST, fails, again, LAST) == []


def test_a_record_that_is_not_emitted_is_found() -> None:
    wrong = violations(instead(FIRST, emitted(10, A, 1)), SECOND, LAST)
    assert any("b has not been emitted" in each for each in wrong)


def test_a_bookmark_beyond_what_was_emitted_is_found() -> None:
    early = instead(replace(FIRST, is_complete=False), emitted(10, A, 1), state(12, 3))
    wrong = violations(early, FIRST, SECOND, LAST)
    assert any("event 12: issues b has not been emitted, and a state" in each for each in wrong)


def test_a_bookmark_that_moves_back_is_found() -> None:
    wrong = violations(FIRST, SECOND, instead(LAST, deleted(45, B), state(46, 4)))
    assert any("the bookmark of issues moves back" in each for each in wrong)


def test_a_bookmark_that_disappears_is_found_unless_it_is_vouched_for() -> None:
    lost = instead(LAST, deleted(45, B), state(46, None))
    assert any("moves back" in each for each in violations(FIRST, SECOND, lost))
    assert violations(FIRST, SECOND, lost, stream=replace(STREAM, is_vouched=True)) == []


def test_a_deletion_of_a_record_that_exists_is_found() -> None:
    wrong = violations(FIRST, instead(SECOND, emitted(30, A, 5), deleted(31, B)), LAST)
    assert any("b is emitted as deleted, and exists" in each for each in wrong)


def test_a_deletion_of_a_record_that_never_existed_is_found() -> None:
    wrong = violations(FIRST, SECOND, instead(LAST, deleted(45, B), deleted(46, "c")))
    assert any("c is emitted as deleted, and never existed" in each for each in wrong)


def test_a_deletion_that_comes_twice_is_found_unless_its_run_failed() -> None:
    again = replace(LAST, number=4, since=51, ended=60, messages=(deleted(55, B),))
    wrong = violations(FIRST, SECOND, LAST, again)
    assert any("b is emitted as deleted a second time" in each for each in wrong)
    assert violations(FIRST, SECOND, replace(LAST, is_complete=False), again) == []
    assert violations(FIRST, SECOND, LAST, again, stream=replace(STREAM, lag=60.0)) == []


def test_a_deletion_that_is_not_emitted_is_found() -> None:
    wrong = violations(FIRST, SECOND, instead(LAST, state(46, 5)))
    assert wrong == ["issues b was deleted, and that has not been emitted"]


def test_a_deletion_is_not_missed_where_none_is_promised() -> None:
    quiet = instead(LAST, state(46, 5))
    assert violations(FIRST, SECOND, quiet, stream=replace(STREAM, deletions="none")) == []


def test_a_record_emitted_by_a_failed_run_alone_need_not_be_known_if_only_covered_ones_are() -> (
    None
):
    failed = replace(FIRST, is_complete=False)
    first = replace(SECOND, messages=(emitted(30, A, 5), emitted(31, B, 2)), is_complete=False)
    last = instead(LAST, emitted(45, A, 5))
    covered = replace(STREAM, deletions="covered")
    assert violations(failed, first, last, stream=covered) == []
    assert violations(failed, first, last) != []


def test_an_activated_version_removes_what_was_not_emitted_with_it() -> None:
    activates = instead(LAST, emitted(45, A, 5, 7), Message(46, "activation", "issues", version=7))
    assert violations(FIRST, SECOND, activates) == []
    cuts = instead(LAST, Message(46, "activation", "issues", version=7))
    assert any("a differs from what was emitted last" in w for w in violations(FIRST, SECOND, cuts))


def test_the_last_read_has_to_be_complete_and_quiet() -> None:
    assert violations(FIRST, SECOND, replace(LAST, is_complete=False)) != []
    assert violations(FIRST, SECOND, replace(LAST, since=39)) != []


def test_records_before_the_start_date_need_not_be_emitted() -> None:
    late = replace(STREAM, start=time_of("2025-01-03T00:00:00Z"), deletions="none")
    assert violations(instead(FIRST, state(12, 2)), SECOND, instead(LAST), stream=late) == []


def test_a_change_that_leaves_a_vouched_key_is_read_by_the_next_full_read() -> None:
    left = History({A: [Version(0, 0.0, record(1)), Version(20, 0.0, record(1, custom={}))]})
    stream = Stream("issues", "updatedAt", is_vouched=True)
    emissions = Emissions(left, stream)
    emissions.follow(instead(FIRST, emitted(10, A, 1)))
    emissions.follow(instead(replace(SECOND, since=25)))
    assert emissions.violations == []
    assert check_last(emissions, replace(LAST, messages=()), left, stream) == [
        "issues a differs from what was emitted last"
    ]

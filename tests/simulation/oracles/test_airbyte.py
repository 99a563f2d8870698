"""The counts of a source's states, and the last status of each stream, are checked."""

from __future__ import annotations

from simulation.oracles.airbyte import check_sync
from simulation.oracles.messages import Message

RECORD = Message(1, "record", "issues", "a")


def state(records: float) -> Message:
    return Message(2, "state", "issues", states={"issues": {}}, records=records)


def status(text: str) -> Message:
    about = {"stream_descriptor": {"name": "issues"}, "status": text}
    return Message(3, "status", fields={"stream_status": about})


def checked(*messages: Message, is_complete: bool = True) -> list[str]:
    return check_sync(messages, is_complete=is_complete)


def test_each_state_counts_the_records_since_the_one_before_it() -> None:
    assert checked(RECORD, RECORD, state(2.0), RECORD, state(1.0), status("COMPLETE")) == []
    (wrong,) = checked(RECORD, state(2.0), status("COMPLETE"))
    assert "counts 2.0 records, and 1 came" in wrong


def test_records_behind_the_last_state_are_found_if_the_life_ended_well() -> None:
    assert checked(RECORD, status("COMPLETE")) == ["1 records of issues came after its last state"]
    assert checked(RECORD, status("RUNNING"), is_complete=False) == []


def test_a_stream_that_is_not_complete_is_found_if_the_life_ended_well() -> None:
    (wrong,) = checked(status("STARTED"), status("RUNNING"))
    assert wrong == "the last status of issues is RUNNING, although its life ended well"

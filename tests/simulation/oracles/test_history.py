"""What a record was is known from one event to the next, and intervals count both of their ends."""

from __future__ import annotations

from simulation.oracles.history import History
from simulation.story import Version

HISTORY = History(
    {
        "a": [Version(0, 0.0, {"n": 1}), Version(10, 1.0, {"n": 2})],
        "b": [Version(5, 0.5, {"n": 1}), Version(20, 2.0, None)],
    }
)


def test_a_record_is_what_its_last_change_made_of_it() -> None:
    assert [HISTORY.at("a", event).fields["n"] for event in (0, 9, 10, 99)] == [1, 1, 2, 2]
    assert HISTORY.at("b", 4) is None
    assert HISTORY.at("b", 19) is not None
    assert HISTORY.at("b", 20) is None
    assert HISTORY.at("c", 1) is None


def test_only_records_that_are_there_at_both_ends_existed_throughout() -> None:
    assert [each for each, _ in HISTORY.throughout(0, 30)] == ["a"]
    assert [each for each, _ in HISTORY.throughout(5, 19)] == ["a", "b"]
    assert [(each, period.fields["n"]) for each, period in HISTORY.throughout(0, 10)] == [("a", 1)]


def test_it_is_quiet_between_changes_only() -> None:
    assert HISTORY.is_quiet(5, 9)
    assert not HISTORY.is_quiet(5, 10)
    assert HISTORY.is_quiet(20, 99)

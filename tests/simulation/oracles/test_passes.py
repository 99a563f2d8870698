"""A full read emits each record once, and all that existed throughout it."""

from __future__ import annotations

from simulation.oracles.emissions import Emissions
from simulation.oracles.history import History
from simulation.oracles.messages import BOOKMARKS, Message
from simulation.oracles.passes import check_changes, check_passes
from simulation.oracles.reads import Read, Stream
from simulation.story import Version

HISTORY = History(
    {
        "a": [Version(0, 0.0, {})],
        "b": [Version(0, 0.0, {}), Version(15, 0.0, None)],
        "c": [Version(12, 0.0, {})],
    }
)
FULL = Stream("objectives")
VOUCHED = Stream("objectives", "updatedAt", is_vouched=True)
SCHEMA = Message(10, "schema", "objectives", fields={BOOKMARKS: ["updatedAt"]})
FULL_SCHEMA = Message(13, "schema", "objectives", fields={})


def record(identifier: str, version: int | None = None) -> Message:
    return Message(14, "record", "objectives", identifier, {}, version)


def checked(*messages: Message, stream: Stream = FULL, is_complete: bool = True) -> list[str]:
    return check_passes([Read(1, 9, 20, messages, is_complete)], HISTORY, stream)


def test_what_is_deleted_or_created_meanwhile_may_be_emitted_or_not() -> None:
    assert checked(record("a")) == []
    assert checked(record("a"), record("b"), record("c")) == []


def test_a_record_that_is_emitted_twice_is_found() -> None:
    assert checked(record("a"), record("a")) == ["life 1: a full read emits objectives ['a'] twice"]


def test_a_record_that_existed_throughout_and_is_not_emitted_is_found() -> None:
    (wrong,) = checked(record("b"))
    assert "a existed throughout a full read that does not emit it" in wrong


def test_a_record_that_went_to_another_list_and_back_may_be_missed() -> None:
    moves = [Version(at, 0.0, {"isArchived": at % 2 == 0}) for at in (0, 11, 12)]
    stream = Stream("tasks", divided_by="isArchived")
    for count, is_missed in ((1, True), (2, True), (3, False)):
        history = History({"a": moves[:count]})
        assert bool(check_passes([Read(1, 9, 20, (), True)], history, stream)) == is_missed


def test_a_read_that_fails_need_not_emit_all() -> None:
    assert checked(is_complete=False) == []


def test_a_read_that_begins_anew_may_emit_records_again() -> None:
    anew = (SCHEMA, record("a"), FULL_SCHEMA, record("a"))
    assert checked(*anew, stream=VOUCHED) == []
    assert checked(record("a", 1), record("a", 2)) == []
    (wrong,) = checked(SCHEMA, record("a"), FULL_SCHEMA, stream=VOUCHED)
    assert "does not emit it" in wrong


def test_an_incremental_read_need_not_emit_all() -> None:
    assert checked(SCHEMA, stream=VOUCHED) == []


CHANGES = Stream("issues", "updatedAt")
CHANGED = History({"a": [Version(0, 0.0, {}), Version(15, 0.0, {})], "b": [Version(0, 0.0, {})]})


def changes(*ids: str, stream: Stream = CHANGES, scans_all: bool = False) -> list[str]:
    messages = [Message(17, "record", "issues", each) for each in ids]
    read = Read(1, 9, 20, messages, is_complete=True, scans_all=scans_all)
    return check_changes([read], CHANGED, stream)


def test_a_record_that_changes_meanwhile_may_be_emitted_as_often_as_it_had_versions() -> None:
    assert changes("a", "b", "a") == []
    (wrong,) = changes("a", "a", "a")
    assert "a is emitted 3 times, and there were 2 versions of it" in wrong


def test_a_record_that_does_not_change_is_emitted_once_unless_everything_is_read() -> None:
    (wrong,) = changes("b", "b")
    assert "b is emitted 2 times" in wrong
    assert changes("b", "b", scans_all=True) == []


OF_ONE = Stream("objectives", reference="companyId", only=frozenset({"c1"}))
OWNED = History(
    {
        "a": [Version(0, 0.0, {"companyId": "c1"})],
        "b": [Version(0, 0.0, {"companyId": "c2"})],
    }
)


def of_one(*ids: str) -> list[str]:
    messages = [
        Message(14, "record", "objectives", each, {"companyId": "c1" if each == "a" else "c2"})
        for each in ids
    ]
    read = Read(1, 9, 20, messages, is_complete=True)
    emissions = Emissions(OWNED, OF_ONE)
    emissions.follow(read)
    return [*check_passes([read], OWNED, OF_ONE), *emissions.violations]


def test_only_the_records_of_chosen_companies_are_to_be_emitted() -> None:
    assert of_one("a") == []
    assert any("a existed throughout a full read" in each for each in of_one())
    assert any("its companies are not read" in each for each in of_one("a", "b"))

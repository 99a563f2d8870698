"""A copy is compared with its source record by record, whatever their `_id`s are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.oracles.copies import differences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.story import Version


class Holder:
    """A tenant that holds some records."""

    def __init__(self, *records: dict[str, Any]) -> None:
        self._records = [{"_id": str(number), **each} for number, each in enumerate(records)]

    def records(self, model: str) -> list[dict[str, Any]]:
        return self._records

    def versions(self, model: str) -> Mapping[str, Sequence[Version]]:
        return {}


A, B = {"sourceId": "a", "n": 1}, {"sourceId": "b", "n": 2}


def compared(source: Holder, copy: Holder, *, deletes: bool = False) -> list[str]:
    return differences(source, copy, "issues", deletes=deletes)


def test_equal_tenants_have_no_differences_in_any_order() -> None:
    assert compared(Holder(A, B), Holder(B, A), deletes=True) == []


def test_a_missing_record_a_duplicate_and_another_value_are_found() -> None:
    assert compared(Holder(A, B), Holder(A)) == ["issues b is missing in the copy"]
    assert compared(Holder(A), Holder(A, A)) == ["issues a is there 2 times"]
    assert compared(Holder(A), Holder({**A, "n": 2})) == ["issues a differs in n"]
    assert compared(Holder(A), Holder({"sourceId": "a"})) == ["issues a differs in n"]


def test_a_record_too_many_is_found_where_deletions_are_mirrored() -> None:
    assert compared(Holder(A), Holder(A, B)) == []
    assert compared(Holder(A), Holder(A, B), deletes=True) == ["issues b is still in the copy"]

"""Which keyables count as having come."""

from __future__ import annotations

import pytest

from planhat_sync.models import load_models
from planhat_sync.writing.mirror.plan import RemovalPlan
from planhat_sync.writing.mirror.scope import Scope
from planhat_sync.writing.mirror.source_keys import SourceKeys
from planhat_sync.writing.records.payload import Payload

ISSUES, OBJECTIVES, TICKETS = (load_models()[name] for name in ("issues", "objectives", "tickets"))
FIRST, SECOND = f"{1:024x}", f"{2:024x}"


def payload(key, **how):
    return Payload(1, b"", b"{}", (None, key), **how)


@pytest.fixture
def keys():
    return SourceKeys(ISSUES, lambda _: None)


def test_what_was_superseded_came_too(keys):
    keys.add([payload("c", earlier=payload("b", earlier=payload("a")))])
    assert [keys.have({"sourceId": key}) for key in "abcd"] == [True, True, True, False]


@pytest.mark.parametrize("operation", ["archive", "delete"])
def test_what_the_source_has_deleted_did_not_come(keys, operation):
    keys.add([payload("a", operation=operation), payload("b")])
    assert not keys.have({"sourceId": "a"})
    assert keys.have({"sourceId": "b"})


def test_a_ticket_came_by_either_of_the_names_that_its_key_is_returned_under():
    came = SourceKeys(TICKETS, lambda _: None)
    came.add([payload("a")])
    assert came.have({"sourceId": "a", "externalId": "b"})
    assert came.have({"sourceId": "b", "externalId": "a"})
    assert not came.have({"sourceId": "b", "externalId": "c"})


def test_a_record_without_keyables_never_came(keys):
    keys.add([payload("a"), payload(None, operation="create")])
    for value in ({}, {"sourceId": None}, {"sourceId": ""}, {"sourceId": 7}, {"_id": "a"}):
        assert not keys.have(value)


@pytest.mark.parametrize(
    ("meant", "names", "is_missing", "kept"),
    [
        (FIRST, ["extid-b"], False, {}),
        (SECOND, ["extid-b"], True, {}),
        (SECOND, [], True, {}),
        (SECOND, ["extid-a"], False, {}),
        (SECOND, ["extid-A "], False, {}),
        (SECOND, None, False, {"of a company whose names are not known": 1}),
        (None, ["extid-b"], False, {}),
    ],
)
def test_a_removal_does_not_rest_on_one_of_two_answers_about_a_company(
    meant, names, is_missing, kept
):
    """The record of Planhat is of the first company; the source calls its company `extid-a`."""
    came = SourceKeys(OBJECTIVES, lambda _: meant)
    came.add([Payload(1, b"", b"{}", (None, None, "e"), ("", "", "extid-a"))])
    plan = RemovalPlan(Scope({}), came, ["externalId"], before=2e9)
    plan.add({"_id": "0" * 24, "externalId": "e", "companyId": FIRST})
    plan.settle(lambda _: names)
    assert (plan.most, plan.kept) == (int(is_missing), kept)

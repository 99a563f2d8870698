"""Which keyables count as having come."""

from __future__ import annotations

import pytest

from planhat_sync.models import load_models
from planhat_sync.writing.mirror.source_keys import SourceKeys
from planhat_sync.writing.records.payload import Payload

ISSUES = load_models()["issues"]


def payload(key, **how):
    return Payload(1, b"", b"{}", (None, key), **how)


@pytest.fixture
def keys():
    return SourceKeys(ISSUES)


def test_what_was_superseded_came_too(keys):
    keys.add([payload("c", earlier=payload("b", earlier=payload("a")))])
    assert [keys.have({"sourceId": key}) for key in "abcd"] == [True, True, True, False]


@pytest.mark.parametrize("operation", ["archive", "delete"])
def test_what_the_source_has_deleted_did_not_come(keys, operation):
    keys.add([payload("a", operation=operation), payload("b")])
    assert not keys.have({"sourceId": "a"})
    assert keys.have({"sourceId": "b"})


def test_a_record_without_keyables_never_came(keys):
    keys.add([payload("a"), payload(None, operation="create")])
    for value in ({}, {"sourceId": None}, {"sourceId": ""}, {"sourceId": 7}, {"_id": "a"}):
        assert not keys.have(value)

"""Which payload an entry of an answer refers to, where payloads differ in their keyables."""

from __future__ import annotations

from planhat_sync.api.bulk.entries import SentPayloads
from planhat_sync.writing.records.payload import Payload

KEYABLES = ("_id", "sourceId", "externalId")


def sent(*keys):
    return SentPayloads(KEYABLES, [Payload(1, b"", b"{}", each) for each in keys])


def test_a_payload_is_certainly_written_only_if_each_one_can_be_compared_with_the_entry():
    entry = {"externalId": "e"}
    assert sent((None, "s", "f"), (None, None, "e")).find_written(entry) == 1
    # The record of the first one may have this externalId too.
    assert sent((None, "s", None), (None, None, "e")).find_written(entry) is None
    assert sent((None, "s", None), (None, None, "e")).find_written(entry | {"sourceId": "t"}) == 1


def test_an_entry_that_names_no_keyable_or_contradicts_itself_names_no_payload():
    payloads = sent((None, "s", "e"), (None, "t", "f"))
    assert payloads.find_written({}) is None
    assert payloads.find_written({"sourceId": "s", "externalId": "f"}) is None

"""A ticket is found and compared by the names under which Planhat returns what was written."""

from __future__ import annotations

import time

import pytest

from planhat_sync.models import load_models
from planhat_sync.writing.matching.existing import ExistingRecord
from planhat_sync.writing.matching.fingerprints import Fingerprints
from planhat_sync.writing.matching.index import Index
from planhat_sync.writing.records.payload import Payload

TICKETS = load_models()["tickets"]
NAMES = ("renamed", "as-sent", "both")


@pytest.fixture(params=NAMES)
def write(request, bench):
    """Write tickets to a sandbox that returns them under other names, or not."""
    bench.sandbox.behave(ticket_names=request.param)

    def write(*keys, end=(), deleted=False, title="t", **config):
        fields = {"email": "a@acme.test", "title": title, "description": "d"}
        fields |= {"_sdc_deleted_at": "2026-01-01T00:00:00Z"} if deleted else {}
        records = [bench.record("tickets", sourceId=key, **fields) for key in keys]
        versioned = [{**each, "version": 1} if end else each for each in records]
        return bench.run([bench.schema("tickets"), *versioned, *end], **config)

    return write


@pytest.fixture
def tenant(bench):
    return bench.sandbox.tenant("alpha")


def held(tenant):
    """Return the keys and titles of the tickets, under whatever names they are returned."""
    return sorted(
        (each.get("sourceId") or each["externalId"], each.get("title") or each["subject"])
        for each in tenant.records("tickets")
    )


def test_an_unchanged_ticket_is_not_sent(write, tenant):
    write("a", "b")
    ran = write("a", "b", skip_unchanged=True)
    assert (ran.error, ran.counts["tickets"]["unchanged"]) == (None, 2)
    ran = write("a", title="new", skip_unchanged=True)
    assert ran.counts["tickets"]["updated"] == 1
    assert held(tenant) == [("a", "new"), ("b", "t")]


def test_a_ticket_that_exists_is_not_created(write, tenant):
    write("a")
    ran = write("a", "b", title="new", write_mode="create")
    assert (ran.error, ran.counts["tickets"]["created"]) == (None, 1)
    assert held(tenant) == [("a", "t"), ("b", "new")]


def test_a_ticket_that_exists_is_updated(write, tenant):
    write("a")
    ran = write("a", "b", title="new", write_mode="update")
    assert (ran.error, ran.counts["tickets"]["updated"]) == (None, 1)
    assert held(tenant) == [("a", "new")]


def test_a_ticket_that_exists_is_deleted(write, tenant):
    write("a", "b")
    ran = write("a", "c", deleted=True, deletes="delete")
    assert (ran.error, ran.counts["tickets"]["deleted"]) == (None, 1)
    assert held(tenant) == [("b", "t")]


def test_a_mirror_keeps_the_tickets_that_came(bench, write, tenant):
    write("a", "b")
    version = int(time.time())
    tickets = [
        {**bench.record("tickets", sourceId="a", email="a@acme.test"), "version": version},
        {"type": "ACTIVATE_VERSION", "stream": "tickets", "version": version},
    ]
    ran = bench.run(
        [bench.schema("tickets"), *tickets],
        on_missing="delete",
        missing_scope={},
        match_on=["sourceId"],
    )
    assert ran.error is None
    assert ran.target.run.pipeline.counts.removed["tickets"] == 1
    assert held(tenant) == [("a", "t")]


def test_a_ticket_whose_names_have_two_values_is_found_by_both_and_counts_as_changed():
    fingerprints = Fingerprints(["title"], (), TICKETS.properties, TICKETS.returned_as)
    index = Index(TICKETS, fingerprints, by_all_keyables=True)
    row = {"_id": "1" * 24, "sourceId": "a", "externalId": "b", "title": "t", "subject": "u"}
    index.add(row)
    for key in "ab":
        found = index.find(Payload(0, b"", b"", (None, key)))
        assert isinstance(found, ExistingRecord)
        for title in "tu":
            assert found.differing({"title": title})
    assert index.find(Payload(0, b"", b"", (None, "c"))) is None


def test_a_ticket_that_was_given_another_key_is_found_by_that_alone():
    index = Index(TICKETS, Fingerprints([]), by_all_keyables=True)
    index.add({"_id": "1" * 24, "externalId": "a"})
    index.write(Payload(0, b"", b"", ("1" * 24, "b")), {"sourceId": "b"})
    assert index.find(Payload(0, b"", b"", (None, "a"))) is None
    assert isinstance(index.find(Payload(0, b"", b"", (None, "b"))), ExistingRecord)

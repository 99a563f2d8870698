"""Which batches may be in flight together, case by case."""

from __future__ import annotations

import json

from planhat_sync.models import load_models
from planhat_sync.writing.batching.batch import Batch
from planhat_sync.writing.records.block import Block
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.sending.in_flight import InFlight
from planhat_sync.writing.settings import WriteSettings

MODELS = load_models()
COMPANY = "a" * 24


def issue(source):
    return {"sourceId": source}


def queued(*batches, model="issues"):
    converter = Converter(MODELS[model], WriteSettings(missing_key="create"))
    in_flight = InFlight()
    for records in batches:
        payloads = [converter.convert(record) for record in records]
        kind = "create" if payloads[0].operation == "create" else "upsert"
        in_flight.queue(Batch(kind, payloads))
    return in_flight


def started(in_flight):
    batches = []
    while batch := in_flight.start():
        batches.append(batch)
    return batches


def test_batches_of_different_records_are_in_flight_together():
    in_flight = queued([issue("a")], [issue("b")], [issue("c")])
    assert len(started(in_flight)) == 3
    assert len(in_flight) == 3


def test_a_batch_waits_for_an_earlier_one_of_the_same_record():
    in_flight = queued([issue("a")], [issue("b"), issue("a")], [issue("b")], [issue("c")])
    first, last = started(in_flight)
    assert json.loads(last.body) == [{"sourceId": "c"}]
    in_flight.finish(last)
    assert started(in_flight) == []
    in_flight.finish(first)
    [second] = started(in_flight)
    assert len(second.payloads) == 2
    in_flight.finish(second)
    assert len(started(in_flight)) == 1


def test_a_batch_waits_for_an_earlier_one_of_the_same_record_also_if_both_are_blocks():
    in_flight = InFlight()
    for keys in (["a", "b"], ["c", "d"], ["e", "a"]):
        text = b",".join(b'{"sourceId":"%b"}' % key.encode() for key in keys)
        in_flight.queue(Batch("upsert", [Block(1, [b""] * 2, text, [None, keys])]))
    first, second = started(in_flight)
    in_flight.finish(second)
    assert started(in_flight) == []
    in_flight.finish(first)
    assert len(started(in_flight)) == 1


def test_a_batch_waits_for_one_with_other_keyables():
    in_flight = queued([issue("a")], [{"_id": COMPANY}])
    assert len(started(in_flight)) == 1


def test_a_batch_waits_for_one_that_refers_to_companies_in_another_way():
    objectives = [
        {"externalId": "e", "companyId": company, "name": "n"} for company in (COMPANY, "extid-1")
    ]
    in_flight = queued(*[[each] for each in objectives], model="objectives")
    assert len(started(in_flight)) == 1


def test_creates_without_keyables_do_not_wait():
    in_flight = queued([issue("a")], [{"title": "t", "companyIds": []}], [issue("a")])
    assert len(started(in_flight)) == 2

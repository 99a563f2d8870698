"""The limits of a batch, and what supersedes what, case by case."""

import json

import pytest

from planhat_sync.models import load_models
from planhat_sync.writing.batching.batcher import MAX_SUPERSEDED, Batcher
from planhat_sync.writing.batching.identity import covers
from planhat_sync.writing.records.block import Block
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.payload import Payload
from planhat_sync.writing.settings import WriteSettings

MODELS = load_models()
HEX = [letter * 24 for letter in "abc"]


def payloads(*records, model="issues", **settings):
    converter = Converter(MODELS[model], WriteSettings(**settings))
    made = [converter.convert(record, line=line) for line, record in enumerate(records, 1)]
    assert all(isinstance(payload, Payload) for payload in made), made
    return made


def batched(*records, model="issues", **settings):
    """Batch records; return for each batch the lines of its payloads."""
    batcher = Batcher(MODELS[model], WriteSettings(**settings))
    full = []
    for payload in payloads(*records, model=model, **settings):
        full += batcher.add(payload)
    return [[payload.line for payload in batch.payloads] for batch in [*full, *batcher.drain()]]


def issue(source, **properties):
    return {"sourceId": source, **properties}


def test_a_batch_is_sent_when_it_is_full():
    batcher = Batcher(MODELS["issues"], WriteSettings(batch_size_rows=2))
    one, two, three = payloads(issue("a"), issue("b"), issue("c"))
    assert list(batcher.add(one)) == []
    [batch] = batcher.add(two)
    assert [payload.line for payload in batch.payloads] == [1, 2]
    assert list(batcher.add(three)) == []
    assert len(batcher) == 1
    assert [part.line for part in batcher.parts] == [3]
    assert [len(batch.payloads) for batch in batcher.drain()] == [1]
    assert batcher.drain() == []


def test_a_batch_is_never_larger_than_the_model_takes():
    records = [issue(str(number)) for number in range(5001)]
    assert [len(batch) for batch in batched(*records, batch_size_rows=9_999)] == [5000, 1]


def test_a_record_that_keeps_changing_is_sent_now_and_then():
    batcher = Batcher(MODELS["issues"], WriteSettings())
    sent, longest = [], 0
    for line in range(1, 2 * MAX_SUPERSEDED + 10):
        sent += batcher.add(Payload(line, b"", b'{"sourceId":"a"}', (None, "a")))
    sent += batcher.drain()
    for batch in sent:
        [payload] = batch.payloads
        longest = max(longest, len([payload, *payload.earlier_versions()]))
    assert longest <= MAX_SUPERSEDED + 1
    assert [batch.payloads[0].line for batch in sent][-1] == 2 * MAX_SUPERSEDED + 9


def test_bytes_are_counted_as_they_are_sent():
    records = [issue(str(number)) for number in range(3)]
    size = len(b'{"sourceId":"0"}')
    for spare, lines in [(0, [[1, 2], [3]]), (-1, [[1], [2], [3]])]:
        # Two items, the comma between them, the brackets, and one byte for a comma too many.
        limit = 2 * (size + 1) + 2 + spare
        assert batched(*records, batch_size_bytes=limit) == lines


def test_a_record_larger_than_a_batch_is_sent_alone():
    large = issue("large", title="x" * 500)
    lines = batched(issue("a"), large, issue("b"), issue("c"), batch_size_bytes=100)
    assert lines == [[1], [2], [3, 4]]


def test_a_batch_is_full_as_soon_as_a_record_does_not_fit_into_it():
    batcher = Batcher(MODELS["issues"], WriteSettings(batch_size_bytes=100))
    one, large = payloads(issue("a"), issue("large", title="x" * 60))
    assert list(batcher.add(one)) == []
    [batch] = batcher.add(large)
    assert [payload.line for payload in batch.payloads] == [1]


def test_creates_without_keyables_have_their_own_batch():
    new = {"title": "t", "companyIds": []}
    lines = batched(issue("a"), new, issue("b"), new, missing_key="create")
    assert lines == [[1, 3], [2, 4]]


def test_deletes_have_their_own_batch_in_their_order():
    gone = issue("a", _sdc_deleted_at="2026-01-01")
    lines = batched(
        issue("a"), gone, issue("b"), issue("a"), issue("a", title="x"), deletes="delete"
    )
    assert lines == [[1, 3], [2], [5]]


@pytest.mark.parametrize(
    ("earlier", "later", "superseded"),
    [
        ({"title": "a"}, {"title": "b"}, True),
        ({"title": "a"}, {"title": "b", "status": "x"}, True),
        ({"title": "a", "status": "x"}, {"title": "b"}, False),
        ({"custom": {"a": 1}}, {"custom": {"a": 2, "b": 3}}, True),
        ({"custom": {"a": 1, "b": 2}}, {"custom": {"a": 2}}, False),
        ({"custom": {}}, {"custom": {"a": 2}}, True),
        # It is not known whether Planhat clears, keeps or stores null and empty values.
        ({"custom": {"a": 1}}, {"custom": None}, False),
        ({"custom": None}, {"custom": {"a": 1}}, False),
        ({"custom": {"a": 1}}, {"custom": {"a": None}}, False),
        ({"title": "a"}, {"title": None}, False),
        ({"title": "a"}, {"title": ""}, False),
        ({"followers": ["a"]}, {"followers": []}, False),
        ({"title": None}, {"title": None}, True),
        ({"title": None}, {"title": "a"}, True),
        ({"archived": True}, {"archived": False}, True),
        ({"followers": ["a", "b"]}, {"followers": ["c"]}, True),
        ({"custom": {"a": {"b": 1}}}, {"custom": {"a": {"c": 1}}}, False),
        ({"custom": {"a": {"b": 1}}}, {"custom": {"a": 5}}, False),
        ({"custom": {"a": 5}}, {"custom": {"a": {"b": 1}}}, False),
    ],
)
def test_a_later_record_supersedes_one_whose_properties_it_has(earlier, later, superseded):
    one, two = payloads(issue("s", **earlier), issue("s", **later))
    assert covers(two, one) is superseded
    assert batched(issue("s", **earlier), issue("s", **later)) == (
        [[2]] if superseded else [[1], [2]]
    )


def test_a_superseded_record_is_sent_when_the_one_that_superseded_it_is_rejected():
    batcher = Batcher(MODELS["issues"], WriteSettings())
    for payload in payloads(*[issue("s", title=title) for title in "abc"], issue("t")):
        batcher.add(payload)
    [batch] = batcher.drain()
    assert [payload.line for payload in batch.payloads] == [3, 4]
    assert batch.superseded_by([batch.payloads[1]]) is None
    back = batch.superseded_by(batch.payloads)
    assert [payload.line for payload in back.payloads] == [2]
    back = back.superseded_by(back.payloads)
    assert [payload.line for payload in back.payloads] == [1]
    assert back.superseded_by(back.payloads) is None


def test_the_first_record_counts_if_only_creates_are_allowed():
    records = [issue("s", title=title, companyIds=[]) for title in "ab"]
    assert batched(*records, write_mode="create") == [[1], [2]]


def test_others_overtake_a_record_that_waits_for_its_identity():
    lines = batched(
        issue("a", title="x"), issue("a", status="y"), issue("b"), issue("a", priority="z")
    )
    assert lines == [[1, 3], [2], [4]]


def test_records_that_may_be_the_same_keep_their_order():
    by_id, other = {"_id": HEX[0]}, {"_id": HEX[1], "status": "x"}
    records = [issue("a", title="x"), issue("a", status="y"), by_id, issue("b"), other]
    # The record with the _id may be the one of sourceId a, which is written again in the second
    # batch, and the one of sourceId b may be the one with the _id.
    assert batched(*records) == [[1], [2, 3, 4, 5]]


def test_a_record_is_not_superseded_across_one_that_may_be_the_same():
    assert batched(issue("s", title="a"), {"_id": HEX[0]}, issue("s", title="b")) == [[1, 2], [3]]
    # Two values of the same single keyable are two records.
    assert batched(issue("s", title="a"), issue("t"), issue("s", title="b")) == [[2, 3]]


def test_a_record_that_keeps_its_order_waits_for_a_superseded_one():
    records = [issue("s", title="a"), issue("s", title="b")]
    assert batched(*records, {"_id": HEX[0]}) == [[2], [3]]
    assert batched(*records, issue("t")) == [[2, 3]]
    by_id = [{"_id": HEX[0], "title": title} for title in "ab"]
    assert batched(issue("s"), *by_id, issue("t")) == [[1, 3], [4]]


def test_a_record_that_waits_delays_all_that_keep_their_order_with_it():
    waiting = [issue("a", title="x"), issue("a", status="y"), issue("b")]
    assert batched(*waiting, {"_id": HEX[0]}) == [[1, 3], [2, 4]]


def test_records_that_contradict_each_other_never_share_a_batch():
    for second in ({"_id": HEX[0], "sourceId": "t"}, {"_id": HEX[1], "sourceId": "s"}):
        assert batched({"_id": HEX[0], "sourceId": "s"}, second) == [[1], [2]]


def test_a_record_with_two_keyables_connects_the_records_of_each():
    both = {"_id": HEX[0], "sourceId": "s"}
    assert batched(issue("s"), both, {"_id": HEX[0]}) == [[1], [2], [3]]


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (HEX[0], HEX[1], True),
        ("extid-1", "extid-2", True),
        (HEX[0], "extid-1", False),
        ("extid-1", "srcid-1", False),
    ],
)
def test_an_external_id_counts_within_its_company(one, other, together):
    records = [{"externalId": "e", "companyId": company, "name": "n"} for company in (one, other)]
    lines = batched(*records, model="objectives")
    assert lines == ([[1, 2]] if together else [[1], [2]])


def test_the_id_of_a_company_is_the_same_in_either_case():
    records = [
        {"externalId": "e", "companyId": company, "name": "n"}
        for company in (HEX[0], HEX[0].upper())
    ]
    assert batched(*records, model="objectives") == [[1], [2]]


def test_keyables_of_batches_that_were_sent_are_forgotten_while_another_batch_forms():
    batcher = Batcher(MODELS["objectives"], WriteSettings(batch_size_rows=2))
    changing = {"externalId": "changing", "companyId": HEX[0]}
    records = [changing | {"health": 1}]
    for number in range(50):
        # Neither version covers the other, so this one begins a batch; then the one before is full.
        records.append(changing | ({"name": "n"}, {"health": 1})[number % 2])
        records.append({"externalId": f"{number}", "companyId": HEX[0]})
    sent = 0
    for payload in payloads(*records, model="objectives"):
        sent += len(batcher.add(payload))
        assert len(batcher) > 0
        assert len(batcher._order) <= 8
    assert sent > 40


def test_at_most_two_batches_wait():
    batcher = Batcher(MODELS["issues"], WriteSettings(batch_size_rows=10))
    sizes = []
    for payload in payloads(*[issue("s", **{name: "x"}) for name in ("title", "status") * 100]):
        sizes += [len(batch.payloads) for batch in batcher.add(payload)]
        assert len(batcher) <= 20
    assert sum(sizes) + len(batcher) == 200


def test_the_body_is_the_array_of_the_items():
    batcher = Batcher(MODELS["issues"], WriteSettings())
    for payload in payloads(issue("a"), issue("b", title="\u00e9")):
        batcher.add(payload)
    [batch] = batcher.drain()
    assert json.loads(batch.body) == [{"sourceId": "a"}, {"sourceId": "b", "title": "\u00e9"}]


class WatchedBlock(Block):
    """Counts how often its size is asked for."""

    asked = 0

    def __len__(self):
        WatchedBlock.asked += 1
        return super().__len__()


def blocks_of_two(count):
    """Return blocks of two issues each, with keys that follow each other."""
    for at in range(count):
        keys = [f"{2 * at:05}", f"{2 * at + 1:05}"]
        text = b",".join(b'{"sourceId":"%b"}' % key.encode() for key in keys)
        yield WatchedBlock(1 + 2 * at, [b"", b""], text, [None, keys])


def test_a_payload_is_taken_out_of_its_block_without_a_look_at_every_other_part():
    asked = {}
    for count in (50, 500):
        batcher = Batcher(MODELS["issues"], WriteSettings())
        WatchedBlock.asked = 0
        again = reversed([*blocks_of_two(count)])
        for block in (*blocks_of_two(count), *again):
            assert not batcher.add_block(block)
        asked[count] = WatchedBlock.asked / count
        [batch] = batcher.drain()
        assert sum(payload.earlier is not None for payload in batch.payloads) == 2 * count
    assert asked[500] < 2 * asked[50]

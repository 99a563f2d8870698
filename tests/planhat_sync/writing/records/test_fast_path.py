"""Which records the fast path accepts, and which it declines, case by case.

Whatever it does with a record alone, it does with that record between others.
"""

import json

import pytest

from planhat_sync.model import Model
from planhat_sync.models import load_models
from planhat_sync.writing.batching.batch import payloads_of
from planhat_sync.writing.records.block import Block
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.fast_path import FastPath
from planhat_sync.writing.records.payload import Payload
from planhat_sync.writing.records.received import Received
from planhat_sync.writing.settings import WriteSettings

MODELS = load_models()
HEX = "61006bc89a3e0b702ed8ea49"


def fast_path_of(model="issues", columns=(), **settings):
    return FastPath(Converter(MODELS[model], WriteSettings(**settings)), columns)


def received_of(*records, first=1):
    texts = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in records]
    lines = [b"line %d" % number for number, _ in enumerate(texts, first)]
    return Received(first, lines, texts)


def parts_of(fast_path, *records, first=1):
    """Read records, each time as many as are left; return what is made up to one declined."""
    received, at, parts = received_of(*records, first=first), 0, []
    while at < len(records) and (made := fast_path.read(received, at, len(records))):
        parts += made
        at += sum(len(payloads_of(part)) for part in made)
    return parts


def payloads(fast_path, *records):
    return [each for part in parts_of(fast_path, *records) for each in payloads_of(part)]


def read(record, other=None, model="issues", columns=(), **settings):
    """Read a record alone and between others; return its payload, None if it is declined."""
    other = {"sourceId": "other"} if other is None else other
    alone = payloads(fast_path_of(model, columns, **settings), record)
    made = payloads(fast_path_of(model, columns, **settings), other, record, other, other)
    assert len(made) == (4 if alone else 1)
    if not alone:
        return None
    [payload] = alone
    for at, each in enumerate(made):
        assert (each.line, each.raw) == (at + 1, b"line %d" % (at + 1))
        if at != 1:
            assert json.loads(each.item) == other
    assert (made[1].item, made[1].keys, made[1].scopes) == (
        payload.item,
        payload.keys,
        payload.scopes,
    )
    return payload


FULL = {
    "_id": HEX,
    "sourceId": "s",
    "title": "t\u00e9\U0001f600",
    "companyIds": [HEX],
    "archived": False,
    "custom": {"a": 0.1, "b": [1, None]},
    "companies": [{"id": HEX, "name": "Acme"}],
    "mrrCombined": 12.5,
    "updatedAt": "2026-01-01T00:00:00.000Z",
    "companyMatchingValue": [],
}
FULL_AS_SENT = {
    name: FULL[name] for name in ("_id", "sourceId", "title", "companyIds", "archived", "custom")
}


def test_records_of_the_tap_are_accepted():
    payload = read(FULL)
    assert json.loads(payload.item) == FULL_AS_SENT
    assert payload.keys == (HEX, "s")


@pytest.mark.parametrize("columns", [(), tuple(MODELS["issues"].properties)])
def test_records_of_another_source_are_accepted(columns):
    record = {"sourceId": "s", "title": "t", "custom": None}
    assert json.loads(read(record, columns=columns).item) == record
    with_sdc = record | {"_sdc_sequence": 1, "_sdc_deleted_at": None}
    assert json.loads(read(with_sdc).item) == record


@pytest.mark.parametrize(
    "record",
    [
        {"title": "t"},
        {"sourceId": ""},
        {"sourceId": "  "},
        {"sourceId": "\u2003\t"},
        {"sourceId": "\0\0\0"},
        {"sourceId": "\x7f"},
        {"sourceId": "\u200b"},
        {"_id": "\0", "sourceId": "\ufeff"},
        {"_id": " ", "sourceId": " "},
        {"sourceId": "s", "title": 5},
        {"sourceId": "s", "archived": "true"},
        {"sourceId": "s", "companyIds": "[]"},
        {"sourceId": "s", "companyIds": [5]},
        {"sourceId": "s", "custom": "{}"},
        {"sourceId": "s", "custom": []},
        {"sourceId": "s", "custom__a": 1},
        {"sourceId": "s", "colour": "red"},
        {"sourceId": "s", "_sdc_unheard_of": "red"},
        {"sourceId": "s", "_sdc_deleted_at": "2026-01-01"},
        {"sourceId": "s", "_sdc_deleted_at": ""},
    ],
)
def test_a_record_that_has_to_be_converted_is_declined(record):
    assert read(record) is None
    assert read(record, FULL_AS_SENT) is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"not JSON",
        b"null",
        b'["sourceId"]',
        b'{"sourceId": "s"} {}',
        b'{"sourceId": "s"},{"sourceId": "t"}',
        b'{"sourceId": "s"}, "title": {}',
        b'{"sourceId": "s"',
    ],
)
def test_what_is_not_a_json_object_is_declined(text):
    assert read(text) is None


@pytest.mark.parametrize("dirt", [b"\xff", b"\xed\xa0\x80", b"\xc3", b"\\ud800", b"\x01", b"\\x"])
@pytest.mark.parametrize("name", ["custom", "companies", "title", "_sdc_sequence"])
def test_a_record_that_is_not_text_is_declined(dirt, name):
    value = b'{"a": "%b"}' % dirt if name == "custom" else b'"%b"' % dirt
    text = b'{"sourceId":"s","%b":%b}' % (name.encode(), value)
    assert read(text) is None
    assert read(text.replace(dirt, b"clean")) is not None


def test_numbers_keep_their_digits():
    for number in (b"0.10", b"1e400", b"1" * 5000, b"-0.0", b"1E+2"):
        text = b'{"sourceId":"s","health":%b,"custom":{"a":%b}}' % (number, number)
        assert read(text, model="objectives").item.count(number) == 2


def test_an_announced_property_that_the_model_lacks_is_dropped_and_reported():
    converter = Converter(MODELS["issues"], WriteSettings())
    columns = ["sourceId", "colour", "custom__a", "_sdc_new", "\ud800"]
    fast_path = FastPath(converter, columns)
    record = {"sourceId": "s", "colour": {"red": 1}, "_sdc_new": 5}
    [before] = payloads(fast_path, {"sourceId": "s"}, record | {"custom__a": 5})
    assert not converter.unknown.names
    plain, made = payloads(fast_path, {"sourceId": "s"}, record, record | {"custom__a": 5})
    assert json.loads(before.item) == json.loads(plain.item) == json.loads(made.item)
    assert made.item == b'{"sourceId":"s"}'
    assert converter.unknown.names == {"colour"}
    assert read(record, columns=["colour", "_sdc_new"]).item == made.item
    assert read(record, columns=["colour", "_sdc_new"], unknown_properties="reject") is None


def test_a_property_whose_schema_restricts_more_than_its_type_is_declined():
    schema = {
        "x-planhat": {"path": "/x", "keyables": ["_id"], "page_limit": 1, "bulk_limit": 1},
        "properties": {
            "_id": {"type": "string"},
            "size": {"type": "string", "enum": ["s", "m"]},
            "count": {"type": ["integer", "null"], "description": "a count"},
            "any": {},
            "tags": {"type": "array", "items": {}},
        },
    }
    fast_path = FastPath(Converter(Model.from_schema("things", schema), WriteSettings()))
    for value, is_accepted in [
        ({"size": "s"}, False),
        ({"any": 5}, False),
        ({"count": 5}, True),
        ({"count": None}, True),
        ({"count": 1.0}, False),
        ({"tags": [1, "a", {}]}, True),
        ({"tags": None}, False),
    ]:
        record, other = {"_id": HEX, **value}, {"_id": HEX[::-1], "count": 7}
        for records, count in (([record], 0), ([other, record, other], 1)):
            made = payloads(fast_path, *records)
            assert len(made) == (len(records) if is_accepted else count)
            items = [json.loads(payload.item) for payload in made]
            assert items == records[: len(made)]


def test_required_properties_are_checked_if_only_creates_are_allowed():
    record = {"sourceId": "s", "title": "t", "companyIds": [HEX]}
    assert read(record, record, write_mode="create") is not None
    for name in ("title", "companyIds"):
        assert read(record | {name: None}, record, write_mode="create") is None
        without = {key: value for key, value in record.items() if key != name}
        assert read(without, record, write_mode="create") is None
        assert read(without, record, write_mode="update") is not None


@pytest.mark.parametrize(
    ("record", "other", "keys"),
    [
        ({"sourceId": "s"}, {"sourceId": "t"}, (None, "s")),
        ({"_id": HEX}, {"_id": HEX[::-1]}, (HEX, None)),
        ({"_id": HEX, "sourceId": "s"}, {"_id": HEX[::-1], "sourceId": "t"}, (HEX, "s")),
        ({"_id": None, "sourceId": "s"}, {"_id": None, "sourceId": "t"}, None),
        ({"_id": HEX, "sourceId": None}, {"_id": HEX[::-1], "sourceId": None}, (HEX, None)),
    ],
)
def test_records_with_the_same_keyables_are_one_block(record, other, keys):
    """A null `_id` does not fit the model; any other keyable that is null is left out."""
    parts = parts_of(fast_path_of(), record, other, record | {"title": "x"}, first=7)
    if keys is None:
        assert parts == []
        return
    [block] = parts
    assert isinstance(block, Block)
    assert [payload.line for payload in block.payloads] == [7, 8, 9]
    assert block.payloads[0].keys == keys == block.example.keys
    sent = {name: value for name, value in record.items() if value is not None}
    assert json.loads(block.payloads[0].item) == sent
    assert json.loads(b"[%b]" % block.text) == [json.loads(each.item) for each in block.payloads]


def test_records_without_an_id_are_sent_in_the_same_bytes():
    one, other = b'{ "sourceId" : "s", "title": "t" }', b'{"title" :"u", "sourceId": "r"}'
    [block] = parts_of(fast_path_of(), one, other)
    assert block.text == one + b"," + other
    [payload] = parts_of(fast_path_of(), one)
    assert payload.item == one
    keyed = b'{ "_id" : "%b" }' % HEX.encode()
    [payload] = parts_of(fast_path_of(), keyed)
    assert payload.item == b'{"_id":"%b"}' % HEX.encode()


@pytest.mark.parametrize("other", [{}, {"companyName": "Acme"}, {"_id": HEX}])
def test_a_keyable_that_is_null_in_all_records_of_a_block_is_not_sent(other):
    record = {"sourceId": "s", "externalId": None, **other}
    [block] = parts_of(fast_path_of("objectives"), record, record)
    for payload in block.payloads:
        assert payload.keys == (other.get("_id"), "s", None)
        assert json.loads(payload.item).keys() == {"sourceId", *other} - {"companyName"}


@pytest.mark.parametrize(
    "records",
    [
        [{"sourceId": "s"}, {"_id": HEX}],
        [{"_id": HEX, "sourceId": "s"}, {"_id": HEX[::-1]}],
        [{"sourceId": "s"}, {"sourceId": "\u00e9"}],
        [{"_id": HEX}, {"_id": HEX.upper()}],
        [{"_id": HEX}, {"_id": HEX[::-1], "sourceId": None}],
        [{"_id": HEX, "sourceId": "s"}, {"_id": HEX[::-1], "sourceId": " "}],
    ],
)
def test_records_that_differ_in_their_keyables_are_sent_each_with_its_own(records):
    for drawn in (records, records[::-1]):
        made = payloads(fast_path_of(), *drawn)
        for payload, record in zip(made, drawn, strict=True):
            keys = [(record.get(name) or "").strip() or None for name in ("_id", "sourceId")]
            keys[0] = keys[0] and keys[0].lower()
            assert payload.keys == tuple(keys)
            sent = {name: key for name, key in zip(("_id", "sourceId"), keys, strict=True) if key}
            assert json.loads(payload.item) == sent


@pytest.mark.parametrize("also", [{}, {"_id": HEX}, {"sourceId": "s"}])
def test_records_whose_keyable_is_unique_only_within_a_company_are_in_no_block(also):
    """What is known of a block is known without companies."""
    companies = (HEX, HEX[::-1])
    records = [{**also, "externalId": "e", "companyId": company} for company in companies]
    parts = parts_of(fast_path_of("objectives"), *records)
    assert [type(part) for part in parts] == [Payload] * 2
    assert [part.scopes[-1] for part in parts] == list(companies)
    [block] = parts_of(
        fast_path_of("objectives"),
        *[{"sourceId": "s", "companyId": company} for company in companies],
    )
    assert [payload.scopes[-1] for payload in block.payloads] == list(companies)


def test_an_end_is_not_passed():
    records = [{"sourceId": str(number)} for number in range(5)]
    [block] = fast_path_of().read(received_of(*records, first=3), 1, 4)
    assert [(each.line, each.keys[1]) for each in block.payloads] == [(4, "1"), (5, "2"), (6, "3")]


@pytest.mark.parametrize(
    "members",
    [
        b'"custom":{"a":"\xff"}',
        b'"custom":{"a":"\xff"},"custom":{}',
        b'"title":"\xff","title":"t"',
        b'"updatedAt":"\xff"',
        b'"updatedAt":"\xff","updatedAt":"2026"',
    ],
)
def test_a_record_that_is_not_utf8_anywhere_is_declined(members):
    assert read(b'{"sourceId":"s",%b}' % members.replace(b"\xff", b"y")) is not None
    assert read(b'{"sourceId":"s",%b}' % members) is None

"""Which lines the fast path accepts, and which it declines, case by case."""

import json

import pytest

from planhat_sync.model import Model
from planhat_sync.models import load_models
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.fast_path import FastPath
from planhat_sync.writing.settings import WriteSettings
from target_planhat.messages import record_decoder

MODELS = load_models()
HEX = "61006bc89a3e0b702ed8ea49"


def line_of(record, model="issues", **envelope):
    message = {"type": "RECORD", "stream": model, "record": record, **envelope}
    return json.dumps(message).encode()


def read(line, model="issues", columns=(), **settings):
    return FastPath(
        Converter(MODELS[model], WriteSettings(**settings)), record_decoder, columns
    ).read(line, 1)


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


@pytest.mark.parametrize("envelope", [{}, {"time_extracted": "2026-01-01T00:00:00Z", "version": 5}])
def test_records_of_the_tap_are_accepted(envelope):
    payload = read(line_of(FULL, **envelope))
    sent = ("_id", "sourceId", "title", "companyIds", "archived", "custom")
    assert json.loads(payload.item) == {name: FULL[name] for name in sent}
    assert payload.keys == (HEX, "s")


@pytest.mark.parametrize("columns", [(), tuple(MODELS["issues"].properties)])
def test_records_of_another_source_are_accepted(columns):
    record = {"sourceId": "s", "title": "t", "custom": None}
    payload = read(line_of(record), columns=columns)
    assert json.loads(payload.item) == record
    with_sdc = record | {"_sdc_sequence": 1, "_sdc_deleted_at": None}
    assert json.loads(read(line_of(with_sdc)).item) == record


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
    assert read(line_of(record)) is None


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"not JSON",
        b'{"type": "SCHEMA", "stream": "issues", "schema": {}}',
        b'{"type": "STATE", "value": {}}',
        line_of({"sourceId": "s"}, model="objectives"),
        line_of({"sourceId": "s"}, more="than expected"),
        b'{"type": "RECORD", "stream": "issues", "record": {"sourceId": "s"}} {}',
        b'{"type": "RECORD", "stream": "issues", "record": ["sourceId"]}',
        b'{"type": "RECORD", "stream": "issues"}',
    ],
)
def test_a_line_that_is_not_a_record_of_the_stream_is_declined(line):
    assert read(line) is None


@pytest.mark.parametrize("dirt", [b"\xff", b"\xed\xa0\x80", b"\xc3", b"\\ud800", b"\x01", b"\\x"])
@pytest.mark.parametrize("name", ["custom", "companies", "title", "_sdc_sequence"])
def test_a_line_that_is_not_text_is_declined(dirt, name):
    value = b'{"a": "%b"}' % dirt if name == "custom" else b'"%b"' % dirt
    line = b'{"type":"RECORD","stream":"issues","record":{"sourceId":"s","%b":%b}}' % (
        name.encode(),
        value,
    )
    assert read(line) is None
    assert read(line.replace(dirt, b"clean")) is not None


def test_numbers_keep_their_digits():
    for number in ("0.10", "1e400", "1" * 5000, "-0.0", "1E+2"):
        line = line_of({"sourceId": "s", "health": 0, "custom": {"a": 0}}, "objectives")
        payload = read(line.replace(b": 0", b": " + number.encode()), "objectives")
        assert payload.item.count(number.encode()) == 2


def test_an_announced_property_that_the_model_lacks_is_dropped_and_reported():
    converter = Converter(MODELS["issues"], WriteSettings())
    fast_path = FastPath(
        converter, record_decoder, ["sourceId", "colour", "custom__a", "_sdc_new", "\ud800"]
    )
    record = {"sourceId": "s", "colour": {"red": 1}, "_sdc_new": 5}
    assert fast_path.read(line_of(record), 1).item == b'{"sourceId":"s"}'
    assert fast_path.read(line_of(record | {"custom__a": 5}), 2) is None
    assert converter.unknown.names == {"colour"}
    assert (
        read(line_of(record), columns=["colour", "_sdc_new"], unknown_properties="reject") is None
    )


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
    fast_path = FastPath(
        Converter(Model.from_schema("things", schema), WriteSettings()), record_decoder
    )
    for value, is_accepted in [
        ({"size": "s"}, False),
        ({"any": 5}, False),
        ({"count": 5}, True),
        ({"count": None}, True),
        ({"count": 1.0}, False),
        ({"tags": [1, "a", {}]}, True),
        ({"tags": None}, False),
    ]:
        payload = fast_path.read(line_of({"_id": HEX, **value}, "things"), 1)
        assert (payload is not None) is is_accepted
        if is_accepted:
            assert json.loads(payload.item) == {"_id": HEX, **value}


def test_required_properties_are_checked_if_only_creates_are_allowed():
    record = {"sourceId": "s", "title": "t", "companyIds": [HEX]}
    assert read(line_of(record), write_mode="create") is not None
    for name in ("title", "companyIds"):
        assert read(line_of(record | {name: None}), write_mode="create") is None
        assert read(line_of({**record, name: None}), write_mode="update") is not None

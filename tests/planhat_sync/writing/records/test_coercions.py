"""A value is changed before it is sent only as docs/coercions.md says."""

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from planhat_sync.model import Model
from planhat_sync.writing.records.coercions import COERCIONS, DAYS
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.records.payload import Payload, RejectCode
from planhat_sync.writing.settings import WriteSettings


def converter_of(**properties):
    schema = {
        "x-planhat": {"path": "/x", "keyables": ["sourceId"], "page_limit": 1, "bulk_limit": 1},
        "properties": {"_id": {}, "sourceId": {"type": ["string", "null"]}, **properties},
    }
    return Converter(Model.from_schema("things", schema), WriteSettings())


def sent(converter, value):
    """Convert a record whose `p` is a value; return the JSON of `p` as sent, or a reject."""
    made = converter.convert({"sourceId": "k", "p": value})
    if not isinstance(made, Payload):
        return made
    assert made.item.startswith(b'{"sourceId":"k","p":')
    return made.item[len(b'{"sourceId":"k","p":') : -1].decode()


EXAMPLES = [
    (sorted(coercion.declared), *pair) for coercion in COERCIONS for pair in coercion.examples
]


@pytest.mark.parametrize(("declared", "received", "sent_json"), EXAMPLES)
def test_each_example_of_the_table_holds(declared, received, sent_json):
    schema = {"type": ["integer" if name == DAYS else name for name in [*declared, "null"]]}
    converter = converter_of(p=schema | ({"unit": DAYS} if DAYS in declared else {}))
    result = sent(converter, decode(received.encode()))
    if sent_json is None:
        assert result.code == RejectCode.WRONG_TYPE
        assert result.property == "p"
    else:
        exact = {"parse_float": Decimal, "parse_int": Decimal}
        assert json.loads(result, **exact) == json.loads(sent_json, **exact)
        assert result.lower().replace(" ", "") == sent_json.replace("-1e3", "-1e+3").replace(
            " ", ""
        )


def test_only_an_integer_that_counts_days_takes_a_date():
    for schema in ({"type": "integer"}, {"type": ["number", "null"]}):
        assert sent(converter_of(p=schema), "2024-02-29").code == RejectCode.WRONG_TYPE


COUNTS_DAYS = {"type": ["integer", "null"], "unit": "days"}
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(
    datetime.fromisoformat("0001-01-02"), datetime.fromisoformat("9999-12-30"), timezones=OFFSETS
)


@given(TIMES, st.sampled_from([datetime.isoformat, str, lambda time: time]))
def test_a_date_time_becomes_the_days_to_its_day_in_utc(time, form):
    """As text, or as the object that some readers make of it."""
    expected = (time.astimezone(timezone.utc).date() - date(1970, 1, 1)).days
    assert sent(converter_of(p=COUNTS_DAYS), form(time)) == str(expected)


@given(st.dates() | st.datetimes(datetime.fromisoformat("0001-01-02")))
def test_what_has_no_offset_is_a_day_of_utc(day):
    expected = (date(day.year, day.month, day.day) - date(1970, 1, 1)).days
    assert sent(converter_of(p=COUNTS_DAYS), day) == str(expected)
    assert sent(converter_of(p=COUNTS_DAYS), str(day)) == str(expected)


@given(st.integers())
def test_a_number_of_days_stays(number):
    assert sent(converter_of(p=COUNTS_DAYS), number) == str(number)


@given(st.dates())
def test_only_a_property_that_counts_days_makes_days_of_a_date(day):
    assert sent(converter_of(p={"type": "integer"}), str(day)).code == RejectCode.WRONG_TYPE


TYPES = ["null", "boolean", "string", "number", "integer", "array", "object"]
KINDS = {
    "null": None,
    "boolean": True,
    "string": "text",
    "digits": "12",
    "array text": "[1]",
    "object text": '{"a": 1}',
    "number": Decimal("1.5"),
    "float": 0.5,
    "integer": 12,
    "array": ["x"],
    "object": {"a": "1"},
}
FITS = {
    "null": {"null"},
    "boolean": {"boolean"},
    "string": {"string", "digits", "array text", "object text"},
    "number": {"number", "float", "integer"},
    "integer": {"integer"},
    "array": {"array"},
    "object": {"object"},
}
CHANGES = {
    ("number", "string"): '"1.5"',
    ("float", "string"): '"0.5"',
    ("integer", "string"): '"12"',
    ("digits", "number"): "12",
    ("digits", "integer"): "12",
    ("array text", "array"): "[1]",
    ("object text", "object"): '{"a":1}',
}


@pytest.mark.parametrize("declared", TYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_no_other_value_of_another_type_is_sent(kind, declared):
    result = sent(converter_of(p={"type": declared}), KINDS[kind])
    if kind in FITS[declared]:
        assert json.loads(result, parse_float=Decimal) == KINDS[kind]
    elif (kind, declared) in CHANGES:
        assert result == CHANGES[kind, declared]
    else:
        assert result.code == RejectCode.WRONG_TYPE


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**90), max_value=10**90))
@example(Decimal("-0.0"))
@example(Decimal("1E+90"))
@example(Decimal("100.00"))
def test_the_text_of_a_number_is_that_number_and_one_text_for_equal_ones(number):
    converter = converter_of(p={"type": "string"})
    result = sent(converter, number)
    if not isinstance(result, str):
        assert abs(number.adjusted()) > 100
        return
    text = json.loads(result)
    assert Decimal(text) == number
    assert "E" not in text
    assert text == json.loads(sent(converter, number.normalize() + 0)) or len(text) > 28


@given(st.text())
def test_text_is_never_changed_for_a_property_of_text(text):
    result = sent(converter_of(p={"type": "string"}), text)
    assert json.loads(result) == text


UTC = timezone.utc


@pytest.mark.parametrize(
    ("timestamp", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 0, UTC), "2026-01-02T03:04:05.000Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC), "2026-01-02T03:04:05.678901Z"),
        (
            datetime(2026, 1, 2, 3, 4, 5, 0, timezone(timedelta(hours=2))),
            "2026-01-02T03:04:05.000+02:00",
        ),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05.000"),  # noqa: DTZ001 - without a zone
        (date(2026, 1, 2), "2026-01-02"),
    ],
)
def test_a_datetime_is_sent_as_text_at_any_depth(timestamp, text):
    assert sent(converter_of(p={"type": "string"}), timestamp) == json.dumps(text)
    nested = sent(converter_of(p={}), {"a": [timestamp]})
    assert json.loads(nested) == {"a": [text]}


@pytest.mark.parametrize(
    "number",
    ["0.5", "0.10", "1E-7", "1e400", "-0.0", "0." + "123456789" * 4, "9" * 40, "1.0", "1E+2"],
)
def test_numbers_keep_their_digits_at_any_depth(number):
    for value in (number, f'{{"a": [{number}]}}'):
        result = sent(converter_of(p={}), decode(value.encode()))
        assert number.lower().replace("+", "") in result.lower().replace("+", "")


def test_a_number_that_python_cannot_hold_is_sent_unchanged():
    for number in ("1e99999999999999999999", "1" * 5000):
        line = f'{{"sourceId": "k", "p": {number}}}'.encode()
        for schema in ({"type": "number"}, {"type": ["null", "integer"]}, {}):
            made = converter_of(p=schema).convert(decode(line))
            assert number.encode() in made.item
    assert converter_of(p={"type": "string"}).convert(decode(line)).code == "wrong_type"


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("shape", ["{}", "[{}]", '{{"a": {{"b": {}}}}}', '"[{}]"'])
def test_what_json_does_not_have_is_a_reject_that_names_the_property(name, shape):
    value = decode(shape.format(name).encode())
    if shape.startswith('"'):
        result = sent(converter_of(p={"type": "array"}), value)
    else:
        result = sent(converter_of(p={}), value)
    assert (result.code, result.property) == (RejectCode.UNSENDABLE, "p")


@pytest.mark.parametrize("text", ['"\\ud800"', '{"\\udfff": 1}', '["a\\ude00\\ud83d"]'])
def test_half_a_surrogate_pair_is_a_reject_that_names_the_property(text):
    result = sent(converter_of(p={}), decode(text.encode()))
    assert (result.code, result.property) == (RejectCode.UNSENDABLE, "p")
    whole = sent(converter_of(p={}), decode(b'"\\ud83d\\ude00\\u0000"'))
    assert json.loads(whole) == "\U0001f600\0"


@pytest.mark.parametrize(("depth", "fits"), [(98, True), (99, True), (100, False), (400, False)])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")])
def test_what_is_nested_too_deeply_is_a_reject(depth, fits, begin, end):
    result = sent(converter_of(p={}), decode((begin * depth + "1" + end * depth).encode()))
    if fits:
        assert result.count(begin[0]) == depth
    else:
        assert (result.code, result.property) == (RejectCode.UNSENDABLE, "p")


def test_a_line_nested_too_deeply_to_be_read_is_an_error():
    with pytest.raises(ValueError, match="nested"):
        decode(b"[" * 200_000)


def test_a_value_without_a_json_form_is_a_reject():
    for value in ({1: 2}, {"a": {1, 2}}, b"bytes", object()):
        assert sent(converter_of(p={}), value).code == RejectCode.UNSENDABLE


def test_ten_megabytes_of_text_are_sent():
    text = "x" * 10_000_000
    assert len(sent(converter_of(p={"type": "string"}), text)) == len(text) + 2


def test_a_reject_says_what_is_wrong_and_shows_no_value():
    private = "somebody's private matter"
    for schema, value, words in [
        ({"type": ["null", "array"]}, private, "p is text, but must be an array or null"),
        ({"type": "integer"}, Decimal("1.5"), "p is a number, but must be a whole number"),
        ({"items": {"type": "string"}}, ["a", {"b": private}], "p[1] is an object, but must"),
        ({"enum": ["a", "b"]}, private, "p does not fit the model's enum: a, b"),
        ({"maxLength": 3}, private, "p does not fit the model's maxLength: 3"),
        ({"type": "boolean"}, "", "p is empty text, but must be true or false"),
    ]:
        reject = sent(converter_of(p=schema), value)
        assert words in reject.message
        assert private not in reject.message
        assert reject.property == "p"

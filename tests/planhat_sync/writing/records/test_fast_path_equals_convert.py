"""The fast path sends exactly what conversion would send, for every record that it accepts.

Lines are made as text, not as values: numbers with any digits, repeated keys, escapes, bytes that
are not UTF-8, and envelopes of every shape.
"""

import json

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from planhat_sync.models import load_models
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.records.fast_path import FastPath
from planhat_sync.writing.records.payload import Payload
from planhat_sync.writing.settings import WriteSettings
from target_planhat.messages import record_decoder

MODELS = load_models()
ABSURD = ["1e99999999999999999999", "9" * 40, "0." + "1" * 40, "1" * 5000]
NUMBERS = st.sampled_from(
    ["0", "-0", "1", "1.0", "0.10", "-0.0", "1e3", "1E400", "-1e-9999", *ABSURD]
)
VALID_TEXTS = (
    st.sampled_from(['"a"', '" "', '"1234"', '"0.5"', '"null"', '"[1, 2]"', '"{}"'])
    | st.text(max_size=6).map(json.dumps)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6).map(
        lambda text: json.dumps(text, ensure_ascii=False)
    )
    | st.sampled_from(['"\\ud83d\\ude00"', '"\\\\ud800"', '"\\u0000"', '"\\/\\u00e9"'])
)
TEXTS = VALID_TEXTS | st.sampled_from(['""', '"\\ud800"', '"x\\udc00y"', '"\\ude00\\ud83d"'])
BROKEN = st.sampled_from(["NaN", "-Infinity", "tru", "01", '"\x01"', "{", "[1,]", "'a'", ""])


def arrays(values):
    return st.lists(values, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")


def objects(values):
    pairs = st.lists(st.tuples(VALID_TEXTS, values), max_size=3)
    return pairs.map(
        lambda items: "{" + ",".join(f"{name} :{value}" for name, value in items) + "}"
    )


def nested(texts):
    leaves = st.sampled_from(["null", "true", "false"]) | NUMBERS | texts
    return st.recursive(leaves, lambda values: arrays(values) | objects(values), max_leaves=5)


VALID_VALUES = nested(VALID_TEXTS)
VALUES = nested(TEXTS) | st.sampled_from(
    [
        shape * depth + "1" + end * depth
        for shape, end in ("[]", ('{"a":', "}"))
        for depth in (50, 97, 98, 99, 100, 101, 300)
    ]
)
BLANKS = st.sampled_from(
    ['""', '" "', '"          "', '"\\t"', '"\u00a0\u2003"', '"\u200b"', '"\\u0000\\u0000"']
)
IDS = st.sampled_from(['"a"', '"A1"', '"61006bc89a3e0b702ed8ea49"', '"61006BC89A3E0B702ED8EA49"'])
STRINGS = VALID_TEXTS | st.just("null")
ID_LISTS = arrays(IDS)
ACCEPTED = {
    "_id": IDS | IDS | BLANKS,
    "sourceId": IDS | IDS.map(str.upper) | BLANKS | st.sampled_from(['"b"', '"c"', "null"]),
    "externalId": IDS | IDS | BLANKS,
    "companyId": IDS | BLANKS | st.sampled_from(['"extid-1"', '"srcid-1"', "null"]),
    "title": STRINGS,
    "type": st.sampled_from(['"note"', '"note"', '"email"', "null"]),
    "name": STRINGS,
    "status": STRINGS,
    "archived": st.sampled_from(["true", "false", "null"]),
    "health": NUMBERS | st.just("null"),
    "companyIds": ID_LISTS,
    "followers": ID_LISTS | st.just("null"),
    "custom": objects(VALID_VALUES) | st.just("null"),
    "companies": VALID_VALUES,
    "companyName": STRINGS,
    "updatedAt": st.just('"2026-01-01T00:00:00.123Z"'),
    "_sdc_extracted_at": STRINGS,
    "_sdc_deleted_at": st.just("null"),
    "announced": VALID_VALUES,
}
ODD = {
    "_sdc_deleted_at": st.sampled_from(['""', '" "', '"0000-00-00"', '"2026-01-01"', "false"]),
    "custom": objects(VALUES) | VALUES,
    "companies": VALUES,
    "custom__a": VALUES,
    "custom__": VALUES,
    "unheard of": VALUES,
    "_sdc_new": VALUES,
}


@st.composite
def lines(draw, model):
    """Draw a RECORD line; the fast path accepts many, and most others but for one or two values."""
    known = [
        name
        for name in ACCEPTED
        if name in MODELS[model].properties or name.startswith("_") or name == "announced"
    ]
    often = [*MODELS[model].keyables[:2], *(MODELS[model].constants if draw(st.booleans()) else ())]
    chosen = [*draw(st.lists(st.sampled_from(known), max_size=10)), *often]
    members = [(name, draw(ACCEPTED[name])) for name in draw(st.permutations(chosen))]
    if draw(ONE_IN_FOUR):
        name = draw(st.sampled_from([*known, *ODD]))
        odd = ODD.get(name, VALUES) if draw(st.booleans()) else VALUES | BROKEN
        members.insert(draw(st.integers(0, len(members))), (name, draw(odd)))
    space = draw(st.sampled_from(["", "", " ", "\t"]))
    record = ",".join(f"{space}{json.dumps(name)}:{space}{value}" for name, value in members)
    envelope = {"type": '"RECORD"', "stream": json.dumps(model), "record": "{" + record + "}"}
    if draw(st.booleans()):
        envelope["time_extracted"] = '"2026-01-01T00:00:00Z"'
    if draw(ONE_IN_FOUR):
        envelope |= draw(st.sampled_from([{"version": "1"}, {"version": "1"}, {"x": "1"}]))
    line = "{" + ",".join(f'"{name}":{value}' for name, value in envelope.items()) + "}" + space
    data = line.encode("utf-8", "surrogatepass")
    if draw(ONE_IN_FOUR) and draw(ONE_IN_FOUR):
        at = draw(st.integers(0, len(data)))
        stray = draw(st.sampled_from([b"\xff", b"\xed\xa0\x80", b"\x00", b"\n", b"\\"]))
        data = data[:at] + stray + data[at:]
    return data


ONE_IN_FOUR = st.sampled_from([False, False, False, True])

SETTINGS = st.sampled_from(
    [
        WriteSettings(),
        WriteSettings(match_on=("sourceId",)),
        WriteSettings(match_on=("sourceId", "_id"), deletes="delete"),
        WriteSettings(match_on=("externalId", "sourceId", "_id")),
        WriteSettings(missing_key="create"),
        WriteSettings(write_mode="update", missing_key="create", unknown_properties="reject"),
        WriteSettings(write_mode="create", missing_key="create"),
        WriteSettings(match_on=("_id",)),
    ]
)


def exactly(item):
    """Read an item as any server would, with numbers as text in a canonical form."""
    value = json.loads(item, parse_float=canonical, parse_int=canonical, parse_constant=refuse)
    json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair has no UTF-8
    return value


def canonical(text):
    """Return a number in a canonical form with all digits: 1.0 equals 1e0, and 1.01 does not."""
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    power = int(exponent or 0) - len(fraction) + len(digits) - len(digits.rstrip("0"))
    digits = digits.rstrip("0")
    sign = "-" if text.startswith("-") and digits else ""
    return ("number", f"{sign}{digits}e{power}") if digits else ("number", "0")


def refuse(text):
    raise AssertionError(f"{text} was sent")


def converted(converter, line):
    try:
        message = decode(line)
    except ValueError:
        return None
    if not {"type", "stream", "record"} <= message.keys():
        return None  # a stray byte has made another key of one of these
    return converter.convert(message["record"], line=7, raw=line)


@pytest.mark.parametrize("model", ["issues", "objectives", "notes"])
@settings(max_examples=max(700, settings.default.max_examples))
@given(data=st.data(), chosen=SETTINGS, announced=st.booleans())
def test_the_fast_path_makes_the_payload_that_conversion_makes(model, data, chosen, announced):
    """It declines every record that conversion rejects."""
    assume(not chosen.match_on or {*chosen.match_on} & {*MODELS[model].keyables})
    line = data.draw(lines(model))
    twin = Converter(MODELS[model], chosen)
    fast_path = FastPath(
        twin, record_decoder, ["announced", "_sdc_extracted_at"] if announced else []
    )
    fast = fast_path.read(line, 7)
    converter = Converter(MODELS[model], chosen)
    expected = converted(converter, line)
    event("accepted" if fast is not None else f"declined: {type(expected).__name__}")
    if fast is None:
        return
    assert isinstance(expected, Payload)
    assert exactly(fast.item) == exactly(expected.item)
    assert not any(exactly(fast.item).get(name, "x").isspace() for name in twin.keyables.names)
    assert (fast.keys, fast.scopes) == (expected.keys, expected.scopes)
    assert (fast.operation, fast.line, fast.raw) == (expected.operation, 7, line)
    assert fast.item.startswith(b'{"_id":') == (fast.keys[0] is not None)
    assert twin.unknown.names == converter.unknown.names
    cut, expected_cut = (
        way.keyables.without_id(payload) for way, payload in ((twin, fast), (twin, expected))
    )
    if isinstance(cut, Payload):
        without = {key: value for key, value in exactly(fast.item).items() if key != "_id"}
        assert exactly(cut.item) == exactly(expected_cut.item) == without
        assert cut.keys == expected_cut.keys == (None, *fast.keys[1:])
    else:
        assert cut == expected_cut


@pytest.mark.parametrize("absent", ["null", '""', '"  "', '"\\t\u00a0\u3000"'])
@pytest.mark.parametrize("key", ["_id", "sourceId", "externalId"])
def test_neither_way_sends_a_keyable_that_is_null_or_blank(key, absent):
    """A server that looks for the record whose sourceId is null may find one."""
    others = {"sourceId": '"s"', "externalId": '"e"', "companyId": '"a"'}
    record = ",".join(f'"{name}":{value}' for name, value in {**others, key: absent}.items())
    line = b'{"type":"RECORD","stream":"objectives","record":{%b}}' % record.encode()
    converter = Converter(MODELS["objectives"], WriteSettings())
    fast = FastPath(converter, record_decoder).read(line, 7)
    assert (fast is None) is ((key, absent) == ("_id", "null"))  # the model has no null there
    for payload in filter(None, (fast, converted(converter, line))):
        assert json.loads(payload.item).keys() == others.keys() - {key}

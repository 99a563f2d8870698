"""The fast path sends exactly what conversion would send, for every record that it accepts."""

import json
from itertools import repeat

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from record_texts import SETTINGS, blocks, records
from recorded_pipeline import exactly

from planhat_sync.models import load_models
from planhat_sync.utf8 import is_utf8
from planhat_sync.writing.batching.batch import payloads_of
from planhat_sync.writing.records.block import Block
from planhat_sync.writing.records.convert import Converter
from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.records.fast_path import FastPath
from planhat_sync.writing.records.payload import Payload
from planhat_sync.writing.records.received import Received
from planhat_sync.writing.settings import WriteSettings

MODELS = load_models()


def converted(converter, text, line):
    try:
        record = decode(text)
    except ValueError:
        return None
    return converter.convert(record, line=line, raw=text)


def read_all(fast_path, converter, received, ends):
    """Read records as a stream does; return what each becomes, and how many came in blocks."""
    made, in_blocks = [], 0
    while (at := len(made)) < len(received.records):
        parts = fast_path.read(received, at, min(at + next(ends), len(received.records)))
        payloads = [payload for part in parts for payload in payloads_of(part)]
        in_blocks += sum(len(part) for part in parts if isinstance(part, Block) and len(part) > 1)
        assert len(payloads) == len({payload.line for payload in payloads})
        made += [(True, payload) for payload in payloads]
        if not payloads:
            made.append((False, converted(converter, received.records[at], received.first + at)))
    return made, in_blocks


@pytest.mark.parametrize("model", ["issues", "objectives", "notes"])
@settings(max_examples=max(200, settings.default.max_examples))
@given(data=st.data(), chosen=SETTINGS, announced=st.booleans(), count=st.integers(1, 6))
def test_the_fast_path_makes_the_payloads_that_conversion_makes(
    model, data, chosen, announced, count
):
    """It declines every record that conversion rejects, whatever comes with it."""
    assume(not chosen.match_on or {*chosen.match_on} & {*MODELS[model].keyables})
    texts = data.draw(records(model) | blocks(model))
    received = Received(7, [b"%d" % at for at, _ in enumerate(texts)], texts)
    twin = Converter(MODELS[model], chosen)
    fast_path = FastPath(twin, ["announced", "_sdc_extracted_at"] if announced else [])
    made, in_blocks = read_all(fast_path, twin, received, repeat(count))
    event(f"in blocks: {in_blocks > 0}")
    converter = Converter(MODELS[model], chosen)
    are_text = all(map(is_utf8, texts))
    for at, ((is_fast, payload), text) in enumerate(zip(made, texts, strict=True)):
        expected = converted(converter, text, 7 + at)
        event(f"accepted: {is_fast}, {type(expected).__name__}")
        if not is_fast and are_text:  # what comes with it is not the reason
            assert not fast_path.read(received, at, at + 1)
        if is_fast:
            assert isinstance(expected, Payload)
            assert_same(payload, expected, received.lines[at], twin)
    assert twin.unknown.names == converter.unknown.names


def assert_same(fast, expected, line, converter):
    """Check that a payload of the fast path is the one that conversion makes."""
    assert exactly(fast.item) == exactly(expected.item)
    assert not any(exactly(fast.item).get(name, "x").isspace() for name in converter.keyables.names)
    assert (fast.keys, fast.scopes) == (expected.keys, expected.scopes)
    assert (fast.operation, fast.line, fast.raw) == (expected.operation, expected.line, line)
    assert fast.item.startswith(b'{"_id":') == (fast.keys[0] is not None)
    cut, expected_cut = map(converter.keyables.without_id, (fast, expected))
    if isinstance(cut, Payload):
        without = {key: value for key, value in exactly(fast.item).items() if key != "_id"}
        assert exactly(cut.item) == exactly(expected_cut.item) == without
        assert cut.keys == expected_cut.keys == (None, *fast.keys[1:])
    else:
        assert cut == expected_cut


@pytest.mark.parametrize("absent", ["null", '""', '"  "', '"\\t\u00a0\u3000"'])
@pytest.mark.parametrize("key", ["_id", "sourceId", "externalId"])
@pytest.mark.parametrize("count", [1, 3])
def test_neither_way_sends_a_keyable_that_is_null_or_blank(key, absent, count):
    """A server that looks for the record whose sourceId is null may find one."""
    others = {"sourceId": '"s"', "externalId": '"e"', "companyId": '"a"'}
    members = ",".join(f'"{name}":{value}' for name, value in {**others, key: absent}.items())
    text = b"{%b}" % members.encode()
    converter = Converter(MODELS["objectives"], WriteSettings())
    received = Received(7, [b""] * count, [text] * count)
    parts = FastPath(converter).read(received, 0, count)
    fast = [payload for part in parts for payload in payloads_of(part)]
    # The model has no null `_id`.
    assert len(fast) == (0 if (key, absent) == ("_id", "null") else count)
    for payload in (*fast, converted(converter, text, 7)):
        assert json.loads(payload.item).keys() == others.keys() - {key}

"""Payloads that come in blocks are batched, and sent, as those that come one by one."""

import json
from itertools import groupby

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from planhat_sync.models import load_models
from planhat_sync.writing.batching.batch import Batch, first_line
from planhat_sync.writing.batching.batcher import Batcher
from planhat_sync.writing.batching.identity import (
    identities,
    order_matters,
    profiles,
    scoped_keys,
)
from planhat_sync.writing.records.block import Block
from planhat_sync.writing.records.keys import EVERYWHERE
from planhat_sync.writing.records.payload import Payload
from planhat_sync.writing.sending.in_flight import InFlight
from planhat_sync.writing.settings import WriteSettings

MODELS = load_models()


def payload(line, keys, scopes=(), operation="upsert", **properties):
    names = ("_id", "sourceId", "externalId")[: len(keys)]
    item = {name: key for name, key in zip(names, keys, strict=True) if key is not None}
    text = json.dumps(item | properties).encode()
    return Payload(line, b"line %d" % line, text, keys, scopes, operation)


def block_of(payloads):
    """Return the block of payloads that carry the same keyables."""
    keys = zip(*[each.keys for each in payloads], strict=True)
    columns = [None if values[0] is None else list(values) for values in keys]
    scopes = [each.scopes for each in payloads] if payloads[0].scopes else ()
    text = b",".join(each.item for each in payloads)
    return Block(payloads[0].line, [each.raw for each in payloads], text, columns, scopes)


def kind_of(made):
    """Return what payloads of one block have in common; None for one that is in no block."""
    is_in_block = made.operation == "upsert" and (not made.keys[2:] or made.keys[2] is None)
    return tuple([key is not None for key in made.keys]) if is_in_block else None


KEYS = {
    "issues": [(None, "s{}"), (None, "s{}"), ("i{}", None), ("i{}", "s{}")],
    "objectives": [
        *[(None, "s{}", None), ("i{}", None, None), ("i{}", "s{}", None)] * 2,
        (None, None, "e{}"),
        ("i{}", "s{}", "e{}"),
    ],
}
SCOPES = [(EVERYWHERE, EVERYWHERE, scope) for scope in (None, "a" * 24, "extid-a")]
PROPERTIES = [{}, {}, {"title": "x"}, {"title": "y" * 30, "status": "z"}, {"custom": {"a": 1}}]

SELDOM = st.sampled_from([True, False, False, False])


@st.composite
def inputs(draw, model):
    """Draw payloads, and how many of them come together; most carry the same keyables."""
    keyables, made = KEYS[model], []
    usual = draw(st.sampled_from(keyables))
    few = draw(st.sampled_from([0, 0, 3, 10]))  # how many records they are of; 0 if all differ
    odd = draw(st.lists(st.sampled_from([1, 2, 3, 4, 5]), max_size=3))
    at = {draw(st.integers(1, 30)): each for each in odd}
    for line in range(1, draw(st.integers(4, 30))):
        rare = at.get(line)
        keys = draw(st.sampled_from(keyables)) if rare == 1 else usual
        number = draw(st.integers(1, few)) if few and draw(SELDOM) else 100 + line
        keys = tuple([None if key is None else key.format(number) for key in keys])
        operation = {2: "delete", 3: "archive", 4: "create"}.get(rare, "upsert")
        if operation == "create":
            keys = (None,) * len(keys)
        if rare == 5 and None not in keys[:2]:
            keys = (f"i{line % 5}", *keys[1:])  # of another record by each of its keyables
        scopes = draw(st.sampled_from(SCOPES)) if model == "objectives" else ()
        properties = draw(st.sampled_from(PROPERTIES))
        made.append(payload(line, keys, scopes, operation, **properties))
    sizes = draw(st.lists(st.integers(1, 12), min_size=4, max_size=4))
    return list(cut(made, sizes))


def cut(payloads, sizes):
    """Yield what comes together: payloads that could be in one block, or one that could not."""
    at = 0
    for kind, some in groupby(payloads, kind_of):
        rest = list(some)
        while rest:
            size = 1 if kind is None else sizes[at % len(sizes)]
            yield rest[:size]
            rest, at = rest[size:], at + 1


def copied(made):
    """Return a payload anew: batches keep in it what it has superseded."""
    return Payload(made.line, made.raw, made.item, made.keys, made.scopes, made.operation)


def described(batch):
    made = [
        [
            (each.line, each.raw, each.item, each.keys, each.scopes, each.operation)
            for each in (payload, *payload.earlier_versions())
        ]
        for payload in batch.payloads
    ]
    return batch.kind, made, batch.body


LIMITS = st.builds(
    WriteSettings,
    batch_size_rows=st.sampled_from([5000, 5000, 20, 15, 7, 2, 1]),
    batch_size_bytes=st.sampled_from([8_000_000, 8_000_000, 900, 400, 100]),
    write_mode=st.sampled_from(["upsert", "upsert", "create"]),
)


def state_of(batcher, names):
    """Return what can be asked of a batcher."""
    return len(batcher), first_line(batcher.parts), [batcher.holds([name]) for name in names]


def assert_same_batches(model, groups, limits):
    """Check that groups make the same batches as blocks and one by one; return both."""
    names = sorted({name for group in groups for each in group for name in identities(each)})
    with_blocks, one_by_one = Batcher(MODELS[model], limits), Batcher(MODELS[model], limits)
    batches, expected = [], []
    for group in groups:
        for each in group:
            expected += one_by_one.add(copied(each))
        if kind_of(group[0]) is None:
            batches += with_blocks.add(copied(group[0]))
        else:
            batches += with_blocks.add_block(block_of(group))
        assert len(batches) == len(expected)
        near = [name for each in group for name in identities(each)] + names[:3]
        assert state_of(with_blocks, near) == state_of(one_by_one, near)
    batches += with_blocks.drain()
    expected += one_by_one.drain()
    assert list(map(described, batches)) == list(map(described, expected))
    assert state_of(with_blocks, names) == (0, None, [False] * len(names))
    assert (with_blocks._bytes, len(with_blocks._order)) == (0, 0)
    return batches, expected


@pytest.mark.parametrize("model", KEYS)
@settings(max_examples=max(200, settings.default.max_examples))
@given(data=st.data(), limits=LIMITS)
def test_blocks_make_the_batches_that_their_payloads_make(model, data, limits):
    groups = data.draw(inputs(model))
    batches, expected = assert_same_batches(model, groups, limits)
    blocks = [part for batch in batches for part in batch.parts if isinstance(part, Block)]
    event(f"blocks: {min(len(blocks), 3)}")
    for batch in batches:
        assert_agrees(batch)
    names = [name for group in groups[:3] for name in identities(group[0])]
    assert_start_alike(batches, expected, names, data.draw(CHANCES))


def numbered(*numbers, keys=(None, "s{}"), **properties):
    """Return payloads, each with the number of its record as its line."""
    return [
        payload(each, tuple([key and key.format(each) for key in keys]), **properties)
        for each in numbers
    ]


BOTH = ("i{}", "s{}")
VERSIONS = [{"title": "x"}, {"status": "x"}, {"priority": "x"}]


@pytest.mark.parametrize(
    ("groups", "rows"),
    [
        pytest.param(
            [numbered(1, keys=BOTH), numbered(1, keys=BOTH), numbered(2, 3, keys=BOTH)],
            5000,
            id="keeps its order with a payload that was superseded",
        ),
        pytest.param(
            [
                numbered(1),
                numbered(9, keys=("i{}", None)),
                numbered(9, keys=("i{}", None)),
                numbered(2, 3),
            ],
            5000,
            id="keeps its order with a superseded payload of another keyable",
        ),
        pytest.param(
            [*[numbered(at, **each) for at in (1, 2, 3) for each in VERSIONS], numbered(4)],
            5,
            id="is the last that fits into what may wait",
        ),
        pytest.param(
            [numbered(1), numbered(2, 3, title="x"), numbered(2, 3, title="y")],
            5000,
            id="supersedes all of another one",
        ),
        pytest.param(
            [numbered(1), [payload(line, (None, "s2")) for line in (2, 3)]],
            5000,
            id="holds a record twice",
        ),
        pytest.param(
            [[payload(1, (None, "s1"), operation="delete")], numbered(2, 3)],
            5000,
            id="follows a delete",
        ),
    ],
)
def test_a_block_makes_the_batches_that_its_payloads_make_if_it(groups, rows):
    batches, _ = assert_same_batches("issues", groups, WriteSettings(batch_size_rows=rows))
    for batch in batches:
        assert_agrees(batch)


def assert_agrees(batch):
    """Check that what a batch says of its payloads is so."""
    payloads = list(batch.payloads)
    assert len(batch) == len(batch.payloads) == len(payloads) > 0
    assert batch.body == b"[" + b",".join(each.item for each in payloads) + b"]"
    assert first_line(batch.parts) == min(each.first_line for each in payloads)
    in_blocks = [part for part in batch.parts if isinstance(part, Block)]
    assert len(batch.singles) + sum(map(len, in_blocks)) == len(batch)
    single = {id(each) for each in batch.singles}
    assert [each for each in payloads if id(each) in single] == batch.singles
    assert all(each.earlier is None for each in payloads if id(each) not in single)
    assert len(batch.examples) == len(batch.parts)
    assert profiles(batch.examples) == profiles(payloads)
    assert {each.operation for each in batch.examples} == {each.operation for each in payloads}
    for part in in_blocks:
        assert (batch.kind, scoped_keys(part.example)) == ("upsert", [])
        assert sorted(identities(part)) == sorted(
            name for each in part.payloads for name in identities(each)
        )
    together = [name for part in batch.parts for name, _ in scoped_keys(part)]
    assert together == [name for each in payloads for name, _ in scoped_keys(each)]


CHANCES = st.lists(st.sampled_from(["queue", "start", "start", "finish"]), max_size=12)


def assert_start_alike(batches, others, names, chances):
    """Check that batches may be in flight together, whether or not they have blocks."""
    sides = (InFlight(), InFlight())
    pairs = list(zip(batches, others, strict=True))
    waiting, started = list(pairs), []
    for chance in [*chances, *["queue"] * len(pairs), *["start", "finish"] * len(pairs)]:
        if chance == "queue" and waiting:
            for side, batch in zip(sides, waiting.pop(0), strict=True):
                side.queue(batch)
        elif chance == "start":
            both = tuple(side.start() for side in sides)
            assert both in [*pairs, (None, None)]
            started += [both] if both[0] else []
        elif chance == "finish" and started:
            for side, batch in zip(sides, started.pop(0), strict=True):
                side.finish(batch)
        left, right = [(len(each), [each.holds([name]) for name in names]) for each in sides]
        assert left == right
    assert [len(each) for each in sides] == [len(started)] * 2


def parts_of(batches):
    return [
        [part.line if isinstance(part, Payload) else len(part) for part in batch.parts]
        for batch in batches
    ]


def test_a_block_stays_whole_in_a_batch_that_is_being_formed():
    batcher = Batcher(MODELS["issues"], WriteSettings(batch_size_rows=6))
    assert not batcher.add(numbered(1)[0])
    for numbers in ([2, 3], [4, 5]):
        assert not batcher.add_block(block_of(numbered(*numbers)))
    assert len(batcher) == 5
    assert parts_of(batcher.add(numbered(6)[0])) == [[1, 2, 2, 6]]


@pytest.mark.parametrize("size", [2, 3])
def test_a_block_that_fills_a_batch_is_divided(size):
    batcher = Batcher(MODELS["issues"], WriteSettings(batch_size_rows=3))
    batcher.add(numbered(1)[0])
    block = block_of(numbered(*range(2, 2 + size)))
    [batch] = batcher.add_block(block)
    assert [each.line for each in batch.payloads] == [1, 2, 3]
    assert len(batcher) == size - 2


def test_a_payload_in_the_middle_of_a_block_is_superseded():
    batcher = Batcher(MODELS["issues"], WriteSettings())
    batcher.add(numbered(1)[0])
    batcher.add_block(block_of(numbered(2, 3, 4, title="x")))
    batcher.add_block(block_of(numbered(5, 6)))
    batcher.add(payload(7, (None, "s3"), title="y"))
    [batch] = batcher.drain()
    assert parts_of([batch]) == [[1, 2, 4, 2, 7]]
    assert [each.line for each in batch.payloads[-1].earlier_versions()] == [3]
    assert [each.line for each in batch.superseded_by(batch.payloads).payloads] == [3]
    assert first_line(batch.parts) == 1
    assert first_line(batch.parts[2:]) == 3


def test_the_order_matters_for_a_block_whose_payloads_carry_two_keyables():
    both = block_of(numbered(1, 2, keys=("i{}", "s{}")))
    one = block_of(numbered(3, 4, keys=(None, "s{}")))
    assert order_matters(profiles(Batch("upsert", [both]).examples))
    assert not order_matters(profiles(Batch("upsert", [one]).examples))
    assert order_matters(
        profiles(Batch("upsert", [one, numbered(5, keys=("i{}", None))[0]]).examples)
    )

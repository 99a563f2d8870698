"""`Batcher.add` has a shortcut for the common case: the batches are the same without it.

The property in `test_batches_equal_one_by_one` is about a model whose keyables have scopes, which
never takes the shortcut, and proves that the batches without it are right. Here it is taken.
"""

import json
from itertools import count

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from planhat_sync.models import load_models
from planhat_sync.writing.batching.batcher import Batcher
from planhat_sync.writing.records.payload import Payload
from planhat_sync.writing.settings import WriteSettings

ISSUES = load_models()["issues"]


class WithoutShortcut(Batcher):
    def _add_unrelated(self, payload, forming):
        return False


ONE_KEYABLE = [(None, source) for source in "stuvw"]
TWO_KEYABLES = [("i", "s"), ("j", "t"), ("k", "u"), ("l", "v"), ("m", "w")]
ANY_KEYABLES = [*ONE_KEYABLE, *TWO_KEYABLES, ("i", "t"), ("i", None)]


@st.composite
def payloads(draw):
    """Draw payloads of few records, mostly with the same keyables; some cover an earlier one."""
    made = []
    keyables = draw(st.sampled_from([ONE_KEYABLE, TWO_KEYABLES]))
    for line in range(1, draw(st.integers(2, 14))):
        identifier, source = draw(st.sampled_from(keyables if line % 4 else ANY_KEYABLES))
        item = {} if identifier is None else {"_id": identifier}
        item |= {} if source is None else {"sourceId": source}
        item |= dict.fromkeys(draw(st.sampled_from(["a", "ab", "b", "abc"])), "x")
        operation = "delete" if draw(st.integers(0, 9)) == 9 else "upsert"
        made.append((line, json.dumps(item).encode(), (identifier, source), operation))
    return made


def versions(payload):
    return [each.line for each in (payload, *payload.earlier_versions())]


def batches(kind, limits, drawn):
    """Return the lines of each batch: its payloads, with those that they superseded."""
    batcher = kind(ISSUES, limits)
    sent = []
    for line, item, keys, operation in drawn:
        payload = Payload(line, b"", item, keys, (), operation)
        sent += [(line, batch) for batch in batcher.add(payload)]
    sent += [(None, batch) for batch in batcher.drain()]
    return [
        (when, batch.kind, [versions(payload) for payload in batch.payloads])
        for when, batch in sent
    ]


SUPERSEDED_THEN_ANOTHER_KEYABLE = [
    (1, b'{"sourceId":"s","a":"x"}', (None, "s"), "upsert"),
    (2, b'{"sourceId":"s","a":"y"}', (None, "s"), "upsert"),
    (3, b'{"sourceId":"t"}', (None, "t"), "upsert"),
    (4, b'{"_id":"i","sourceId":"v"}', ("i", "v"), "upsert"),
]
"""The first is sent after all if the second is refused, and the last must be sent after it."""


@example(SUPERSEDED_THEN_ANOTHER_KEYABLE, 20, 8_000_000, "upsert")
@settings(max_examples=300)
@given(
    drawn=payloads(),
    rows=st.sampled_from([1, 2, 3, 5, 20, 20, 20]),
    size=st.sampled_from([60, 200, 8_000_000, 8_000_000]),
    mode=st.sampled_from(["upsert", "upsert", "create"]),
)
def test_the_shortcut_makes_the_same_batches(drawn, rows, size, mode):
    limits = WriteSettings(batch_size_rows=rows, batch_size_bytes=size, write_mode=mode)
    taken = count()

    class Watched(Batcher):
        def _add_unrelated(self, payload, forming):
            is_added = super()._add_unrelated(payload, forming)
            if is_added:
                next(taken)
            return is_added

    with_shortcut = batches(Watched, limits, drawn)
    event(f"shortcuts: {next(taken) > 0}")
    assert with_shortcut == batches(WithoutShortcut, limits, drawn)


@pytest.mark.parametrize("keyables", [ONE_KEYABLE, TWO_KEYABLES])
def test_the_common_case_takes_the_shortcut(keyables):
    taken = []

    class Watched(Batcher):
        def _add_unrelated(self, payload, forming):
            taken.append(super()._add_unrelated(payload, forming))
            return taken[-1]

    batcher = Watched(ISSUES, WriteSettings(batch_size_rows=5))
    for line, keys in enumerate(keyables):
        batcher.add(Payload(line, b"", b"{}", keys))
    # The first one begins the batch, and the last one fills it.
    assert taken == [True, True, True, False]

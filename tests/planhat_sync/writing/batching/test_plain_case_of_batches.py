"""The plain case of `Batches.add` is a short cut: with it and without it, the batches are the same.

The property in `test_batches_equal_one_by_one` is about a model whose keyables have scopes, where
the short cut is never taken; here it is, and the long way is known to be right from there.
"""

import json
from itertools import count

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from planhat_sync.models import load_models
from planhat_sync.writing.batching.batcher import Batcher
from planhat_sync.writing.records.payload import Payload
from planhat_sync.writing.settings import WriteSettings

ISSUES = load_models()["issues"]


class LongWay(Batcher):
    """Batches that never take the short cut."""

    def _add_apart(self, payload, forming):
        return False


ONE_NAME = [(None, source) for source in "stuvw"]
TWO_NAMES = [("i", "s"), ("j", "t"), ("k", "u"), ("l", "v"), ("m", "w")]
ANY_NAMES = [*ONE_NAME, *TWO_NAMES, ("i", "t"), ("i", None)]


@st.composite
def payloads(draw):
    """Payloads of few records, mostly named alike, some saying all that one before said."""
    made = []
    names = draw(st.sampled_from([ONE_NAME, TWO_NAMES]))
    for line in range(1, draw(st.integers(2, 14))):
        identifier, source = draw(st.sampled_from(names if line % 4 else ANY_NAMES))
        item = {} if identifier is None else {"_id": identifier}
        item |= {} if source is None else {"sourceId": source}
        item |= dict.fromkeys(draw(st.sampled_from(["a", "ab", "b", "abc"])), "x")
        operation = "delete" if draw(st.integers(0, 9)) == 9 else "upsert"
        made.append((line, json.dumps(item).encode(), (identifier, source), operation))
    return made


def versions(payload):
    return [each.line for each in (payload, *payload.earlier_versions())]


def batches(kind, limits, drawn):
    """What leaves, as lines: for each batch its payloads with those that they superseded."""
    waiting = kind(ISSUES, limits)
    left = []
    for line, item, keys, operation in drawn:
        payload = Payload(line, b"", item, keys, (), operation)
        left += [(line, batch) for batch in waiting.add(payload)]
    left += [(None, batch) for batch in waiting.drain()]
    return [
        (when, batch.kind, [versions(payload) for payload in batch.payloads])
        for when, batch in left
    ]


SUPERSEDED_THEN_ANOTHER_NAME = [
    (1, b'{"sourceId":"s","a":"x"}', (None, "s"), "upsert"),
    (2, b'{"sourceId":"s","a":"y"}', (None, "s"), "upsert"),
    (3, b'{"sourceId":"t"}', (None, "t"), "upsert"),
    (4, b'{"_id":"i","sourceId":"v"}', ("i", "v"), "upsert"),
]
"""The first may come back if the second is refused: then the last has to come after it."""


@example(SUPERSEDED_THEN_ANOTHER_NAME, 20, 8_000_000, "upsert")
@settings(max_examples=300)
@given(
    drawn=payloads(),
    rows=st.sampled_from([1, 2, 3, 5, 20, 20, 20]),
    size=st.sampled_from([60, 200, 8_000_000, 8_000_000]),
    mode=st.sampled_from(["upsert", "upsert", "create"]),
)
def test_the_short_cut_makes_the_same_batches(drawn, rows, size, mode):
    limits = WriteSettings(batch_size_rows=rows, batch_size_bytes=size, write_mode=mode)
    taken = count()

    class Watched(Batcher):
        def _add_apart(self, payload, forming):
            done = super()._add_apart(payload, forming)
            if done:
                next(taken)
            return done

    with_it = batches(Watched, limits, drawn)
    event(f"short cuts: {next(taken) > 0}")
    assert with_it == batches(LongWay, limits, drawn)

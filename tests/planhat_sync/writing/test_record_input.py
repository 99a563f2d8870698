"""Records that come together have the outcome of records that come as values, one by one."""

from dataclasses import replace
from functools import partial
from itertools import chain

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from record_texts import MODELS, SETTINGS, blocks, records
from recorded_pipeline import RecordedPipeline

from planhat_sync.runtime.stdin import InputError
from planhat_sync.writing.mapping.record_maps import NoMaps
from planhat_sync.writing.record_input import RecordInput, Values
from planhat_sync.writing.records.added_columns import SDC_COLUMNS
from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.records.received import Received
from planhat_sync.writing.results.states import Watermark


class Input:
    """A stream that is given records as a router does it, and what comes of them.

    Args:
        model: Name of the model.
        chosen: The user's settings.
        columns: What the source announces.
    """

    def __init__(self, model, chosen, columns):
        self.recorded = RecordedPipeline(MODELS, chosen, SDC_COLUMNS, Watermark())
        self.together = 0
        self._model = model
        self._pipeline = self.recorded.pipeline
        self._pipeline.streams[model].announce(columns)
        self._input = RecordInput(self._pipeline, NoMaps(), "--input")

    def take(self, received):
        """Take records together as far as possible, and the others as values."""
        at = 0
        while at < len(received.lines):
            taken = self._input.take(self._model, received, at)
            if not taken:
                self.take_values(received.records[at], received.lines[at], received.first + at)
            self._pipeline.send()
            self.together = max(self.together, taken)
            at += taken or 1

    def take_values(self, text, line, number):
        """Take one record as values."""
        made = partial(values_of, text, number)
        self._input.take_values(self._model, line, number, made)
        self._pipeline.send()

    def ended(self, steps):
        """Return all that comes of records."""
        error = self.recorded.run(steps)
        return self.recorded.events, self.recorded.counts, error


def values_of(text, number):
    try:
        return Values(decode(text), None)
    except ValueError as error:
        raise InputError(f"line {number} is not JSON") from error


def grouped(texts, sizes):
    """Return records in groups that come together."""
    lines, first = [b"line %d" % number for number, _ in enumerate(texts, 1)], 1
    for size in [*sizes, len(texts)]:
        some = slice(first - 1, first - 1 + size)
        yield Received(first, lines[some], texts[some])
        first += size


@pytest.mark.parametrize("model", ["issues", "objectives", "notes"])
@settings(max_examples=max(60, settings.default.max_examples))
@given(
    data=st.data(),
    chosen=SETTINGS,
    announced=st.booleans(),
    rows=st.sampled_from([5000, 7, 2]),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=3),
)
def test_records_that_come_together_end_as_records_taken_as_values(
    model, data, chosen, announced, rows, sizes
):
    assume(not chosen.match_on or {*chosen.match_on} & {*MODELS[model].keyables})
    some = records(model) | blocks(model) | blocks(model)
    texts = list(chain.from_iterable(data.draw(st.lists(some, max_size=3))))
    limits = replace(chosen, batch_size_rows=rows)
    columns = ["announced", "_sdc_extracted_at"] if announced else []
    together, alone = (Input(model, limits, columns) for _ in range(2))
    ended = together.ended(partial(together.take, each) for each in grouped(texts, sizes))
    assert ended == alone.ended(
        partial(alone.take_values, text, b"line %d" % number, number)
        for number, text in enumerate(texts, 1)
    )
    event(f"together: {min(together.together, 3)}")

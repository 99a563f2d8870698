"""A stream takes records as text or as values, and keeps the batches that they fill."""

from __future__ import annotations

import json
import logging

import pytest

from planhat_sync.errors import ConfigurationError
from planhat_sync.models import load_models
from planhat_sync.writing.records.added_columns import SDC_COLUMNS
from planhat_sync.writing.records.payload import Reject
from planhat_sync.writing.records.received import Received
from planhat_sync.writing.results.counts import RunCounts, StreamCounts
from planhat_sync.writing.settings import WriteSettings
from planhat_sync.writing.stream import SELDOM, TIMES_MORE, Stream, Streams

MODEL = load_models()["issues"]


@pytest.fixture
def counts():
    return StreamCounts()


@pytest.fixture
def make_stream(counts):
    def make(batch_size_rows):
        settings = WriteSettings(match_on=("sourceId",), batch_size_rows=batch_size_rows)
        made = Stream(MODEL, settings, counts, writer=None, warn=None, added=SDC_COLUMNS)
        made.announce(["sourceId", "title"])
        return made

    return make


@pytest.fixture
def stream(make_stream):
    return make_stream(2)


def text(number, **fields):
    record = {"sourceId": f"s{number}", "title": "t", **fields}
    return json.dumps(record, separators=(",", ":")).encode()


def received(first, *texts):
    return Received(first, [b"a line"] * len(texts), texts)


def take_all(stream, records):
    """Take records up to one that has to be taken as values; return how many at a time."""
    at, steps = 0, []
    while at < len(records.lines) and (taken := stream.take(records, at)):
        steps.append(taken)
        at += taken
    return steps


def lines_of(batches):
    return [[payload.line for payload in batch.payloads] for batch in batches]


def test_records_are_taken_into_the_batches_that_they_fill(stream, counts):
    assert take_all(stream, received(5, *map(text, range(5)))) == [5]
    assert counts.read == 5
    assert lines_of(stream.full) == [[5, 6], [7, 8]]
    assert lines_of(stream.release(all_batches=False)) == [[5, 6], [7, 8]]
    assert lines_of(stream.release(all_batches=False)) == []
    assert lines_of(stream.release(all_batches=True)) == [[9]]


def test_records_are_taken_up_to_one_that_the_fast_path_cannot_read(stream, counts):
    records = received(1, text(1), text(2, sourceId=7), text(3))
    assert stream.take(records, 0) == 1
    assert stream.take(records, 1) == 0
    assert counts.read == 1
    assert stream.take(records, 2) == 1
    assert counts.read == 2
    assert lines_of(stream.release(all_batches=True)) == [[1, 3]]


def test_more_are_tried_together_after_each_success_and_one_after_a_failure(make_stream, counts):
    stream = make_stream(5000)
    good, bad = list(map(text, range(1000))), text(1, title=5)
    records = received(1, *good, bad, *good)
    steps = take_all(stream, records)
    assert steps[:3] == [TIMES_MORE**at for at in range(1, 4)]
    assert sum(steps) == counts.read == 1000
    assert stream.take(records, 1000) == 0
    assert stream.take(records, 1001) == 1
    assert stream.take(records, 1002) == TIMES_MORE


def test_where_many_are_declined_in_a_row_only_some_are_tried(make_stream, counts):
    stream = make_stream(5000)
    bad = received(1, *[text(at, title=at) for at in range(SELDOM + 1)])
    good = received(100, *map(text, range(2 * SELDOM)))
    for at in range(SELDOM):
        assert stream.take(bad, at) == 0
    assert stream.take(bad, SELDOM) == 0  # the last one that is tried in vain
    assert [stream.take(good, at) for at in range(SELDOM)] == [0] * (SELDOM - 1) + [1]
    assert take_all(stream, received(300, *map(text, range(100)))) == [8, 64, 28]
    assert counts.read == 101
    # Fewer than that do not count, however often they come.
    for number in range(SELDOM):
        for at in range(SELDOM - 1):
            assert stream.take(bad, at) == 0
        assert stream.take(good, number) == 1


def test_the_oldest_line_waits_here_until_its_batch_is_released(stream):
    assert stream.oldest_line is None
    records = received(3, text(1), text(2))
    assert take_all(stream, records) == [2]
    assert stream.full
    assert stream.oldest_line == 3
    stream.take_record({"sourceId": "s3", "title": "t"}, b"", 9)
    assert stream.oldest_line == 3
    stream.release(all_batches=False)
    assert stream.oldest_line == 9
    stream.release(all_batches=True)
    assert stream.oldest_line is None


def test_the_oldest_line_of_a_block_is_its_first(make_stream):
    stream = make_stream(5000)
    assert stream.take(received(3, *map(text, range(6))), 1) == 5
    assert stream.oldest_line == 4
    stream = make_stream(10)
    records = received(3, *map(text, range(12)))
    assert take_all(stream, records) == [8, 4]
    assert lines_of(stream.release(all_batches=False)) == [list(range(3, 13))]
    assert stream.oldest_line == 13
    stream.release(all_batches=True)
    assert take_all(stream, received(40, *map(text, range(4)))) == [4]
    assert stream.oldest_line == 40


def test_a_record_as_values_is_taken_rejected_or_skipped_and_counted(stream, counts):
    assert stream.take_record({"sourceId": 7, "title": "t"}, b"", 1) is None
    assert isinstance(stream.take_record({"title": "No key"}, b"", 2), Reject)
    deleted = {"sourceId": "s", "_sdc_deleted_at": "2026-01-01T00:00:00Z"}
    assert stream.take_record(deleted, b"", 3) is None
    assert (counts.read, counts.skipped) == (3, 1)
    assert lines_of(stream.release(all_batches=True)) == [[1]]


def test_a_model_that_is_only_read_has_no_stream():
    models = load_models()
    streams = Streams(
        models, WriteSettings(), RunCounts(), lambda _: None, logging.getLogger("x"), SDC_COLUMNS
    )
    read_only = [name for name, model in models.items() if model.access == "read"]
    assert read_only
    for name in read_only:
        with pytest.raises(ConfigurationError, match=f"{name} can only be read"):
            streams[name]

"""A stream takes records as lines or as values, and stops when a batch is full."""

from __future__ import annotations

import json
import logging

import pytest

from planhat_sync.errors import ConfigurationError
from planhat_sync.models import load_models
from planhat_sync.runtime.stdin import Lines
from planhat_sync.writing.records.payload import Reject
from planhat_sync.writing.results.counts import RunCounts, StreamCounts
from planhat_sync.writing.settings import WriteSettings
from planhat_sync.writing.stream import Stream, Streams
from target_planhat.run import RECORD_FORM

MODEL = load_models()["issues"]


@pytest.fixture
def counts():
    return StreamCounts()


@pytest.fixture
def stream(counts):
    settings = WriteSettings(match_on=("sourceId",), batch_size_rows=2)
    made = Stream(MODEL, settings, counts, writer=None, warn=None, form=RECORD_FORM)
    made.announce(["sourceId", "title"])
    return made


def line(number, **fields):
    record = {"sourceId": f"s{number}", "title": "t", **fields}
    message = {"type": "RECORD", "stream": "issues", "record": record}
    return json.dumps(message, separators=(",", ":")).encode()


def lines_of(batches):
    return [[payload.line for payload in batch.payloads] for batch in batches]


def test_lines_are_taken_up_to_the_one_that_fills_a_batch(stream, counts):
    lines = Lines(5, [line(number) for number in range(5)])
    assert stream.take_lines(lines, 0) == 2
    assert counts.read == 2
    assert lines_of(stream.full) == [[5, 6]]
    assert lines_of(stream.release(all_batches=False)) == [[5, 6]]
    assert stream.take_lines(lines, 2) == 2
    assert lines_of(stream.release(all_batches=False)) == [[7, 8]]
    assert stream.take_lines(lines, 4) == 1
    assert lines_of(stream.release(all_batches=False)) == []
    assert lines_of(stream.release(all_batches=True)) == [[9]]


def test_lines_are_taken_up_to_one_that_the_fast_path_cannot_read(stream, counts):
    lines = Lines(1, [line(1), line(2, sourceId=7), line(3)])
    assert stream.take_lines(lines, 0) == 1
    assert stream.take_lines(lines, 1) == 0
    assert counts.read == 1


def test_the_oldest_line_waits_here_until_its_batch_is_released(stream):
    assert stream.oldest_line is None
    lines = Lines(3, [line(1), line(2)])
    assert stream.take_lines(lines, 0) == 2
    assert stream.full
    assert stream.oldest_line == 3
    stream.take_record({"sourceId": "s3", "title": "t"}, b"", 9)
    assert stream.oldest_line == 3
    stream.release(all_batches=False)
    assert stream.oldest_line == 9
    stream.release(all_batches=True)
    assert stream.oldest_line is None


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
        models, WriteSettings(), RunCounts(), lambda _: None, logging.getLogger("x"), RECORD_FORM
    )
    read_only = [name for name, model in models.items() if model.access == "read"]
    assert read_only
    for name in read_only:
        with pytest.raises(ConfigurationError, match=f"{name} are only read"):
            streams[name]

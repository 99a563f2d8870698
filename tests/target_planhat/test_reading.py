"""Reading stdin: lines are complete in any chunks, and records are sent when the input pauses."""

from __future__ import annotations

import contextlib
import io
import os
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from under_way import until, waiting_in

from planhat_sync.api.connection import Connection
from planhat_sync.runtime.signals import Stop
from planhat_sync.runtime.stdin import CHUNK_BYTES, read_lines
from target_planhat.run import Run
from target_planhat.stream_maps import StreamMaps
from target_planhat.target import TargetPlanhat


def numbered(source, stop=None):
    return [
        (lines.first + at, line)
        for lines in read_lines(source, stop or Stop("target-planhat"), 5)
        for at, line in enumerate(lines.lines)
    ]


class Chunks(io.RawIOBase):
    """A source that returns its bytes in given pieces; None is nothing for now."""

    def __init__(self, pieces):
        self._pieces = list(pieces)

    def read(self, _size=-1):
        return self._pieces.pop(0) if self._pieces else b""


@given(
    lines=st.lists(st.binary(max_size=5).map(lambda line: line.replace(b"\n", b"")), max_size=20),
    cuts=st.lists(st.integers(1, 9), max_size=40),
    ends=st.booleans(),
)
def test_lines_are_complete_and_numbered_however_the_input_is_cut(lines, cuts, ends):
    data = b"\n".join(lines) + (b"\n" if ends and lines else b"")
    pieces = []
    for cut in cuts:
        pieces.append(data[:cut])
        data = data[cut:]
    pieces = [piece for piece in [*pieces, data] if piece]
    expected = list(enumerate(lines, 1))
    if not (ends and lines) and expected and not expected[-1][1]:
        expected.pop()  # nothing after the last line end is not a line
    assert numbered(Chunks(pieces)) == expected


@pytest.mark.parametrize("text", [False, True])
def test_an_input_without_a_descriptor_that_has_nothing_for_now_is_idle(text):
    pieces = [None, b"one\ntw", None, None, b"o\n", None]
    pieces = [piece and piece.decode() for piece in pieces] if text else pieces
    read = [lines.lines for lines in read_lines(Chunks(pieces), Stop("target-planhat"), 5)]
    idle = ()
    assert read == [idle, [b"one"], idle, idle, [b"two"], idle]


def test_a_stop_ends_the_reading_of_an_input_that_is_idle():
    stop = Stop("target-planhat")
    lines = read_lines(Chunks([b"one\n", None, None, b"two\n"]), stop, 5)
    assert [next(lines).lines, next(lines).lines] == [[b"one"], ()]
    stop.request(15)
    assert list(lines) == []


@pytest.mark.parametrize("source", ["file", "pipe", "text", "bytes"])
def test_every_kind_of_input_is_read_alike(tmp_path, source):
    data = b"".join(b'{"n":%d,"x":"\xc3\xa9"}\n' % number for number in range(100_000))
    assert len(data) > 2 * CHUNK_BYTES / 2
    path = tmp_path / "input"
    path.write_bytes(data)
    with contextlib.ExitStack() as stack:
        if source == "pipe":
            readable, writable = os.pipe()
            stream = stack.enter_context(open(readable, "rb"))  # noqa: PTH123 - a descriptor
            sink = open(writable, "wb")  # noqa: PTH123, SIM115 - closed by the thread
            thread = threading.Thread(target=lambda: (sink.write(data), sink.close()))
            thread.start()
            stack.callback(thread.join)
        else:
            opened = {
                "file": lambda: path.open("rb"),
                "text": lambda: path.open(encoding="utf-8"),
                "bytes": lambda: io.BytesIO(data),
            }
            stream = stack.enter_context(opened[source]())
        lines = numbered(stream)
    assert len(lines) == 100_000
    assert lines[-1] == (100_000, '{"n":99999,"x":"\u00e9"}'.encode())


def test_a_stop_ends_a_wait_for_input_and_half_a_line_is_not_read():
    readable, writable = os.pipe()
    stop = Stop("target-planhat")
    with open(readable, "rb") as source, open(writable, "wb", buffering=0) as sink:  # noqa: PTH123
        sink.write(b'{"type":"RECORD"}\n{"half')

        def ask_once_all_is_read():
            until(lambda: not waiting_in(source))
            stop.request(15)

        asking = threading.Thread(target=ask_once_all_is_read)
        asking.start()
        assert numbered(source, stop) == [(1, b'{"type":"RECORD"}')]
        asking.join()


class Feed:
    """A target that reads a pipe in a separate thread, and waits only briefly for more."""

    def __init__(self, bench, *, idle_seconds, longest_wait_seconds=60, **config):
        target = TargetPlanhat(config=bench.config(**config))
        run = Run(
            target.settings,
            Connection.from_config(target.config),
            target.models,
            StreamMaps(target.mapper),
            version="0",
            idle_seconds=idle_seconds,
            longest_wait_seconds=longest_wait_seconds,
        )
        readable, writable = os.pipe()
        self.source = open(readable, "rb")  # noqa: PTH123, SIM115 - closed below
        self.sink = open(writable, "wb", buffering=0)  # noqa: PTH123, SIM115 - closed below
        self._thread = threading.Thread(target=run.perform, args=(self.source,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.sink.close()
        self._thread.join()
        self.source.close()


def test_what_waits_is_sent_when_the_input_is_quiet(bench, capsys):
    company = bench.company()
    record = bench.record(sourceId="a", title="t", companyIds=[company])

    def issues():
        return bench.sandbox.tenant("alpha").records("issues")

    with Feed(bench, idle_seconds=0.2) as feed:
        feed.sink.write(bench.lines([bench.schema(), record, bench.state(1)]))
        until(issues)
    assert capsys.readouterr().out == '{"bookmarks": {"at": 1}}\n'


def test_the_state_after_batches_in_flight_is_printed_when_the_input_is_quiet(bench, capsys):
    company = bench.company()
    records = [bench.record(sourceId=each, title="t", companyIds=[company]) for each in "abcd"]
    bench.sandbox.fault("slow", route="bulk", seconds=0.3)
    printed: list[str] = []

    def is_printed():
        printed.append(capsys.readouterr().out)
        return any(printed)

    with Feed(bench, idle_seconds=0.1, batch_size_rows=2, concurrency=2) as feed:
        feed.sink.write(bench.lines([bench.schema(), *records, bench.state(1)]))
        until(is_printed)
    assert "".join(printed) == '{"bookmarks": {"at": 1}}\n'


def test_a_record_does_not_wait_for_ever_while_others_keep_coming(bench):
    company = bench.company()

    def issues():
        return bench.sandbox.tenant("alpha").records("issues")

    with Feed(bench, idle_seconds=600, longest_wait_seconds=0.5) as feed:
        feed.sink.write(bench.lines([bench.schema()]))
        began = time.monotonic()
        number = 0
        while not issues():
            number += 1
            record = bench.record(sourceId=f"s{number}", title="t", companyIds=[company])
            feed.sink.write(bench.lines([record]))
            time.sleep(0.02)
            assert time.monotonic() - began < 300  # before the input counts as quiet
    assert len(issues()) == number


def test_rejects_are_on_disk_when_the_input_is_quiet(bench):
    with Feed(bench, idle_seconds=0.2, on_reject="continue") as feed:
        feed.sink.write(bench.lines([bench.schema(), bench.record(title="No key")]))
        until(bench.rejects)

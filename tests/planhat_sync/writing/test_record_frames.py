"""Lines that look alike are read together, with the result of reading each as a message."""

import logging
import re
from functools import partial

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from recorded_pipeline import RecordedPipeline

from airbyte_planhat.destination import input as airbyte
from airbyte_planhat.destination.router import Router as DestinationRouter
from airbyte_planhat.destination.states import StateForm
from airbyte_planhat.destination.streams import COLUMNS, DestinationStream, DestinationStreams
from planhat_sync.models import load_models
from planhat_sync.runtime.stdin import Lines
from planhat_sync.writing.input_messages import NotJSONError
from planhat_sync.writing.mapping.mapped_streams import MappedStreams
from planhat_sync.writing.mapping.mappings import Mappings
from planhat_sync.writing.mapping.record_maps import NoMaps
from planhat_sync.writing.record_frames import RecordFrames
from planhat_sync.writing.record_input import RecordInput
from planhat_sync.writing.records.added_columns import SDC_COLUMNS
from planhat_sync.writing.results.every_state import EveryState
from planhat_sync.writing.results.states import Watermark
from planhat_sync.writing.settings import WriteSettings
from target_planhat import messages as singer
from target_planhat.completeness import Completeness
from target_planhat.final_state import FinalState
from target_planhat.router import Router as TargetRouter

MODELS = load_models()
PROBE = '{"a record":"stands here"}'
REJECT = '{"code":"wrong_type","rejected_at":"2026-01-01T00:00:00.000Z"}'


class ReadsEachLine(RecordFrames):
    """Never finds a record without reading its line."""

    def learn(self, line, message):
        """Learn nothing."""


def written_by_target(chunks, limits, frames, maps=None):
    """Let the target's router handle lines; return all that comes of it."""
    maps = maps or NoMaps()
    recorded = RecordedPipeline(MODELS, limits, SDC_COLUMNS, Watermark())
    pipeline, final_state, completeness = recorded.pipeline, FinalState(), Completeness(0.0)
    record_input = RecordInput(pipeline, maps, "--input")
    router = TargetRouter(pipeline, record_input, maps, {}, final_state, completeness)
    router._frames = frames(singer.PROTOCOL)
    error = recorded.run([partial(router.handle, lines) for lines in chunks])
    if error is not None:
        return recorded.events, recorded.counts, error, final_state.is_present
    final_state.end()
    ended = (final_state.last_record, final_state.is_present, final_state.is_continued)
    return recorded.events, recorded.counts, error, ended, completeness.sources(10.0)


def written_by_destination(chunks, limits, frames):
    """Let the destination's router handle lines; return all that comes of it."""
    states = EveryState(StateForm())
    recorded = RecordedPipeline(
        MODELS,
        limits,
        COLUMNS,
        states,
        lambda _stream, line, raw, _why: states.add_reject(airbyte.key_of(raw), line),
    )
    pipeline = recorded.pipeline
    keys = [(None, "issues"), (None, "objectives"), ("n", "issues")]
    streams = [DestinationStream(key, MODELS[key[1]], ["title", "colour"]) for key in keys]
    destination = DestinationStreams(streams)
    destination.announce(pipeline)
    record_input = RecordInput(pipeline, NoMaps(), "<")
    router = DestinationRouter(pipeline, record_input, destination, states)
    router._frames = frames(airbyte.PROTOCOL)
    error = recorded.run([partial(router.handle, lines) for lines in chunks])
    return recorded.events, recorded.counts, error


SHORT = st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h"])
RECORDS = [
    '{"sourceId":"%s"}',
    '{"sourceId":"%s"}',
    '{"sourceId":"%s","title":"t","companyIds":[]}',
    '{"sourceId":"%s","custom":{"a":{"b":{}}}}',
    '{"sourceId": "%s", "title": "}}"}',
    '{"sourceId":"%s","title":"},\\"time_extracted\\":\\"}"}',
    '{"sourceId":"%s","title":"}},\\"emitted_at\\":1}"}',
    ' {"sourceId":"%s"} ',
    '{"_id":"61006bc89a3e0b702ed8ea49","sourceId":"%s"}',
    '{"sourceId":"%s","updatedAt":"2026-01-01","colour":{}}',
]
ODD_RECORDS = [
    '{"sourceId":"%s","title":5,"archived":"yes"}',
    '{"sourceId":"%s","archived":"maybe"}',
    '{"title":"%s"}',
    '{"sourceId":"%s","health":NaN}',
    '{"sourceId":"%s","custom":{"a":NaN}}',
    '{"sourceId":"%s","title":"\\ud800"}',
    '{"sourceId":"%s"',
    '{"sourceId":"%s"}}',
    '"%s"',
    "null",
    "",
    PROBE,
    # Each of these closes the record, and goes on with fields of the message.
    '{"sourceId":"%s"},"record":{"sourceId":"r"}',
    '{"sourceId":"%s"},"data":{"sourceId":"r"}',
    '{"sourceId":"%s"},"record":null,"data":{}',
    '{"sourceId":"%s"},"stream":"objectives","x":{}',
    '{"sourceId":"%s"},"stream":"unknown","x":{}',
    '{"sourceId":"%s"},"namespace":"n","x":{}',
    '{"sourceId":"%s"},"type":"STATE","value":{}',
    '{"sourceId":"%s"}},"type":"LOG","x":{"y":{}',
    '{"sourceId":"%s"},"type":"LOG","x":{}',
    '{"sourceId":"%s"},"reject":' + REJECT,
    '{"sourceId":"%s"}},"reject":' + REJECT + ',"x":{"y":{}',
    '{"sourceId":"%s"},"time_extracted":"2026-01-01","x":{}',
]
EXTRA = [
    ("time_extracted", '"2026-01-0%d"'),
    ("time_extracted", '"2026-01-0%d"'),
    ("version", "%d"),
    ("namespace", "null"),
    ("namespace", '"n"'),
    ("emitted_at", "%d"),
    ("emitted_at", "%d"),
    ("meta", '{"changes":[{}]}'),
    ("x", "NaN"),
    ("x", '"{ }"'),
    ("reject", REJECT),
    ("type", '"STATE"'),
    ("type", '"RECORD"'),
    ("stream", '"objectives"'),
    ("record", '{"sourceId":"r"}'),
    ("record", PROBE),
    ("data", PROBE),
    ("data", '{"sourceId":"r"}'),
    ("namespace", '"%d"'),
    ("stream", '"%d"'),
]
ORDERS = [("type", "stream", "RECORD"), ("stream", "RECORD", "type"), ("RECORD", "type", "stream")]


@st.composite
def shapes(draw, protocol):
    """Draw how lines of a stream look: a text with `%s` for the record and `%d` for a digit."""
    record = {singer: "record", airbyte: "data"}[protocol]
    comma, colon = draw(st.sampled_from([(",", ":"), (",", ":"), (", ", ": ")]))
    stream = draw(st.sampled_from(['"issues"', '"issues"', '"objectives"']))
    usual = {"type": '"RECORD"', "stream": stream, "RECORD": "%s"}
    fields = [(name, usual[name]) for name in (ORDERS[0] if draw(OFTEN) else draw(ORDER))]
    for extra in draw(st.lists(st.sampled_from(EXTRA[:7] if draw(OFTEN) else EXTRA), max_size=2)):
        fields.insert(len(fields) if draw(OFTEN) else draw(st.integers(0, len(fields))), extra)
    if protocol is airbyte:
        outer = ("type", "reject")
        inside = [field for field in fields if field[0] not in outer]
        fields = [field for field in fields if field[0] in outer]
        inner = comma.join(f'"{name}"{colon}{text}' for name, text in inside)
        at = 1 if draw(OFTEN) else draw(st.integers(0, len(fields)))
        fields.insert(at, ("record", "{" + inner + "}"))
    text = comma.join(f'"{name}"{colon}{text}' for name, text in fields)
    end = draw(st.sampled_from(["", "", "", "\r", " "]))
    return ("{" + text + "}" + end).replace('"RECORD"' + colon + "%s", f'"{record}"{colon}%s')


OFTEN = st.sampled_from([True, True, True, False])
RARELY = st.sampled_from([False] * 9 + [True])
ORDER = st.sampled_from(ORDERS)
SINGER_OTHERS = [
    '{"type":"SCHEMA","stream":"issues","schema":{"properties":{"colour":{}}}}',
    '{"type":"SCHEMA","stream":"unknown","schema":{}}',
    '{"type":"STATE","value":{"at":1}}',
    '{"type":"STATE","value":{"at":2}}',
    '{"type":"STATE"}',
    '{"type":"ACTIVATE_VERSION","stream":"issues","version":1}',
]
AIRBYTE_OTHERS = [
    '{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"issues"}}}}',
    '{"type":"STATE","state":{"type":"LEGACY","data":{}}}',
    '{"type":"STATE","state":{"type":"LEGACY","data":NaN}}',
    '{"type":"TRACE","trace":{}}',
    '{"type":"RECORD"}',
]
OTHERS = ["", "  ", "\r", "{}", "not JSON", '{"type":"LOG","log":{}}']
SINGER_START = [
    b'{"type":"SCHEMA","stream":"%b","schema":{"properties":{}}}' % stream
    for stream in (b"issues", b"objectives")
]


@st.composite
def inputs(draw, protocol):
    """Draw the lines of an input, in chunks; most lines hold records, and look alike."""
    others = OTHERS + {singer: SINGER_OTHERS, airbyte: AIRBYTE_OTHERS}[protocol]
    looks = draw(st.lists(shapes(protocol), min_size=1, max_size=2))
    looks += looks[:1] * 4
    lines = [] if protocol is airbyte or draw(RARELY) else list(SINGER_START)
    are_odd = draw(st.booleans())
    for _ in range(draw(st.integers(1, 14))):
        if are_odd and draw(RARELY):
            line = draw(st.sampled_from(others))
        else:
            record = draw(st.sampled_from(ODD_RECORDS if are_odd and draw(RARELY) else RECORDS))
            look = draw(st.sampled_from(looks)).replace("%d", str(draw(st.integers(1, 3))))
            line = look.replace("%s", record.replace("%s", draw(SHORT)))
        data = line.encode()
        if are_odd and draw(RARELY):
            at = draw(st.integers(0, len(data)))
            dirt = draw(st.sampled_from([b"\xff", b"\xc3", b"\x00", b'"', b"}", b"{}", b",", b" "]))
            data = data[:at] + dirt + data[at + draw(st.integers(0, 2)) :]
        lines.append(data)
    has_end = True
    if draw(RARELY):
        lines[-1], has_end = lines[-1][: draw(st.integers(1, len(lines[-1]) or 1))], False
    sizes = draw(st.lists(st.integers(1, 9), min_size=3, max_size=3))
    return chunked(lines, sizes, has_end=has_end)


def chunked(lines, sizes=(), *, has_end=True):
    """Return lines as they are read together; the last one may lack a line end."""
    rest, first, chunks = list(lines), 1, []
    whole = len(rest) if has_end else len(rest) - 1
    while first <= whole:
        size = min(sizes[len(chunks)] if len(chunks) < len(sizes) else whole, whole - first + 1)
        chunks.append(Lines(first, rest[first - 1 : first - 1 + size]))
        first += size
    return chunks if has_end else [*chunks, Lines(first, rest[-1:], has_end=False)]


LIMITS = st.sampled_from(
    [
        WriteSettings(match_on=("sourceId",)),
        WriteSettings(match_on=("sourceId",), batch_size_rows=3),
        WriteSettings(missing_key="create", batch_size_rows=2, batch_size_bytes=150),
    ]
)
WRITTEN = {singer: written_by_target, airbyte: written_by_destination}


def assert_alike(protocol, chunks, limits):
    """Check that lines have the same result together as each on its own; count those together."""
    together = []

    class Watched(RecordFrames):
        def read(self, lines):
            for stream, received in super().read(lines):
                together.append(0 if stream is None else len(received.lines))
                yield stream, received

    written = WRITTEN[protocol]
    assert written(chunks, limits, Watched) == written(chunks, limits, ReadsEachLine)
    return sum(together)


LOOKS = {
    singer: [
        '{"type":"RECORD","stream":"issues","record":%s}',
        '{"type": "RECORD", "stream": "issues", "record": %s, "time_extracted": "2026-01-0%d"}',
        '{"record":%s,"version":%d,"type":"RECORD","stream":"issues"}\r',
    ],
    airbyte: [
        '{"type":"RECORD","record":{"stream":"issues","data":%s,"emitted_at":%d}}',
        '{"type": "RECORD", "record": {"stream": "issues", "data": %s}}',
    ],
}
EACH_LOOK = [(protocol, look) for protocol, looks in LOOKS.items() for look in looks]


MAPPINGS = [{"stream": "issues", "model": "issues", "set": {"sourceId": "sourceId"}}]


@pytest.mark.parametrize("record", ODD_RECORDS)
def test_mapped_records_are_read_between_others_as_they_are_alone(record):
    lines = alike(LOOKS[singer][1], singer, record.replace("%s", "odd"))
    limits, chunks = WriteSettings(match_on=("sourceId",)), chunked(lines)
    mappings = Mappings.from_config(MAPPINGS, MODELS, match_on=("sourceId",))
    maps = MappedStreams(mappings, singer.stream_of, logging.getLogger("mapped"))
    together, alone = (
        written_by_target(chunks, limits, frames, maps) for frames in (RecordFrames, ReadsEachLine)
    )
    assert together == alone
    assert together[0]


STATE = {
    singer: b'{"type":"STATE","value":{"at":1}}',
    airbyte: b'{"type":"STATE","state":{"stream":{"stream_descriptor":{"name":"issues"}}}}',
}


def alike(look, protocol, *odd):
    """Return lines that look alike, some of them with odd records, and a state behind them."""
    usual = [f'{{"sourceId":"{name}"}}' for name in "abcdefg"]
    lines = [look.replace("%s", text) for text in (*usual[:4], *odd, *usual[4:])]
    lines = [line.replace("%d", str(1 + at % 2)).encode() for at, line in enumerate(lines)]
    return [*([] if protocol is airbyte else SINGER_START), *lines, STATE[protocol]]


@pytest.mark.parametrize("record", [*RECORDS, *ODD_RECORDS])
@pytest.mark.parametrize(("protocol", "look"), EACH_LOOK)
def test_a_record_of_any_kind_is_read_between_others_as_it_is_alone(protocol, look, record):
    lines = alike(look, protocol, record.replace("%s", "odd"))
    limits = WriteSettings(match_on=("sourceId",), batch_size_rows=5)
    assert assert_alike(protocol, chunked(lines), limits) >= 2


@pytest.mark.parametrize(
    "value",
    [
        *[
            "7",
            "0",
            "01",
            "-1",
            "1.5",
            "1e9",
            "9" * 40,
            "1 ",
            "NaN",
            "null",
            "",
            "5 5",
            "{}",
            "[1]",
        ],
        *['"1"', '""', '"2026-02-03T04:05:06+00:00"', '"\\u0031"', '"\\"', '"1", "x": "2"', '"}"'],
    ],
)
@pytest.mark.parametrize(("protocol", "look"), [each for each in EACH_LOOK if "%d" in each[1]])
def test_another_value_beside_a_record_is_read_as_it_is_alone(protocol, look, value):
    usual, limits = alike(look, protocol), WriteSettings(match_on=("sourceId",))
    odd = re.sub('(?<= )"[^"]*%d"|%d', lambda _: value, look).replace("%s", '{"sourceId":"odd"}')
    assert_alike(protocol, chunked([*usual, odd.encode(), *usual[3:]]), limits)


def test_blank_lines_are_left_out():
    look, limits = LOOKS[singer][0], WriteSettings(match_on=("sourceId",))
    usual = alike(look, singer)
    lines = [b"", *usual[:5], b" ", *usual[5:], b"\t\r", b""]
    events, counts, error, *_ = written_by_target(chunked(lines), limits, RecordFrames)
    assert (error, counts["issues"][0], len(events)) == (None, 7, 2)


ENDS = [
    b',"stream":"objectives"',
    b',"stream":"unknown"',
    b',"namespace":"n"',
    b',"record":{"sourceId":"r"}',
    b',"data":{"sourceId":"r"}',
    b',"record":%b' % PROBE.encode(),
    b',"data":%b' % PROBE.encode(),
    b',"record":null',
    b',"x":{"y":{}}',
    b',"x":"\xff"',
    b',"x":NaN',
    b',"x":5 5',
    b',"x":"%b"' % (b"long" * 300),
]
OUTER_ENDS = [b',"type":"STATE"', b',"type":"LOG"', b',"reject":%b' % REJECT.encode()]


@pytest.mark.parametrize("end", [*ENDS, *OUTER_ENDS])
@pytest.mark.parametrize(("protocol", "look"), EACH_LOOK)
def test_a_line_that_ends_otherwise_is_read_as_it_is_alone(protocol, look, end):
    usual, limits = alike(look, protocol), WriteSettings(match_on=("sourceId",))
    record = PROBE.encode() if PROBE.encode() in end else b'{"sourceId":"odd"}'
    odd = ended(look, end, record)
    odder = ended(look, end, b'{"sourceId":"odder"}')
    as_long = b',"x":"%b"' % (b"x" * max(len(end) - 7, 0))
    before = [ended(look, as_long, line) for line in (b'{"sourceId":"a"}', b'{"sourceId":"b"}')]
    for lines in (
        [*usual, odd],
        [*usual, odd, odd, odder, odder, *usual[3:]],
        [*usual[:2], *before, *before, odd, *before],
    ):
        assert_alike(protocol, chunked(lines), limits)


def ended(look, end, record):
    """Return a line with more fields behind its record: of the message, or beside the stream."""
    line = look.encode().replace(b"%d", b"1")
    at = line.rindex(b"}")
    if line.count(b"}") > 1 and end not in OUTER_ENDS:
        at = line.rindex(b"}", 0, at)
    return (line[:at] + end + line[at:]).replace(b"%s", record)


@settings(max_examples=max(100, settings.default.max_examples))
@given(
    st.sampled_from(EACH_LOOK),
    st.sampled_from([b"\xff", b"\xed\xa0\x80", b"\x00", b"\\", b'"', b"}", b"{", b" "]),
    st.integers(0, 110),
)
def test_a_byte_too_many_anywhere_is_noticed_as_it_is_alone(protocol_and_look, dirt, at):
    protocol, look = protocol_and_look
    line = look.replace("%s", '{"sourceId":"odd","custom":{"a":{}}}').replace("%d", "1").encode()
    usual = alike(look, protocol)
    lines = [*usual, line[:at] + dirt + line[at:], *usual[2:]]
    assert_alike(protocol, chunked(lines), WriteSettings(match_on=("sourceId",)))


@pytest.mark.parametrize(("protocol", "look"), EACH_LOOK)
def test_a_line_that_is_cut_anywhere_is_noticed_as_it_is_alone(protocol, look):
    line = look.replace("%s", '{"sourceId":"odd","custom":{"a":{}}}').replace("%d", "1").encode()
    for at in [1, 9, *range(len(line) - 12, len(line) + 1)]:
        lines = [*alike(look, protocol), line[:at]]
        chunks, limits = chunked(lines, has_end=False), WriteSettings(match_on=("sourceId",))
        assert_alike(protocol, chunks, limits)
        if protocol is singer and at < len(line.rstrip()):
            _, _, error, has_final_state = written_by_target(chunks, limits, RecordFrames)
            assert (error[0], has_final_state) == (NotJSONError, False)


def found(frames, lines):
    """Return which lines need not be read: their streams, and how many follow each other."""
    return [
        (stream, len(received.lines))
        for stream, received in frames.read(Lines(1, lines))
        if stream is not None
    ]


def learned(protocol, *lines):
    frames = RecordFrames(protocol.PROTOCOL)
    for line in lines:
        frames.learn(line, protocol.READER.read(line, 1))
    return frames


@pytest.mark.parametrize(
    "look",
    [
        b'{"type":"RECORD","stream":"s","record":{"a":1},"version":%d,"time_extracted":"%b"}',
        b'{"type": "RECORD", "stream": "s", "time_extracted": "%b", "record": {"a": 1}}',
        b'{"record":{"a":{}},"version":%d,"stream":"s","time_extracted":"%b","type":"RECORD"}',
    ],
)
def test_lines_that_differ_in_times_and_numbers_are_found_together(look):
    times = [b"2026-01-01T00:00:%02d.%06d+00:00" % (at, 7919 * at) for at in range(9)]
    lines = [look % ((10**at, time) if b"%d" in look else time) for at, time in enumerate(times)]
    assert found(learned(singer, *lines[:2]), lines) == [("s", 9)]
    assert found(learned(singer, lines[0]), lines) == []


@pytest.mark.parametrize("record", ['{"a":1}', PROBE])
def test_another_object_that_equals_the_record_is_not_taken_for_it(record):
    line = b'{"type":"RECORD","stream":"s","x":%b,"record":%b}' % (record.encode(), record.encode())
    assert found(learned(singer, line, line), [line]) == []


def test_each_stream_has_its_own_lines():
    look = b'{"type":"RECORD","stream":"%b","record":{"a":1}}'
    lines = [look % stream for stream in (b"s", b"t", b"s", b"t", b"t", b"u")]
    frames = learned(singer, *lines)
    assert found(frames, lines) == [("s", 1), ("t", 1), ("s", 1), ("t", 2)]


@pytest.mark.parametrize(
    ("protocol", "look"),
    [
        (singer, b'{"type":"RECORD","stream":"%d","record":{}}'),
        (singer, b'{"type":"RECORD","record":{},"stream":"%d"}'),
        (airbyte, b'{"type":"RECORD","record":{"stream":"s","data":{},"namespace":"%d"}}'),
        (airbyte, b'{"type":"RECORD","record":{"namespace":"%d","stream":"s","data":{}}}'),
    ],
)
def test_a_stream_whose_name_looks_like_a_time_is_not_taken_for_another(protocol, look):
    for number in (1, 2, 2026):
        frames = learned(protocol, look % number, look % number)
        assert found(frames, [look % number, look % 3]) == []


@settings(max_examples=max(100, settings.default.max_examples))
@given(inputs(singer), LIMITS)
def test_the_target_reads_lines_together_as_it_reads_each(chunks, limits):
    event(f"together: {min(assert_alike(singer, chunks, limits), 3)}")


@settings(max_examples=max(100, settings.default.max_examples))
@given(inputs(airbyte), LIMITS)
def test_the_destination_reads_lines_together_as_it_reads_each(chunks, limits):
    event(f"together: {min(assert_alike(airbyte, chunks, limits), 3)}")


class WatchedLine(bytes):
    """Counts how often lines are looked at."""

    looks = 0

    def startswith(self, *args):
        WatchedLine.looks += 1
        return super().startswith(*args)

    def endswith(self, *args):
        WatchedLine.looks += 1
        return super().endswith(*args)


OF_ISSUES = b'{"type":"RECORD","stream":"issues","record":{"sourceId":"a"}%b}'


@pytest.mark.parametrize(
    "other",
    [
        OF_ISSUES.replace(b"issues", b"companies") % b"",
        b'{"type":"STATE","value":1}',
        OF_ISSUES % b',"time_extracted":"-"',
        b"",
    ],
)
def test_lines_among_which_few_look_alike_are_looked_at_a_few_times_each(other):
    line = OF_ISSUES % b',"version":1'
    lines = [WatchedLine(each) for _ in range(500) for each in (line, other)]
    frames = RecordFrames(singer.PROTOCOL)
    for _ in range(2):
        frames.learn(line, singer.READER.read(line, 1))
    WatchedLine.looks = 0
    for _ in frames.read(Lines(1, lines)):
        pass
    assert WatchedLine.looks < 10 * len(lines)

"""The reject file is complete and on disk before a state that covers it, and can be replayed."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.errors import ConfigurationError
from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.records.payload import Reject, RejectCode
from planhat_sync.writing.results.reject_file import (
    RejectedRecord,
    RejectFile,
    RejectFileError,
)
from planhat_sync.writing.results.reject_message import reject_line
from planhat_sync.writing.results.rejects import TooManyRejectsError
from target_planhat.reject_lines import RejectLines

REJECT = Reject(RejectCode.MISSING_KEY, "no key", "sourceId")
NOW = datetime(2026, 11, 28, 12, 0, 0, 987_654, tzinfo=timezone.utc)


SCHEMA = b'{"type": "SCHEMA", "stream": "issues", "schema": {"properties": {}}}\r'
RAW = b'{"type":"RECORD","stream":"issues","record":{"title":"t"},"version":1}'


def rejected(line, raw=RAW, at=NOW):
    return RejectedRecord(line, raw, REJECT, at)


def reject_file(path):
    return RejectFile(path, RejectLines({"issues": SCHEMA}))


def ends(data):
    """Where each line of some bytes ends, its line end apart."""
    return [at for at, byte in enumerate(data) if byte == ord("\n")]


def write(path, *records):
    file = reject_file(path)
    file.write(records)
    file.close()


def test_a_reject_object_stands_beside_the_record_as_received():
    raw = b'{"type":"RECORD","stream":"issues","record":{"x":0.10,"y":[1e400,"\\u00e9"]},"z":1}'
    line = reject_line(rejected(7, raw))
    assert raw[:-1] in line
    assert json.loads(line)["reject"] == {
        "code": "missing_key",
        "message": "no key",
        "property": "sourceId",
        "line": 7,
        "rejected_at": "2026-11-28T12:00:00.987Z",
    }


def test_a_record_that_is_rejected_again_has_only_the_new_reason():
    once = reject_line(rejected(3))
    twice = reject_line(rejected(9, once))
    assert json.loads(twice)["reject"]["line"] == 9
    assert twice.count(b'"reject"') == 1


LATER = NOW + timedelta(days=2)


def rejected_at(line):
    return decode(line)["reject"]["rejected_at"]


@pytest.mark.parametrize("value", [b'"t"', b"NaN", b"1" * 5000])
def test_a_record_that_is_rejected_again_keeps_the_time_of_its_first_reject(value):
    raw = RAW.replace(b'"t"', value)
    once = reject_line(rejected(3, raw))
    assert rejected_at(once) == "2026-11-28T12:00:00.987Z"
    assert rejected_at(reject_line(rejected(9, once, LATER))) == "2026-11-28T12:00:00.987Z"
    assert rejected_at(reject_line(rejected(9, once, NOW - timedelta(days=1)))) == (
        "2026-11-27T12:00:00.987Z"
    )


@pytest.mark.parametrize("reject", ['{"code":"refused"}', '{"rejected_at":null}', "null", "7"])
def test_what_was_rejected_at_an_unknown_time_is_not_taken_for_newer(reject):
    raw = RAW[:-1] + f',"reject":{reject}}}'.encode()
    assert rejected_at(reject_line(rejected(3, raw))) is None


@pytest.mark.parametrize("time", ['"yesterday"', "7", '["2026-01-01"]', '"\\ud800"'])
def test_a_time_that_is_not_one_is_not_replaced_by_a_later_one(time):
    raw = RAW[:-1] + f',"reject":{{"rejected_at":{time}}}}}'.encode()
    kept = rejected_at(reject_line(rejected(3, raw)))
    assert kept == str(json.loads(time))
    assert rejected_at(reject_line(rejected(3, raw, LATER))) == kept


def test_the_word_reject_in_a_record_says_nothing_about_its_age():
    raw = b'{"type":"RECORD","stream":"issues","record":{"reject":{"rejected_at":"1999-01-01"}}}'
    assert rejected_at(reject_line(rejected(3, raw))) == "2026-11-28T12:00:00.987Z"


def test_the_file_is_a_singer_stream_that_only_its_owner_may_read(tmp_path):
    path = tmp_path / "r.jsonl"
    write(path, rejected(1), rejected(2))
    messages = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [message["type"] for message in messages] == ["SCHEMA", "RECORD", "RECORD"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_rejects_of_earlier_runs_stay(tmp_path):
    path = tmp_path / "r.jsonl"
    write(path, rejected(1))
    write(path, rejected(2))
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [each["reject"]["line"] for each in lines if each["type"] == "RECORD"] == [1, 2]


@given(cut=st.integers(1, 400))
def test_half_a_line_left_by_a_kill_harms_nothing_that_follows(tmp_path, cut):
    path = tmp_path / "r.jsonl"
    path.unlink(missing_ok=True)
    write(path, rejected(1), rejected(2))
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    write(path, rejected(3))
    lines = path.read_bytes().splitlines()
    assert all(json.loads(line) for line in lines)
    assert json.loads(lines[-1])["reject"]["line"] == 3
    assert lines[:-2] == whole.splitlines()[: len(lines) - 2]
    assert len(lines) - 2 == sum(cut >= end for end in ends(whole))


def test_a_complete_line_that_an_editor_left_without_its_end_is_kept(tmp_path):
    path = tmp_path / "r.jsonl"
    write(path, rejected(1))
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    write(path, rejected(2))
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [each["reject"]["line"] for each in lines if each["type"] == "RECORD"] == [1, 2]


@pytest.mark.parametrize("value", [b"NaN", b'"\\ud800"', b"1" * 5000])
def test_what_is_kept_as_received_is_read_in_the_file_too(tmp_path, value):
    path = tmp_path / "r.jsonl"
    schema = b'{"type": "SCHEMA", "stream": "issues", "schema": {"default": %b}}' % value
    raw = RAW.replace(b'"t"', value)
    for line in (1, 2):
        file = RejectFile(path, RejectLines({"issues": schema}))
        file.check()
        file.write([rejected(line, raw)])
        file.close()
        path.write_bytes(path.read_bytes().rstrip(b"\n"))  # as some editors leave it
    assert path.read_bytes().count(b'"reject":') == 2


def test_a_record_that_can_no_longer_be_read_is_kept_as_received(tmp_path):
    deep = b"[" * 100_000 + b"]" * 100_000
    path = tmp_path / "r.jsonl"
    write(path, rejected(1, RAW.replace(b'"t"', deep)))
    schema, line = path.read_bytes().splitlines()
    assert schema == SCHEMA.rstrip()
    assert deep in line
    assert b'"reject":{"code":"missing_key"' in line


def test_a_property_with_half_a_surrogate_pair_is_named_in_its_reject():
    reject = Reject(RejectCode.UNKNOWN_PROPERTY, "no such property", "\ud800")
    line = reject_line(RejectedRecord(1, RAW, reject, NOW))
    assert json.loads(line)["reject"]["property"] == "\ud800"


def test_a_long_half_line_is_cut_off_too(tmp_path):
    path = tmp_path / "r.jsonl"
    write(path, rejected(1))
    with path.open("ab") as file:
        file.write(b'{"type":"RECORD","x":"' + b"x" * 3_000_000)
    write(path, rejected(2))
    assert path.stat().st_size < 2_000


@pytest.mark.parametrize(
    "content",
    [
        b"root:x:0:0\n",
        b'{"a": 1}\n',
        b"[1]\n",
        # Without a line end, but nothing that a kill can have left of a message.
        b"s3cr3t-t0k3n",
        b'{"api_token": "s3cr3t",',
        b"\x00\x00",
    ],
)
def test_a_file_that_holds_something_else_is_not_touched(tmp_path, content):
    path = tmp_path / "passwd"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="holds something other than rejects"):
        reject_file(path).check()
    assert path.read_bytes() == content


def test_two_runs_do_not_write_into_each_other(tmp_path):
    path = tmp_path / "r.jsonl"
    first = reject_file(path)
    first.write([rejected(1)])
    with pytest.raises(RejectFileError, match="another run writes its rejects"):
        reject_file(path).write([rejected(2)])
    first.close()


def test_a_replay_of_a_repaired_reject_file_finishes_the_job(bench, target):
    company = bench.company()
    lines = [
        bench.schema(),
        bench.record(sourceId="a", title="t", companyIds=[company], custom={"x": 0.1}),
        bench.record(sourceId="b", title="t", companyIds=["0" * 24]),
        bench.record(sourceId="c", title=7, archived="no", companyIds=[company]),
    ]
    first = bench.run(lines, on_reject="continue")
    assert set(first.reject_codes) == {3, 4}
    repaired = bench.rejects_path.read_text().replace("0" * 24, company).replace('"no"', "true")
    bench.rejects_path.write_text(repaired.rstrip("\n"))
    run = target("--input", str(bench.rejects_path), config=bench.config())
    assert run.code == 0
    held = {each["sourceId"]: each for each in bench.sandbox.tenant("alpha").records("issues")}
    assert held.keys() == {"a", "b", "c"}
    assert held["c"]["archived"] is True
    assert held["c"]["title"] == "7"


def test_a_full_disk_stops_the_run_and_no_state_is_printed(bench, tmp_path):
    """A limit on the size of files replaces a full disk: writing fails in the same place."""
    lines = [bench.schema(), bench.record(title="No key"), bench.state(1)]
    lines += [bench.record(title="No key", description="x" * 500) for _ in range(100)]
    lines += [bench.state(2)]
    config = tmp_path / "config.json"
    config.write_text(json.dumps(bench.config(on_reject="continue")))

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    run = subprocess.run(
        [sys.executable, "-m", "target_planhat", "--config", str(config)],
        input=bench.lines(lines),
        capture_output=True,
        preexec_fn=limit,
        # Python would cut its bytecode off at the limit, and find it cut in every later test.
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    assert run.returncode == 1
    last = run.stderr.decode().strip().splitlines()[-1]
    assert "rejects cannot be written to" in last
    assert "File too large" in last
    assert run.stdout == b'{"bookmarks": {"at": 1}}\n'
    # What could not be written in full is not there at all.
    assert len(bench.rejects()) == 1
    assert bench.rejects_path.read_bytes().endswith(b"}\n")


@pytest.mark.parametrize("change", ["removed", "renamed", "replaced", "emptied"])
def test_a_file_that_is_changed_while_the_run_writes_to_it_can_be_replayed(tmp_path, change):
    path = tmp_path / "r.jsonl"
    file = reject_file(path)
    file.write([rejected(1)])
    if change == "removed":
        path.unlink()
    elif change == "emptied":
        path.write_bytes(b"")
    else:
        path.rename(tmp_path / "moved.jsonl")
    if change == "replaced":
        path.touch()
    file.write([rejected(2)])
    file.write([rejected(3)])
    file.close()
    messages = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [message["type"] for message in messages] == ["SCHEMA", "RECORD", "RECORD"]
    assert [message["reject"]["line"] for message in messages[1:]] == [2, 3]


@pytest.mark.parametrize("earlier", [0, 1])
def test_a_schema_that_was_cut_off_with_its_reject_is_written_again(tmp_path, earlier):
    path = tmp_path / "r.jsonl"
    schemas = {"issues": SCHEMA}
    file = RejectFile(path, RejectLines(schemas))
    for line in range(earlier):
        file.write([rejected(line)])
    schemas["issues"] = SCHEMA.replace(b"{}", b'{"title": {}}')
    size = path.stat().st_size if earlier else 0
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + len(SCHEMA) + 30, hard))
    try:
        with pytest.raises(RejectFileError):
            file.write([rejected(1)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (path.stat().st_size if path.exists() else 0) == size
    file.write([rejected(2)])
    file.close()
    types = [json.loads(line)["type"] for line in path.read_bytes().splitlines()]
    assert types == [*["SCHEMA", "RECORD"] * earlier, "SCHEMA", "RECORD"]


def test_rejects_are_on_disk_when_a_state_that_covers_them_is_printed(bench):
    company = bench.company()
    lines = [bench.schema()]
    for number in range(2, 40, 3):
        lines += [
            bench.record(title="No key"),
            bench.record(sourceId=str(number), title="t", companyIds=[company]),
            bench.state(number + 2),
        ]
    ran = bench.run(
        lines, on_reject="continue", batch_size_rows=3, look=lambda: len(bench.rejects())
    )
    assert ran.error is None
    for value, on_disk in zip(ran.states, ran.seen, strict=True):
        covered = sum(line < value["bookmarks"]["at"] for line in ran.reject_codes)
        assert on_disk >= covered


def test_on_reject_fail_names_the_record_and_prints_no_state_beyond_it(bench):
    company = bench.company()
    lines = [
        bench.schema(),
        bench.record(sourceId="a", title="t", companyIds=[company]),
        bench.state(1),
        bench.record(sourceId="b", title="t", companyIds=["0" * 24]),
        bench.state(2),
        bench.record(sourceId="c", title="t", companyIds=[company]),
        bench.state(3),
    ]
    ran = bench.run(lines)
    assert isinstance(ran.error, TooManyRejectsError)
    assert "1 record was rejected, first line 4, issues: refused: no company" in str(ran.error)
    assert ran.states == [{"bookmarks": {"at": 1}}]


@pytest.mark.parametrize(("allowed", "fails"), [(0, True), (1, True), (2, False), (None, False)])
def test_more_rejects_than_allowed_fail_the_run(bench, allowed, fails):
    lines = [bench.schema(), bench.record(), bench.record(), bench.state(1)]
    ran = bench.run(lines, on_reject="continue", max_rejects=allowed)
    assert isinstance(ran.error, TooManyRejectsError) is fails
    if fails:
        assert f"rejected, more than max_rejects ({allowed}) allows, first" in str(ran.error)
        assert str(ran.error).endswith("correct what is wrong and run again, or raise max_rejects")


@pytest.mark.parametrize(("count", "are_in"), [(1, "it is in"), (2, "they are in")])
def test_the_last_line_refers_to_one_reject_as_it(bench, count, are_in):
    lines = [bench.schema(), *[bench.record() for _ in range(count)]]
    error = str(bench.run(lines, on_reject="continue", max_rejects=count - 1).error)
    assert f"; {are_in} {bench.rejects_path}; correct what is wrong" in error


def test_a_reject_takes_one_line_of_the_log_whatever_the_name_of_its_column_is(bench, caplog):
    record = bench.record(sourceId="a", **{"a\nb\x1b[31m": 1})
    bench.run([bench.schema(), record], on_reject="continue", unknown_properties="reject")
    shown = [each for each in caplog.messages if "rejected: " in each]
    assert [each.rpartition(" (property ")[2] for each in shown] == ["'a\\nb\\x1b[31m')"]


def test_a_schema_of_each_stream_comes_once_before_its_rejects(bench):
    lines = [
        bench.schema("issues"),
        bench.schema("objectives"),
        bench.record("objectives", name="n"),
        bench.state(1),
        bench.record("issues", title="t"),
        bench.record("objectives", name="m"),
        bench.state(2),
    ]
    bench.run(lines, on_reject="continue")
    messages = [json.loads(line) for line in bench.rejects_path.read_bytes().splitlines()]
    assert [(m["type"], m["stream"]) for m in messages] == [
        ("SCHEMA", "objectives"),
        ("RECORD", "objectives"),
        ("SCHEMA", "issues"),
        ("RECORD", "issues"),
        ("RECORD", "objectives"),
    ]


def test_rejects_stand_in_the_order_of_their_lines(bench):
    """Planhat refuses the first one only when its batch is sent; the newest record comes last."""
    lines = [
        bench.schema(),
        bench.record(sourceId="a", title="old", companyIds=["0" * 24]),
        bench.record(sourceId="a", title="new", archived="perhaps"),
    ]
    ran = bench.run(lines, on_reject="continue")
    assert [each["record"]["title"] for each in ran.rejects] == ["old", "new"]


def test_the_newest_schema_of_a_stream_is_written_when_it_has_changed(bench):
    company = bench.company()
    lines = [
        bench.schema(title={"type": "string"}),
        bench.record(title="first"),
        bench.state(1),
        bench.schema(title={"type": "string"}, status={}),
        bench.record(title="second", companyIds=[company]),
        bench.record(title="third"),
    ]
    bench.run(lines, on_reject="continue", stream_maps={"issues": {"source": "'x'"}})
    messages = [json.loads(line) for line in bench.rejects_path.read_bytes().splitlines()]
    assert [m.get("record", m.get("schema")) for m in messages] == [
        lines[0]["schema"],
        lines[1]["record"],
        lines[3]["schema"],
        lines[4]["record"],
        lines[5]["record"],
    ]


def test_a_record_of_a_stream_that_a_map_renames_is_rejected_as_received(bench):
    maps = {"stream_maps": {"bugs": {"__alias__": "issues", "title": "summary"}}}
    lines = [bench.schema("bugs", summary={"type": "string"}), bench.record("bugs", summary="s")]
    ran = bench.run(lines, on_reject="continue", **maps)
    assert ran.error is None
    assert ran.rejects[0]["stream"] == "bugs"
    assert ran.rejects[0]["record"] == {"summary": "s"}


def test_a_reject_that_could_just_be_read_is_written_too(bench):
    """Nesting and calls share one limit, and more calls lead to the reject file."""

    def record(depth):
        custom = b"[" * depth + b"]" * depth
        return b'{"type":"RECORD","stream":"issues","record":{"custom":%b}}' % custom

    depths = range(600, 1000)
    ran = bench.run([bench.schema(), *map(record, depths)], on_reject="continue")
    read = ran.target.run.pipeline.counts.total.read
    assert read
    assert ran.error is None or f"line {read + 2} of the input is not JSON" in str(ran.error)
    lines = bench.rejects_path.read_bytes().splitlines()[1:]
    assert [line.partition(b',"reject":')[0] + b"}" for line in lines] == [
        record(depth) for depth in depths[:read]
    ]


def test_a_file_that_is_nested_too_deeply_is_not_a_reject_file():
    assert not RejectLines({}).begins_file(b"[" * 100_000 + b"\n")

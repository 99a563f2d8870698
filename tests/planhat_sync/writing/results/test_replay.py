"""`--input rejects.jsonl` with `rejects_path` naming that file: it is renamed first."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from under_way import answers_held, until

from planhat_sync.writing.results.reject_file import RejectFile
from planhat_sync.writing.results.replay import put_aside
from target_planhat.reject_lines import RejectLines

PIPE = subprocess.PIPE
NOWHERE = "0" * 24
TO_BE_HEARD_SECONDS = 1.0  # the answer that comes then may not overtake the signal


@pytest.fixture
def rejected(bench):
    """A reject file of three records: two lack their company, one has a wrong value."""
    company = bench.company()
    lines = [
        bench.schema(),
        bench.record(sourceId="a", title="t", companyIds=[NOWHERE]),
        bench.record(sourceId="b", title="t", companyIds=[NOWHERE]),
        bench.record(sourceId="c", title="t", companyIds=[company], archived="perhaps"),
    ]
    assert bench.run(lines, on_reject="continue").error is None
    text = bench.rejects_path.read_text().replace(NOWHERE, company)
    bench.rejects_path.write_text(text)
    return bench.rejects_path


def reject_file(path):
    return RejectFile(path, RejectLines({}))


def aside(path, number=1):
    return path.with_name(f"{path.name}.replayed-{number}")


def held(bench):
    return {each["sourceId"] for each in bench.sandbox.tenant("alpha").records("issues")}


def bulk_requests(bench):
    return sum(request.route == "bulk" for request in bench.sandbox.requests)


def names(folder):
    return sorted(each.name for each in folder.iterdir() if "rejects" in each.name)


def until_renamed(process):
    """Read the output of a process until it has renamed the file."""
    said = ""
    while "renamed to" not in said:
        line = process.stderr.readline().decode()
        assert line, said
        said += line
    return said


WAYS = {
    "path": "{path}",
    "relative": "rejects.jsonl",
    "winding": "./other/../rejects.jsonl",
    "link": "link",
}


@pytest.mark.parametrize("way", [*WAYS, "stdin"])
@pytest.mark.parametrize("on_reject", ["continue", "fail"])
def test_the_documented_replay_works_and_what_is_still_wrong_is_in_a_new_file(
    bench, target, rejected, tmp_path, way, on_reject
):
    before = rejected.read_bytes()
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(rejected)
    config = bench.config(on_reject=on_reject, rejects_path=str(rejected))
    arguments = ["--input", WAYS[way].format(path=rejected)] if way in WAYS else []
    with rejected.open("rb") as file:
        stdin = subprocess.DEVNULL if arguments else file
        process = target.start(*arguments, config=config, stdin=stdin, stdout=PIPE, stderr=PIPE)
        said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == (on_reject == "fail"), said
    assert said.count("was renamed to rejects.jsonl.replayed-1") == 1
    assert f"--input {aside(rejected)}" in said
    assert ("the replay is not finished" in said) is (on_reject == "fail")
    assert aside(rejected).read_bytes() == before
    assert aside(rejected).stat().st_mode & 0o777 == 0o600
    assert held(bench) == {"a", "b"}
    assert [reject["record"]["sourceId"] for reject in bench.rejects()] == ["c"]
    assert names(tmp_path) == ["rejects.jsonl", "rejects.jsonl.replayed-1"]


def test_each_replay_takes_the_next_free_number_and_overwrites_nothing(
    bench, target, rejected, tmp_path
):
    aside(rejected, 2).write_text("something of somebody's\n")
    config = bench.config(on_reject="continue")
    assert target("--input", str(rejected), config=config).code == 0
    rejected.write_text(rejected.read_text().replace('"perhaps"', "false"))
    assert target("--input", str(rejected), config=config).code == 0
    assert names(tmp_path) == [f"rejects.jsonl.replayed-{number}" for number in (1, 2, 3)]
    assert aside(rejected, 2).read_text() == "something of somebody's\n"
    assert held(bench) == {"a", "b", "c"}


def test_the_file_that_was_put_aside_is_replayed_like_any_other(bench, target, rejected, tmp_path):
    config = bench.config(on_reject="continue")
    rejected.rename(aside(rejected))
    run = target("--input", str(aside(rejected)), config=config)
    assert run.code == 0
    assert "renamed" not in run.stderr
    assert names(tmp_path) == ["rejects.jsonl", "rejects.jsonl.replayed-1"]
    assert held(bench) == {"a", "b"}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_replay_that_is_ended_early_leaves_every_record_on_disk(bench, target, rejected, number):
    before = rejected.read_bytes()
    config = bench.config(on_reject="continue", batch_size_rows=1)
    earlier = bulk_requests(bench)
    with answers_held(bench.sandbox, "bulk"):
        process = target.start("--input", str(rejected), config=config, stdout=PIPE, stderr=PIPE)
        said = until_renamed(process)
        until(lambda: bulk_requests(bench) == earlier + 1)
        process.send_signal(number)
        time.sleep(TO_BE_HEARD_SECONDS)
    said += process.communicate(timeout=60)[1].decode()
    assert process.returncode == (-9 if number == signal.SIGKILL else 143), said
    assert aside(rejected).read_bytes() == before
    assert f"--input {aside(rejected)}" in said
    assert ("the replay is not finished" in said) is (number == signal.SIGTERM)
    aside(rejected).write_bytes(before.replace(b'"perhaps"', b"false"))
    bench.sandbox.settle()
    run = target("--input", aside(rejected).name, config=config)
    assert run.code == 0, run.stderr
    assert held(bench) == {"a", "b", "c"}
    assert aside(rejected).exists()


def test_a_dry_run_changes_no_name(bench, target, rejected, tmp_path):
    before = rejected.read_bytes()
    run = target("--input", str(rejected), config=bench.config(on_reject="continue", dry_run=True))
    assert run.code == 0
    assert names(tmp_path) == ["rejects.jsonl"]
    assert rejected.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"api_token": ""}, "api_token is not set"),
        ({"batch_size_rows": 0}, "batch_size_rows must be between 1 and 5000"),
        ({"summary_path": "/nowhere/s.json"}, "no folder /nowhere"),
        ({"api_token": "wrong-token", "check_custom_fields": True}, "api_token"),
    ],
)
def test_a_run_that_does_not_begin_changes_no_name(bench, target, rejected, tmp_path, change, says):
    config = {**bench.config(on_reject="continue"), **change}
    run = target("--input", str(rejected), config=config)
    assert run.code == 1
    assert says in run.last_line
    assert names(tmp_path) == ["rejects.jsonl"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"root:x:0:0\n", "holds something other than rejects"),
        (b'{"streams": {}}\n', "holds something other than rejects"),
        (
            b'{"type":"SCHEMA","stream":"i","schema":{}}\n{"type":"RECORD","stream":"i","record":{}}',
            "its records are not rejects",
        ),
    ],
)
def test_a_file_of_something_else_is_refused_and_left_alone(bench, target, tmp_path, content, says):
    bench.rejects_path.write_bytes(content)
    run = target("--input", str(bench.rejects_path), config=bench.config(on_reject="continue"))
    assert run.code == 1
    assert says in run.last_line
    assert bench.rejects_path.read_bytes() == content
    assert names(tmp_path) == ["rejects.jsonl"]
    assert bench.sandbox.requests == []


@pytest.mark.parametrize("content", [b"", b'{"type":"SCHEMA","stream":"issues","schema":{}}\n'])
def test_a_reject_file_without_rejects_is_replayed_too(bench, target, content):
    bench.rejects_path.write_bytes(content)
    run = target("--input", str(bench.rejects_path), config=bench.config(on_reject="continue"))
    assert run.code == 0
    assert aside(bench.rejects_path).read_bytes() == content


def test_half_a_line_that_a_kill_left_is_cut_off_before_a_replay(bench, target, rejected):
    whole = rejected.read_bytes().replace(b'"perhaps"', b"false")
    rejected.write_bytes(whole + b'{"type":"RECORD","stream":"issues","rec')
    run = target("--input", str(rejected), config=bench.config(on_reject="continue"))
    assert run.code == 0, run.stderr
    assert "ends with half a line" in run.stderr
    assert aside(rejected).read_bytes() == whole
    assert held(bench) == {"a", "b", "c"}


def test_a_link_keeps_its_place_and_the_file_behind_it_is_renamed(
    bench, target, rejected, tmp_path
):
    link = tmp_path / "elsewhere" / "link.jsonl"
    link.parent.mkdir()
    link.symlink_to(rejected)
    config = bench.config(on_reject="continue", rejects_path=str(link))
    run = target("--input", str(link), config=config)
    assert run.code == 0, run.stderr
    assert link.is_symlink()
    assert names(tmp_path) == ["rejects.jsonl", "rejects.jsonl.replayed-1"]
    assert [reject["record"]["sourceId"] for reject in bench.rejects()] == ["c"]


NOT_RENAMED = """
    import sys
    from pathlib import Path
    from planhat_sync.errors import ConfigurationError
    from planhat_sync.writing.results.reject_file import RejectFile
    from planhat_sync.writing.results.replay import put_aside
    from target_planhat.reject_lines import RejectLines

    def refuse(event, arguments):
        if event == "os.rename":
            raise PermissionError(1, "Operation not permitted")
    sys.addaudithook(refuse)
    with open(sys.argv[1], "rb") as file:
        try:
            put_aside(RejectFile(Path(sys.argv[1]), RejectLines({})), file.fileno())
        except ConfigurationError as error:
            print(error)
"""


def test_a_file_that_cannot_be_renamed_is_an_error_of_one_sentence(rejected, tmp_path):
    """Root may rename anything, so the interpreter refuses where a folder would."""
    program = [sys.executable, "-c", textwrap.dedent(NOT_RENAMED), str(rejected)]
    said = subprocess.run(program, check=True, timeout=60, capture_output=True, text=True).stdout
    assert f"{rejected} is the file that is read, and it cannot be renamed" in said
    assert "(Operation not permitted): move it, and read it at its new path" in said
    assert names(tmp_path) == ["rejects.jsonl"]


def test_a_file_that_another_run_writes_its_rejects_to_is_not_replayed(bench, target, rejected):
    """The other run waits for input: it has rejected a record and has not ended."""
    config = bench.config(on_reject="continue")
    other = target.start(config=config, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    other.stdin.write(bench.lines([bench.schema(), bench.record(title="No key"), bench.state(1)]))
    other.stdin.flush()
    assert other.stdout.readline()  # the reject is on disk
    before = rejected.read_bytes()
    run = target("--input", str(rejected), config=config)
    assert run.code == 1
    assert "another run writes its rejects to the file that is read, or replays it" in run.last_line
    assert rejected.read_bytes() == before
    other.communicate(timeout=60)
    assert other.returncode == 0
    assert target("--input", str(rejected), config=config).code == 0


def test_two_runs_do_not_replay_one_file_at_once(bench, target, rejected):
    """The second one has opened the file before the first one renamed it."""
    config = bench.config(on_reject="continue", missing_key="create")
    earlier = bulk_requests(bench)
    with rejected.open("rb") as late, answers_held(bench.sandbox, "bulk"):
        first = target.start("--input", str(rejected), config=config, stdout=PIPE, stderr=PIPE)
        until_renamed(first)
        until(lambda: bulk_requests(bench) == earlier + 1)
        second = target.start(config=config, stdin=late, stdout=PIPE, stderr=PIPE)
        stderr = second.communicate(timeout=60)[1].decode()
    assert second.returncode == 1
    assert "or replays it" in stderr.splitlines()[-1]
    assert first.communicate(timeout=60)[0] is not None
    assert first.returncode == 0
    assert bulk_requests(bench) == earlier + 1


RENAMED_AT_THE_LOCK = """
    import os, sys
    from datetime import datetime, timezone
    from pathlib import Path
    from planhat_sync.writing.records.payload import Reject, RejectCode
    from planhat_sync.writing.results.reject_file import RejectedRecord, RejectFile
    from target_planhat.reject_lines import RejectLines

    path = Path(sys.argv[1])
    def rename(event, arguments):
        if event == "fcntl.flock" and path.exists() and not renamed:
            renamed.append(path.rename(f"{path}.replayed-1"))
    renamed = []
    sys.addaudithook(rename)
    file = RejectFile(path, RejectLines({"issues": b'{"type":"SCHEMA"}'}))
    reject = Reject(RejectCode.MISSING_KEY, "no key")
    raw = b'{"type":"RECORD","stream":"issues","record":{}}'
    at = datetime(2026, 1, 31, tzinfo=timezone.utc)
    file.write([RejectedRecord(1, raw, reject, at)])
    file.close()
"""


def test_a_file_that_is_renamed_while_a_run_opens_it_for_its_rejects_is_not_written_to(rejected):
    before = rejected.read_bytes()
    program = [sys.executable, "-c", textwrap.dedent(RENAMED_AT_THE_LOCK), str(rejected)]
    subprocess.run(program, check=True, timeout=60)
    assert aside(rejected).read_bytes() == before
    assert len(rejected.read_bytes().splitlines()) == 2


def test_a_file_that_is_put_aside_stays_locked_and_other_inputs_are_left_alone(rejected):
    with rejected.open("rb") as file:
        moved = put_aside(reject_file(rejected), file.fileno())
        assert moved == aside(rejected)
        with pytest.raises(BlockingIOError), moved.open("rb") as again:
            fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert put_aside(reject_file(rejected), None) is None
    with Path(os.devnull).open("rb") as nothing:
        assert put_aside(reject_file(rejected), nothing.fileno()) is None


@given(taken=st.sets(st.integers(1, 6)))
def test_the_number_is_the_smallest_that_is_free(bench, tmp_path, taken):
    path = tmp_path / "r[1].jsonl"
    path.write_bytes(b"")
    for number in taken:
        aside(path, number).write_text(str(number))
    with path.open("rb") as file:
        moved = put_aside(reject_file(path), file.fileno())
    assert moved == aside(path, min(set(range(1, 8)) - taken))
    assert all(aside(path, number).read_text() == str(number) for number in taken)
    for each in tmp_path.glob("r*"):
        each.unlink()


@pytest.mark.parametrize("mapped", [False, True])
def test_rejects_through_a_pipe_are_refused_while_the_reject_file_holds_some(
    bench, target, rejected, mapped
):
    """A program in front would read what this run writes, without end."""
    text = rejected.read_bytes()
    mapping = {"stream": "issues", "model": "issues", "set": {"sourceId": "sourceId"}}
    config = bench.config(on_reject="continue", **({"mappings": [mapping]} if mapped else {}))
    ended = target(config=config, stdin=text)
    assert ended.code == 1
    assert "line 2 of the input is a reject, which comes through a pipe" in ended.last_line
    assert (rejected.read_bytes(), held(bench)) == (text, set())
    rejected.unlink()
    assert target(config=config, stdin=text).code == 0


def test_other_records_may_come_through_a_pipe_while_the_reject_file_holds_some(
    bench, target, rejected
):
    record = bench.record(sourceId="d", title="t", companyIds=[bench.company()])
    stdin = bench.lines([bench.schema(), record])
    assert target(config=bench.config(on_reject="continue"), stdin=stdin).code == 0
    assert held(bench) == {"d"}

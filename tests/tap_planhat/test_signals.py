"""The tap as a process that is stopped, cut off or blocked: lines, state, exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from contextlib import redirect_stdout
from typing import Any

import pytest
from singer_sdk.singerlib.encoding.simple import RecordMessage, StateMessage
from under_way import is_full, until

from planhat_sync.errors import StopError
from tap_planhat.messages import MessageWriter

PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


@pytest.fixture
def tenant(sandbox):
    """More than a pipe holds, in lines longer than what a pipe takes at once."""
    tenant = sandbox.tenant("token-a")
    for number in range(300):
        tenant.insert("issues", {"title": f"{number}", "description": "x" * 20_000})
    return tenant


def wait_until_blocked(process: subprocess.Popen[bytes]) -> None:
    """Wait until the process has filled its standard output."""
    until(lambda: is_full(process.stdout) or process.poll() is not None)
    assert process.poll() is None, process.communicate()[1].decode()


def ended(process: subprocess.Popen[bytes]) -> tuple[list[Any], str]:
    stdout, stderr = process.communicate(timeout=60)
    assert stdout.endswith(b"\n"), "half a line"
    return [json.loads(line) for line in stdout.splitlines()], stderr.decode()


STATE = {
    "bookmarks": {
        "issues": {
            "replication_key": "updatedAt",
            "replication_key_value": "2001-01-01T00:00:00.000Z",
        }
    }
}
PATHS = {
    "quick path": ({}, {}),
    "quick path, unbuffered": ({}, {"PYTHONUNBUFFERED": "1"}),
    "path of the SDK": ({"stream_maps": {"issues": {"__filter__": "True"}}}, {}),
}


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize(("more", "env"), PATHS.values(), ids=PATHS)
def test_a_signal_while_standard_output_is_blocked_leaves_complete_lines_and_the_last_safe_state(
    tap, tenant, config, tmp_path, more, env, signum, code
):
    path = tmp_path / "state.json"
    path.write_text(json.dumps(STATE))
    settings = {**config, **more, "page_size": 100}
    process = tap.start("--state", str(path), config=settings, env=env, **PIPES)
    wait_until_blocked(process)
    process.send_signal(signum)
    time.sleep(0.2)
    assert process.poll() is None, "it must finish the line it has begun"
    messages, stderr = ended(process)
    assert process.returncode == code
    records = [message for message in messages if message["type"] == "RECORD"]
    assert 0 < len(records) < 300
    states = [message["value"] for message in messages if message["type"] == "STATE"]
    assert states[-1] == STATE, "the scan had not ended, so the bookmark has not moved"
    assert "run again from the last state" in stderr.splitlines()[-1]
    assert "Traceback" not in stderr
    assert "ERROR" not in stderr


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_a_full_read_that_is_stopped_activates_no_version(tap, sandbox, config, signum):
    for number in range(300):
        sandbox.tenant("token-a").insert("objectives", {"name": "x" * 20_000, "health": number})
    settings = {**config, "emit_activate_version_messages": True, "page_size": 100}
    process = tap.start(config=settings, **PIPES)
    wait_until_blocked(process)
    process.send_signal(signum)
    stdout, _ = process.communicate(timeout=60)
    assert b'"RECORD"' in stdout
    assert b"ACTIVATE_VERSION" not in stdout


def test_a_signal_does_not_wait_for_a_request_that_hangs(tap, tenant, config, sandbox):
    sandbox.fault("slow", route="list", nth=3, seconds=120)
    process = tap.start(config={**config, "page_size": 10}, **PIPES)
    until(lambda: len(sandbox.requests) >= 3)
    process.terminate()
    messages, _ = ended(process)  # in half the time that the request takes, at most
    assert process.returncode == 143
    assert messages[0]["type"] == "SCHEMA"


@pytest.mark.parametrize("more", [{}, {"stream_maps": {"objectives": {"__filter__": "True"}}}])
def test_a_page_leaves_as_soon_as_it_has_come(tap, config, sandbox, more):
    for number in range(10):
        sandbox.tenant("token-a").insert("objectives", {"name": f"{number}"})
    sandbox.fault("slow-work", model="objectives", route="list", nth=3, seconds=60)
    process = tap.start(config={**config, **more, "page_size": 4}, **PIPES)
    while b'"RECORD"' not in process.stdout.readline():
        assert process.poll() is None
    pages = [each for each in sandbox.requests if each.model == "objectives"]
    # Of the next two, only one is slow: the other may have been answered by now.
    is_waiting = any(each.status is None for each in pages[2:])
    assert len(pages) == 2 or is_waiting, "it came after the page behind it"
    process.terminate()
    process.communicate(timeout=60)


def test_a_reader_that_goes_away_is_reported_in_one_sentence(tap, tenant, config):
    process = tap.start(config=config, **PIPES)
    process.stdout.readline()
    process.stdout.close()
    stderr = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(timeout=60) == 1
    assert "exited early" in stderr.splitlines()[-1]
    assert "Traceback" not in stderr


def test_a_full_disk_is_reported_in_one_sentence(tap, tenant, config):
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        process = tap.start(config=config, stdout=full, stderr=subprocess.PIPE)
        stderr = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 1
    assert "No space left" in stderr.splitlines()[-1]
    assert "Traceback" not in stderr


class Pipe:
    """Standard output of this process, for as long as the context lasts, and who reads it."""

    def __init__(self) -> None:
        self.reader, writer = os.pipe()
        self.stdout = os.fdopen(writer, "w")
        self.read = b""

    def __enter__(self):
        self._redirected = redirect_stdout(self.stdout)
        self._redirected.__enter__()
        return self

    def __exit__(self, *_):
        self._redirected.__exit__(None, None, None)
        self.stdout.close()
        while piece := os.read(self.reader, 1 << 16):
            self.read += piece
        os.close(self.reader)

    def drain_later(self, size: int) -> threading.Thread:
        def drain():
            time.sleep(0.1)
            while len(self.read) < size:
                self.read += os.read(self.reader, 1 << 16)

        thread = threading.Thread(target=drain)
        thread.start()
        return thread


def record(number: int) -> RecordMessage:
    return RecordMessage(stream="s", record={"n": number})


def test_records_wait_and_every_other_message_takes_them_along():
    with Pipe() as pipe:
        writer = MessageWriter()
        os.set_blocking(pipe.reader, False)
        writer.write_message(record(1))
        with pytest.raises(BlockingIOError):
            os.read(pipe.reader, 100)
        writer.write_message(StateMessage(value={"bookmarks": {}}))
        lines = os.read(pipe.reader, 1000).splitlines()
        os.set_blocking(pipe.reader, True)
    assert [json.loads(line)["type"] for line in lines] == ["RECORD", "STATE"]


def test_a_pipe_that_somebody_made_non_blocking_is_waited_for():
    line = b"x" * 99 + b"\n"
    with Pipe() as pipe:
        os.set_blocking(pipe.stdout.fileno(), False)
        drained = pipe.drain_later(len(line) * 5_000)
        writer = MessageWriter()
        writer.write_lines(line * 5_000)
        writer.flush()
        drained.join()
    assert pipe.read == line * 5_000


def test_nothing_is_written_any_more_once_the_reader_is_gone():
    with Pipe() as pipe:
        os.close(pipe.reader)
        writer = MessageWriter()
        writer.write_lines(b"1\n")
        with pytest.raises(StopError, match="exited early"):
            writer.flush()
        writer.write_lines(b"2\n")
        writer.flush()
        pipe.reader = os.open(os.devnull, os.O_RDONLY)  # for `Pipe` to close


def test_records_are_not_withheld_by_a_state_that_is_suppressed_as_unchanged(
    read, config, sandbox, select
):
    """The SDK prints no state twice, but records that wait must be written nevertheless."""
    for number in range(25):
        sandbox.tenant("token-a").insert("objectives", {"name": f"{number}"})
    state = {"bookmarks": {"objectives": {}}}
    for more in ({}, {"stream_maps": {"objectives": {"__filter__": "True"}}}):
        output = read({**config, **more}, state=state, catalog=select(objectives=None))
        assert len(output.records("objectives")) == 25
        assert output.types().count("STATE") == 1

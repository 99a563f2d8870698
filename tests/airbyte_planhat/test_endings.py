"""How a command ends that is stopped by a signal, or whose reader is gone; and what it logs."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys

import pytest
from airbyte_protocol import parse_all
from checkout import bare_environment
from under_way import until

from planhat_sync.errors import Section
from planhat_sync.runtime.troubleshooting import reference

TOKEN = "token-a"  # noqa: S105 - the sandbox's


@pytest.fixture
def start(base, tmp_path):
    """``start("source", "check", page_size=5)``: a process that has been started."""

    def started(package, command, *, stdout=subprocess.PIPE, **more):
        path = tmp_path / "config.json"
        settings = {name: each for name, each in base.items() if name != "progress"}
        path.write_text(json.dumps({**settings, **more}))
        command_line = [sys.executable, "-m", f"airbyte_planhat.{package}", command]
        process = subprocess.Popen(
            [*command_line, "--config", str(path)],
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=bare_environment(),
            text=True,
        )
        processes.append(process)
        return process

    processes = []
    yield started
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("package", "command", "more", "signum"),
    [
        ("source", "check", {}, signal.SIGTERM),
        ("source", "check", {}, signal.SIGINT),
        ("source", "discover", {"discover_custom_fields": True}, signal.SIGTERM),
        ("destination", "check", {}, signal.SIGTERM),
        ("destination", "discover", {"check_custom_fields": True}, signal.SIGINT),
    ],
)
def test_a_signal_ends_a_command_that_waits(start, sandbox, package, command, more, signum):
    sandbox.fault("slow", route="list", seconds=120)
    process = start(package, command, **more)
    until(lambda: sandbox.requests)
    process.send_signal(signum)
    stdout, stderr = process.communicate(timeout=60)  # in half the time that the request takes
    assert process.returncode == 128 + signum
    (message,) = parse_all(stdout)
    assert message.trace.error.failure_type.value == "transient_error"
    sentence = f"stopped by {signum.name}: run it again"
    assert message.trace.error.message == sentence
    assert stderr == f"{package}-planhat: {sentence} {reference(Section.OUTPUT)}\n"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("package", ["source", "destination"])
def test_an_answer_is_complete_and_no_failure_if_a_signal_comes_while_it_is_read(
    start, package, signum
):
    readable, writable = os.pipe()
    fcntl.fcntl(writable, fcntl.F_SETPIPE_SZ, 4096)  # less than the answer is long
    process = start(package, "discover", stdout=writable)
    os.close(writable)
    with open(readable, encoding="utf-8") as stdout:  # noqa: PTH123 - a descriptor
        beginning = stdout.read(1)
        process.send_signal(signum)
        (message,) = parse_all(beginning + stdout.read())
    assert (message.catalog or message.destination_catalog) is not None
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 0


@pytest.mark.parametrize("package", ["source", "destination"])
def test_a_full_disk_is_reported_in_one_sentence(start, package):
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        process = start(package, "check", stdout=full)
        stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "No space left" in stderr
    assert len(stderr.splitlines()) == 1


def test_a_failure_shows_its_traceback_only_for_debug(warm, base):
    config = {**base, "api_url": "http://127.0.0.1:1", "discover_custom_fields": True}
    for debug in ((), ("--debug",)):
        ran = warm("source-planhat", "discover", *debug, config=config)
        assert ran.code == 1
        *logged, last = parse_all(ran.stdout)
        assert last.trace.error.failure_type.value == "transient_error"
        assert bool(last.trace.error.stack_trace) is bool(debug)
        assert ("Traceback" in ran.stderr) is bool(debug)
        assert TOKEN not in ran.stdout + ran.stderr
        assert {message.log.level.value for message in logged} <= {"DEBUG", "INFO", "WARN"}

"""A signal asks a run to stop, a second one ends it at once; the same in both plugins."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from last_line import last_line
from under_way import is_full, signal_until_it_ends, until

from planhat_sync.errors import Section
from planhat_sync.runtime.signals import SIGNALS, Stop, StopRequested
from planhat_sync.runtime.troubleshooting import reference

PIPE = subprocess.PIPE


@pytest.fixture
def stuck_tap(tap, sandbox):
    """Start a tap whose standard output nobody reads; it has more to print than a pipe holds."""
    for number in range(300):
        sandbox.tenant("token-a").insert("issues", {"title": f"{number}", "x": "x" * 20_000})
    settings = {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0}

    def start(stderr):
        process = tap.start(config=settings, stdin=PIPE, stdout=PIPE, stderr=stderr)
        until(lambda: is_full(process.stdout) or process.poll() is not None)
        return process

    return start


@pytest.fixture
def stuck_target(target, sandbox):
    """Start a target whose batch is not answered for a long time; a state follows the batch."""
    company = sandbox.tenant("token-a").insert("companies", {"name": "c"})["_id"]
    record = {"sourceId": "a", "title": "t", "companyIds": [company]}
    lines = [
        {"type": "SCHEMA", "stream": "issues", "schema": {}, "key_properties": []},
        {"type": "RECORD", "stream": "issues", "record": record},
        {"type": "STATE", "value": {"bookmarks": {"at": 1}}},
    ]
    settings = {
        "api_token": "token-a",
        "api_url": sandbox.url,
        "requests_per_minute": 0,
        "batch_size_rows": 1,
    }
    sandbox.fault("slow", route="bulk", seconds=50)

    def start(stderr):
        process = target.start(config=settings, stdin=PIPE, stdout=PIPE, stderr=stderr)
        process.stdin.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        process.stdin.flush()
        until(lambda: any(each.route == "bulk" for each in sandbox.requests))
        return process

    return start


@pytest.fixture(params=["tap", "target"])
def stuck(request):
    """Start one of the plugins, which then has something to wait for."""
    started = []

    def start(stderr=PIPE):
        process = request.getfixturevalue(f"stuck_{request.param}")(stderr)
        assert process.poll() is None
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_second_signal_ends_it_at_once_and_one_that_is_sent_twice_does_not(stuck, signum, code):
    process = stuck()
    process.send_signal(signum)
    process.send_signal(signum)  # to the process group and to the process
    time.sleep(0.8)
    assert process.poll() is None
    assert signal_until_it_ends(process, signum) < 30
    stdout, stderr = process.communicate()
    assert process.returncode == code
    assert b'"STATE"' not in stdout
    assert b'"bookmarks"' not in stdout
    assert last_line(stderr.decode()).endswith(
        f"-planhat: stopped at once by a second signal, {signum.name}: run again from the last "
        "state"
    )


def test_a_second_signal_ends_it_although_nobody_reads_what_it_says(stuck):
    readable, writable = os.pipe()
    process = stuck(stderr=writable)
    filler = os.open(f"/proc/self/fd/{writable}", os.O_WRONLY | os.O_NONBLOCK)
    for size in (65_536, 1):
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(filler, b"x" * size)
    try:
        assert 2 <= signal_until_it_ends(process, signal.SIGTERM) < 30
        assert process.returncode == 143
    finally:
        for descriptor in (readable, writable, filler):
            os.close(descriptor)


SCRIPT = """
import contextlib, fcntl, os, signal, sys, termios, threading, time
from planhat_sync.runtime import stdout
from planhat_sync.runtime.signals import Stop

def send(signum, to=None):
    os.kill(to or os.getpid(), signum)
    time.sleep(2)  # much longer than SAME_REQUEST_SECONDS

stop = Stop("plugin")
"""


def start(script):
    """Start a process with a `stop` of its own."""
    command = [sys.executable, "-c", SCRIPT + textwrap.dedent(script)]
    return subprocess.Popen(command, stdout=PIPE, stderr=PIPE)


def run(script):
    """Run such a process to its end; return its output, its errors and its exit code."""
    process = start(script)
    stdout, stderr = process.communicate(timeout=60)
    return stdout.decode(), stderr.decode(), process.returncode


def test_the_first_signal_is_the_one_that_counts():
    stdout, _, code = run("""
        with stop.on_signals():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGTERM)
            assert stop.event.wait(60)
            print(stop.requested, int(stop.signum))
    """)
    assert (stdout.split(), code) == (["True", "2"], 0)


def test_a_second_signal_waits_for_lines_that_are_being_written_and_lets_no_others_begin():
    process = start("""
        with stop.on_signals():
            stdout.write([b"x" * 99_999 + b"\\n"] * 4)
            while True:
                stdout.write([b"y" * 99_999 + b"\\n"])
    """)
    until(lambda: is_full(process.stdout))
    process.terminate()
    time.sleep(0.7)
    again = threading.Thread(target=signal_until_it_ends, args=(process, signal.SIGTERM))
    again.start()
    time.sleep(0.2)
    output = process.stdout.read()
    again.join()
    process.communicate()
    assert process.returncode == 143
    assert output.endswith(b"\n")
    assert {len(line) for line in output.splitlines()} == {99_999}


def test_a_second_signal_does_not_wait_for_them_for_ever():
    process = start("""
        with stop.on_signals():
            stdout.write([b"x" * 999_999])
    """)
    until(lambda: is_full(process.stdout))
    assert 2 <= signal_until_it_ends(process, signal.SIGINT) < 30
    assert process.returncode == 130
    process.communicate()


def test_one_signal_ends_a_process_whose_output_nobody_reads_if_it_is_to():
    process = start("""
        stop = Stop("plugin", unread_seconds=0.3)
        with stop.on_signals():
            stdout.write([b"x" * 999_999])
    """)
    until(lambda: is_full(process.stdout))
    process.terminate()
    assert process.wait(60) == 143
    stderr = process.communicate()[1].decode()
    assert stderr == (
        "plugin: stopped by SIGTERM, and nobody reads standard output: run again from the last "
        f"state {reference(Section.OUTPUT)}\n"
    )


@pytest.mark.slow
def test_one_signal_cuts_no_lines_that_are_read_one_by_one():
    process = start("""
        stop = Stop("plugin", unread_seconds=3)
        fcntl.fcntl(1, 1031, 4096)  # F_SETPIPE_SZ
        with stop.on_signals():
            for _ in range(40):
                stdout.write([b"x" * 4_095 + b"\\n"])
    """)
    until(lambda: is_full(process.stdout))
    process.terminate()
    output = b""
    while part := os.read(process.stdout.fileno(), 4_096):
        output += part
        time.sleep(0.25)  # ten seconds in all
    process.communicate()
    assert (len(output), process.returncode) == (40 * 4_096, 0)


def test_nothing_is_printed_after_the_last_line_although_other_threads_go_on():
    for _ in range(5):
        process = start("""
            with stop.on_signals():
                print("begun", flush=True)
                waiting = bytearray(4)
                while True:
                    with contextlib.suppress(OSError):  # it is not a pipe any longer
                        fcntl.ioctl(2, termios.FIONREAD, waiting)
                    if int.from_bytes(waiting, sys.byteorder) < 16_384:  # there is always room
                        os.write(2, b".\\n")
                    for _ in range(20_000):
                        pass  # so that this thread waits for its turn when the line is printed
        """)
        process.stdout.readline()
        again = threading.Thread(target=signal_until_it_ends, args=(process, signal.SIGTERM))
        again.start()
        errors = process.stderr.read().splitlines()
        again.join()
        process.communicate()
        assert errors[-1].startswith(b"plugin: stopped at once by a second signal, SIGTERM")


def test_the_last_line_is_printed_although_no_descriptor_is_free():
    _, stderr, code = run("""
        with stop.on_signals():
            opened = []
            with contextlib.suppress(OSError):
                while True:
                    opened.append(os.open(os.devnull, os.O_RDONLY))
            while True:
                send(signal.SIGTERM)
    """)
    assert stderr.startswith("plugin: stopped at once by a second signal, SIGTERM")
    assert code == 143


def test_a_signal_while_the_process_ends_is_not_an_error():
    # What is registered first runs last: after anything that `Stop` may do when a process ends.
    late = """
import atexit, os, signal, time

@atexit.register
def late():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.5)
"""
    script = "kept = stop.on_signals()\nkept.__enter__()\n"
    process = subprocess.run(
        [sys.executable, "-c", late + SCRIPT + script], capture_output=True, check=False, timeout=60
    )
    assert (process.stderr, process.returncode) == (b"", 0)


def test_a_child_that_is_forked_handles_signals_as_before():
    stdout, _, code = run("""
        with stop.on_signals():
            child = os.fork()
            if not child:
                time.sleep(60)
                os._exit(0)
            time.sleep(0.2)
            send(signal.SIGTERM, to=child)
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), stop.requested)
    """)
    assert (stdout.split(), code) == (["-15", "False"], 0)


def test_handlers_are_put_back_unless_a_signal_has_come():
    _, stderr, code = run("""
        def handlers():
            return [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]

        before = handlers()
        with stop.on_signals():
            child = os.fork()  # it keeps the pipe of the signals open
            if not child:
                time.sleep(2)
                os._exit(0)
            assert handlers() != before
        assert handlers() == before
        assert threading.active_count() == 1
        with stop.on_signals():
            send(signal.SIGTERM)
        while True:
            send(signal.SIGTERM)
    """)
    assert stderr.startswith("plugin: stopped at once by a second signal, SIGTERM")
    assert code == 143


def test_a_run_after_one_that_was_asked_to_stop_puts_back_what_was_there_before_both():
    _, stderr, code = run("""
        before = signal.getsignal(signal.SIGTERM)
        with stop.on_signals():
            send(signal.SIGTERM)
        second = Stop("second")
        with second.on_signals():
            assert signal.getsignal(signal.SIGTERM) != before
        assert signal.getsignal(signal.SIGTERM) == before
        third = Stop("third")
        with third.on_signals():
            os.kill(os.getpid(), signal.SIGINT)
            assert third.event.wait(60)
    """)
    assert (stderr, code) == ("", 0)


def test_outside_of_the_main_thread_no_handler_is_installed():
    _, _, code = run("""
        def in_thread():
            with stop.on_signals():
                send(signal.SIGTERM)

        thread = threading.Thread(target=in_thread)
        thread.start()
        thread.join()
    """)
    assert code == -signal.SIGTERM


def test_a_question_is_ended_by_the_first_signal_and_the_next_one_is_ignored():
    before = [signal.getsignal(number) for number in SIGNALS]
    stop = Stop("any")
    try:
        with pytest.raises(StopRequested), stop.raised_by_signals():
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert stop.signum == signal.SIGTERM
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)


def test_a_question_that_nobody_interrupts_leaves_signals_as_they_were():
    before = [signal.getsignal(number) for number in SIGNALS]
    with Stop("any").raised_by_signals():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before

"""After SIGKILL at any point of a run, a run from the last printed state completes it.

The target is stopped at a point from outside: by a sandbox that answers late or never, by a lease
on the reject file (opening it for writing then waits for the holder), or by a full pipe for stdout.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from under_way import until, waiting_in

PIPE = subprocess.PIPE
RECORDS = 40
BATCH = 10
BAD = 17  # its record is rejected by Planhat, in the second batch

HOLDER = """
    import fcntl, os, signal, sys
    signal.signal(signal.SIGIO, lambda *_: os.write(1, b"asked\\n"))
    descriptor = os.open(sys.argv[1], os.O_RDONLY | os.O_CREAT, 0o600)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError:
        sys.exit()
    os.write(1, b"held\\n")
    while True:
        signal.pause()
"""


def lines(bench, company, after=0, pad=""):
    """Yield what a tap sends that continues from a state."""
    yield bench.schema()
    for number in range(after + 1, RECORDS + 1):
        companies = ["0" * 24] if number == BAD else [company]
        yield bench.record(sourceId=f"s{number}", title="t", companyIds=companies)
        yield {"type": "STATE", "value": {"bookmarks": {"at": number, "pad": pad}}}


def answered(bench):
    requests = [request for request in bench.sandbox.requests if request.route == "bulk"]
    return sum(request.status is not None for request in requests)


@contextlib.contextmanager
def running(bench, target, company, pad="", **config):
    process = target.start(
        config=bench.config(batch_size_rows=BATCH, on_reject="continue", **config),
        stdin=PIPE,
        stdout=PIPE,
        stderr=subprocess.DEVNULL,
    )

    def feed():
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(bench.lines(lines(bench, company, pad=pad)))
            process.stdin.flush()

    feeder = threading.Thread(target=feed)
    feeder.start()
    yield process
    feeder.join()
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    process.stdout.close()


def kill(process):
    """Kill a process; return the states that it printed, as an orchestrator reads them."""
    process.kill()
    process.wait()
    whole = process.stdout.read().rpartition(b"\n")[0].splitlines()
    return [json.loads(line)["bookmarks"]["at"] for line in whole]


@pytest.fixture
def finish(bench, target):
    """Return a function that runs from the last state, and compares the result with the source."""

    def run(company, states):
        bench.sandbox.faults.clear()
        after = states[-1] if states else 0
        done = target(
            config=bench.config(batch_size_rows=BATCH, on_reject="continue"),
            stdin=bench.lines(lines(bench, company, after)),
        )
        assert done.code == 0
        assert done.messages[-1]["bookmarks"]["at"] == RECORDS
        keys = [each["sourceId"] for each in bench.sandbox.tenant("alpha").records("issues")]
        good = {f"s{number}" for number in range(1, RECORDS + 1) if number != BAD}
        assert set(keys) == good
        assert len(keys) == len(good)
        assert {reject["record"]["sourceId"] for reject in bench.rejects()} == {f"s{BAD}"}

    return run


@pytest.mark.parametrize("fault", ["reset-before", "stall"], ids=["before a send", "in an answer"])
def test_a_kill_around_a_request(bench, target, finish, fault):
    company = bench.company()
    if fault == "stall":
        bench.sandbox.fault("stall", route="bulk", nth=2, seconds=60)
    else:
        bench.sandbox.fault("status", route="bulk", status=503, retry_after="60", nth=2)
    with running(bench, target, company) as process:
        until(lambda: answered(bench) >= 2)
        until(lambda: waiting_in(process.stdout))
        time.sleep(0.3)
        states = kill(process)
    assert states[-1:] == [BATCH]
    finish(company, states)


def test_a_kill_between_a_send_and_the_work(bench, target, finish):
    company = bench.company()
    bench.sandbox.fault("apply-late", route="bulk", nth=2, seconds=1.5, answer_after=60)
    with running(bench, target, company) as process:
        until(lambda: len([r for r in bench.sandbox.requests if r.route == "bulk"]) >= 2)
        until(lambda: waiting_in(process.stdout))
        time.sleep(0.3)
        states = kill(process)
    assert states[-1:] == [BATCH]
    until(lambda: len(bench.sandbox.tenant("alpha").records("issues")) == 2 * BATCH - 1)
    finish(company, states)


def test_a_kill_before_the_rejects_are_on_disk(bench, target, finish, tmp_path):
    company = bench.company()
    script = tmp_path / "holder.py"
    script.write_text(textwrap.dedent(HOLDER))
    command = [sys.executable, str(script), str(bench.rejects_path)]
    with subprocess.Popen(command, stdout=PIPE) as holder:
        if holder.stdout.readline() != b"held\n":
            pytest.skip("this file system has no leases")
        with running(bench, target, company) as process:
            assert holder.stdout.readline() == b"asked\n"  # it is about to write the reject of BAD
            states = kill(process)
        holder.kill()
    assert bench.rejects() == []
    assert all(at < BAD for at in states)
    finish(company, states)


def test_a_kill_after_the_rejects_are_on_disk_and_before_the_state(bench, target, finish):
    """Nobody reads the pipe for stdout, and the first states have filled it."""
    company = bench.company()
    with running(bench, target, company, pad="x" * 30_000) as process:
        until(bench.rejects)
        time.sleep(0.3)
        states = kill(process)
    finish(company, states)
    assert bench.rejects()


def test_a_kill_while_a_state_is_being_printed(bench, target, finish):
    """The state is longer than the pipe: its reader gets a part of it, and ignores that."""
    company = bench.company()
    state = {"type": "STATE", "value": {"bookmarks": {"at": 5, "pad": "x" * 300_000}}}
    first = [bench.schema(), *list(lines(bench, company))[1:10:2], state]
    process = target.start(
        config=bench.config(on_reject="continue"), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    process.stdin.write(bench.lines(first))
    process.stdin.close()
    until(lambda: answered(bench) == 1)
    time.sleep(0.5)
    assert process.poll() is None
    states = kill(process)
    assert states == []
    process.stdout.close()
    process.stderr.close()
    finish(company, states)


def test_a_kill_right_after_a_state(bench, target, finish):
    company = bench.company()
    with running(bench, target, company) as process:
        at = json.loads(process.stdout.readline())["bookmarks"]["at"]
        process.send_signal(signal.SIGKILL)
        process.wait()
        rest = process.stdout.read().splitlines()
    states = [at, *(json.loads(line)["bookmarks"]["at"] for line in rest)]
    finish(company, states)

"""SIGTERM and SIGINT: the request in flight is finished, its state printed; code 143 or 130."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from last_line import last_line
from under_way import answers_held, until, waiting_in

PIPE = subprocess.PIPE


TO_BE_HEARD_SECONDS = 1.0  # the answer that comes then may not overtake the signal


def bulk_requests(bench):
    return [request for request in bench.sandbox.requests if request.route == "bulk"]


def messages(bench, count, every=10):
    company = bench.company()
    yield bench.schema()
    for number in range(1, count + 1):
        yield bench.record(sourceId=f"s{number}", title="t", companyIds=[company])
        if number % every == 0:
            yield bench.state(number)


def held(bench):
    return len(bench.sandbox.tenant("alpha").records("issues"))


def start(bench, target, count, every=10, **config):
    """Start a target, feed it and leave its stdin open."""
    process = target.start(config=bench.config(**config), stdin=PIPE, stdout=PIPE, stderr=PIPE)
    process.stdin.write(bench.lines(messages(bench, count, every)))
    process.stdin.flush()
    return process


def end(process):
    """Wait for the end of a process; return its states, its last line and its exit code."""
    stdout, stderr = process.communicate(timeout=60)
    states = [json.loads(line)["bookmarks"]["at"] for line in stdout.splitlines()]
    return states, last_line(stderr.decode()), process.returncode


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "INT"]
)
@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_signal_during_a_slow_write_lets_it_finish_and_acknowledges_what_it_covers(
    bench, target, signum, code, concurrency
):
    with answers_held(bench.sandbox, "bulk"):
        process = start(bench, target, 25, batch_size_rows=10, concurrency=concurrency)
        until(lambda: len(bulk_requests(bench)) == min(concurrency, 2))
        process.send_signal(signum)
        time.sleep(TO_BE_HEARD_SECONDS)
    states, last, returncode = end(process)
    written = min(concurrency, 2) * 10
    assert returncode == code
    assert states[-1:] == [written]
    assert held(bench) == written
    assert "records undecided (read, but without an outcome): run again" in last


def test_a_signal_while_waiting_for_input_acknowledges_nothing_that_is_buffered(bench, target):
    process = start(bench, target, 15, batch_size_rows=10)
    until(lambda: held(bench) == 10)
    until(lambda: not waiting_in(process.stdin))
    time.sleep(0.5)  # the rest is read by now; it would be sent after 5 seconds without input
    process.send_signal(signal.SIGTERM)
    states, last, code = end(process)
    assert (states, code) == ([10], 143)
    assert held(bench) == 10
    assert "5 records undecided (read, but without an outcome): run again" in last


def test_a_signal_prints_no_state_of_a_record_that_still_waits_to_be_sent(bench, target):
    """All fifteen are read at once, and five of them wait for their batch to fill."""
    process = start(bench, target, 15, every=1, batch_size_rows=10)
    printed = []
    while printed[-1:] != [10]:
        printed.append(json.loads(process.stdout.readline())["bookmarks"]["at"])
    process.send_signal(signal.SIGTERM)
    states, last, code = end(process)
    assert (printed, states, code) == ([9, 10], [], 143)
    assert held(bench) == 10
    assert "5 records undecided (read, but without an outcome): run again" in last


def test_after_a_signal_when_all_is_written_nothing_is_undecided(bench, target):
    process = start(bench, target, 10, batch_size_rows=10)
    assert process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, last, code = end(process)
    assert code == 143
    assert "every record that was read is accounted for: run again" in last


def test_a_dry_run_that_a_signal_ends_promises_no_state(bench, target):
    process = start(bench, target, 15, batch_size_rows=10, dry_run=True)
    until(lambda: bench.sandbox.requests)
    process.send_signal(signal.SIGTERM)
    states, last, code = end(process)
    assert (states, code) == ([], 143)
    assert last.endswith("stopped by SIGTERM: the dry run has written nothing: run it again")


@pytest.mark.parametrize(
    "config", [{"retry_budget_seconds": 300}, {"requests_per_minute": 1}], ids=["backoff", "pace"]
)
def test_a_signal_ends_a_wait_at_once(bench, target, config):
    if "retry_budget_seconds" in config:
        bench.sandbox.fault("status", route="bulk", status=503, retry_after="60")
    process = start(bench, target, 30, batch_size_rows=2, **config)
    until(lambda: bulk_requests(bench))
    time.sleep(0.5)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    states, _, code = end(process)
    assert code == 143
    assert time.monotonic() - began < 30
    assert all(at <= held(bench) for at in states)


def test_one_signal_that_is_delivered_twice_is_one_signal(bench, target):
    with answers_held(bench.sandbox, "bulk"):
        process = start(bench, target, 10, batch_size_rows=10)
        until(lambda: bulk_requests(bench))
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        time.sleep(TO_BE_HEARD_SECONDS)
    states, _, code = end(process)
    assert (states, code) == ([10], 143)


def test_a_state_that_is_being_printed_is_printed_in_full(bench, target):
    """Nobody reads the pipe until the signal has come; the state is longer than the pipe."""
    company = bench.company()
    state = {"type": "STATE", "value": {"bookmarks": {"at": 1, "pad": "x" * 300_000}}}
    record = bench.record(sourceId="a", title="t", companyIds=[company])
    process = target.start(config=bench.config(), stdin=PIPE, stdout=PIPE, stderr=PIPE)
    process.stdin.write(bench.lines([bench.schema(), record, state]))
    process.stdin.close()
    until(lambda: held(bench))
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    stdout = process.stdout.read()
    process.wait(timeout=60)
    assert json.loads(stdout) == state["value"]
    assert stdout.endswith(b"\n")
    process.stdout.close()
    process.stderr.close()


def test_a_signal_to_the_process_group_ends_the_run_the_same_way(bench, target):
    with answers_held(bench.sandbox, "bulk"):
        process = target.start(
            config=bench.config(batch_size_rows=10),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
        )
        process.stdin.write(bench.lines(messages(bench, 10)))
        process.stdin.flush()
        until(lambda: bulk_requests(bench))
        os.killpg(process.pid, signal.SIGTERM)
        time.sleep(TO_BE_HEARD_SECONDS)
    states, _, code = end(process)
    assert (states, code) == ([10], 143)


def test_a_rerun_sends_again_what_was_not_acknowledged_and_the_end_is_the_same(bench, target):
    with answers_held(bench.sandbox, "bulk"):
        process = start(bench, target, 35, batch_size_rows=10)
        until(lambda: bulk_requests(bench))
        process.send_signal(signal.SIGTERM)
        time.sleep(TO_BE_HEARD_SECONDS)
    states, _, _ = end(process)
    assert states == [10]
    rest = [m for m in messages(bench, 35) if m["type"] == "SCHEMA"]
    rest += [m for m in messages(bench, 35) if m["type"] == "RECORD"][states[-1] :]
    run = target(config=bench.config(batch_size_rows=10), stdin=bench.lines(rest))
    assert run.code == 0
    assert held(bench) == 35


SDK_TARGET = """
    import os, sys, time
    from singer_sdk import Target
    from singer_sdk.sinks import BatchSink

    class Sink(BatchSink):
        def process_batch(self, context):
            records = context.get("records", [])
            open(sys.argv[1], "a").write("begun\\n")
            time.sleep(30 if records else 0)
            open(sys.argv[1], "a").write(f"written {len(records)}\\n")

    class Plain(Target):
        name = "plain"
        default_sink_class = Sink

    Plain(config={"batch_size_rows": 5}).listen()
"""


def test_the_sdks_own_handler_prints_a_bookmark_with_nothing_written(bench, tmp_path):
    """Why ours replaces it (meltano/sdk#3775); when this fails, the SDK has been corrected."""
    script = tmp_path / "plain.py"
    script.write_text(textwrap.dedent(SDK_TARGET))
    journal = tmp_path / "journal"
    command = [sys.executable, str(script), str(journal)]
    process = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    lines = [bench.schema(sourceId={"type": "string"})]
    for number in range(1, 5):
        lines += [bench.record(sourceId=str(number)), bench.state(number)]
    lines.append(bench.record(sourceId="5"))
    process.stdin.write(bench.lines(lines))
    process.stdin.flush()
    until(lambda: journal.exists() and journal.read_text() == "begun\n")
    time.sleep(0.5)  # it is in the middle of writing by now
    process.send_signal(signal.SIGTERM)
    stdout, _ = process.communicate(timeout=60)
    assert json.loads(stdout.splitlines()[-1]) == {"bookmarks": {"at": 4}}
    assert "written 4" not in journal.read_text()
    assert "written 5" not in journal.read_text()
    assert process.returncode == 0

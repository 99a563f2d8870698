"""Standard output: bare state values and nothing else, whatever libraries print; the summary."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import textwrap
import time

import pytest

NOISY = """
    import os, sys
    from planhat_sync.writing.stream import Stream
    from target_planhat.__main__ import main

    quiet = Stream.release

    def release(self, **which):
        print("a library prints")
        sys.stdout.write("another one writes\\n")
        sys.stdout.flush()
        os.write(1, b"a third one uses the descriptor\\n")
        os.system("echo a child process prints")
        return quiet(self, **which)

    Stream.release = release  # stands for code that is not ours
    main()
"""


def run_noisily(bench, tmp_path, lines, **config):
    script = tmp_path / "noisy.py"
    script.write_text(textwrap.dedent(NOISY))
    settings = tmp_path / "config.json"
    settings.write_text(json.dumps(bench.config(**config)))
    return subprocess.run(
        [sys.executable, str(script), "--config", str(settings)],
        input=bench.lines(lines),
        capture_output=True,
        check=False,
    )


def test_whatever_else_is_printed_goes_to_standard_error(bench, tmp_path):
    company = bench.company()
    record = bench.record(sourceId="a", title="t", companyIds=[company])
    run = run_noisily(bench, tmp_path, [bench.schema(), record, bench.state(1)])
    assert run.returncode == 0
    assert run.stdout == b'{"bookmarks": {"at": 1}}\n'
    for noise in (b"a library", b"another one", b"a third one", b"a child process"):
        assert noise in run.stderr


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "ERROR"])
def test_standard_output_is_the_same_at_every_log_level(bench, target, level):
    company = bench.company()
    record = bench.record(sourceId="a", title="t", companyIds=[company])
    run = target(
        config=bench.config(),
        stdin=bench.lines([bench.schema(), record, bench.state(1)]),
        env={"TARGET_PLANHAT_LOGLEVEL": level},
    )
    assert run.lines == [b'{"bookmarks": {"at": 1}}']
    assert "token-a" not in run.stderr


def test_a_state_is_printed_as_received_and_never_twice(bench, target):
    value = b'{"bookmarks": {"issues": {"at": "2026-01-01T00:00:00.10Z", "n": 0.10, "x": 1e400}}}'
    state = b'{"type": "STATE", "value": %b}' % value
    empty = {"type": "STATE", "value": {}}
    run = target(config=bench.config(), stdin=bench.lines([state, state, empty, state]))
    assert run.lines == [value]


def test_a_pipe_that_somebody_made_non_blocking_is_waited_for(bench, target):
    """Any process that shares the pipe can make it so; Node.js does."""
    state = {"bookmarks": {"at": "x" * 1_000_000}}
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    process = target.start(
        config=bench.config(), stdin=subprocess.PIPE, stdout=writable, stderr=subprocess.PIPE
    )
    os.close(writable)
    process.stdin.write(bench.lines([{"type": "STATE", "value": state}]))
    process.stdin.close()
    with open(readable, "rb") as states:  # noqa: PTH123 - a descriptor
        assert select.select([states], [], [], 30)[0]
        time.sleep(0.2)  # the pipe is full by now
        assert json.loads(states.read()) == state
    stderr = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(30) == 0, stderr


def test_a_reader_that_goes_away_ends_the_run_with_one_line(bench, target):
    lines = [bench.schema(), *(bench.state(number) for number in range(50_000))]
    process = target.start(
        config=bench.config(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    _, stderr = process.communicate(bench.lines(lines), timeout=60)
    assert process.returncode == 1
    assert "the program that reads standard output exited early" in stderr.decode().splitlines()[-1]


def test_the_summary_says_what_the_log_line_says(bench, target, tmp_path):
    company = bench.company()
    lines = [
        bench.schema(),
        bench.record(sourceId="a", title="t", companyIds=[company]),
        bench.record(sourceId="a", title="u", companyIds=[company]),
        bench.record(title="No key"),
    ]
    run = target(
        config=bench.config(on_reject="continue", summary_path="summary.json"),
        stdin=bench.lines(lines),
    )
    assert run.code == 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["streams"] == {
        "issues": {
            "read": 3,
            "created": 1,
            "updated": 0,
            "unchanged": 0,
            "merged": 1,
            "skipped": 0,
            "deleted": 0,
            "rejected": 1,
            "undecided": 0,
        }
    }
    assert summary["result"] == "done"
    assert summary["undecided"] == 0
    assert summary["dry_run"] is False
    assert summary["requests"] == 1
    assert summary["rejects_path"] == str(bench.rejects_path)
    assert summary.keys() >= {"retries", "seconds", "version"}
    logged = next(line for line in run.stderr.splitlines() if "Summary: " in line)
    assert json.loads(logged.partition("Summary: ")[2]) == summary


def test_the_summary_is_written_when_the_run_fails_too(bench, target, tmp_path):
    summary = tmp_path / "summary.json"
    summary.write_text('{"streams": {}, "result": "done", "of": "the last run"}')
    bench.sandbox.fault("status", route="bulk", status=401)
    record = bench.record(sourceId="a", title="t", companyIds=[bench.company()])
    run = target(
        config=bench.config(summary_path=str(summary)), stdin=bench.lines([bench.schema(), record])
    )
    assert run.code == 1
    found = json.loads(summary.read_text())
    assert found["result"] == "failed"
    assert found["undecided"] == 1
    account = found["streams"]["issues"]
    assert (account["read"], account["created"], account["undecided"]) == (1, 0, 1)


@pytest.mark.parametrize("option", ["--version", "--help", "--about"])
def test_asking_what_it_is_needs_no_settings(target, option):
    run = target(option)
    assert run.code == 0
    assert b"target-planhat" in run.stdout

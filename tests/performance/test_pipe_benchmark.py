"""The benchmark of pipes measures all processes, and counts what arrived."""

import sys

import pytest

from benchmarks import pipe_tables, quiet
from benchmarks.measure import Command, FailedRunError, measure_pipe
from benchmarks.pipe import Copy, copies, copy, summary
from benchmarks.pipes import PIPES, Pipe
from benchmarks.rounds import server

BUSY = "import time\nwhile time.process_time() < 0.2: pass\n"


@pytest.fixture(scope="module")
def url():
    with server() as address:
        yield address


def shell(script):
    return Command(["sh", "-c", script])


def test_each_process_of_a_pipe_reads_what_the_one_before_prints(tmp_path):
    commands = [shell("echo one; echo two >&2"), shell("cat; echo three"), shell("sort")]
    code, _ = measure_pipe(commands, tmp_path)
    assert code == 0
    assert (tmp_path / "out").read_text() == "one\nthree\n"
    assert (tmp_path / "err-0").read_text() == "two\n"


def test_the_cpu_time_of_a_pipe_is_that_of_all_its_processes_and_of_theirs(tmp_path):
    busy = [sys.executable, "-c", BUSY]
    parent = [sys.executable, "-c", f"import subprocess\nsubprocess.run({busy!r}, check=True)"]
    _, cost = measure_pipe([Command(busy), Command(parent)], tmp_path)
    assert cost.cpu_seconds >= 0.4


@pytest.mark.parametrize("scripts", [("exit 3", "cat"), ("echo one", "cat; exit 3")])
def test_a_pipe_fails_where_one_of_its_processes_does(tmp_path, scripts):
    code, _ = measure_pipe([shell(script) for script in scripts], tmp_path)
    assert code == 3


def test_a_pipe_whose_reader_ends_early_ends_too(tmp_path):
    code, _ = measure_pipe([shell("yes"), shell("true")], tmp_path)
    assert code != 0


def test_our_pipe_copies_every_issue_once(url):
    run = copy(PIPES[1], url, 30, 200)
    assert (run.arrived, run.refused, run.has_failed) == (30, 0, False)
    assert run.read_requests
    assert run.write_requests == 1
    assert run.wall_seconds >= 0.2  # two answers, one after the other


def test_an_issue_that_a_pipe_of_ours_loses_ends_the_benchmark(url):
    losing = Pipe("losing", lambda read, write: [shell("true")], is_ours=True)
    with pytest.raises(FailedRunError, match="0 of 30 arrived"):
        copy(losing, url, 30, 0)


def test_an_issue_that_another_pipe_loses_is_shown(url):
    losing = Pipe("losing", lambda read, write: [shell("exit 1")])
    results = {
        "measured": "2026-01-01",
        "machine": {"cores": 2, "processor": "a", "system": "b", "python": "3"},
        "versions": {},
        "rows": 30,
        "copies": copies(url, [losing], 30, 1),
    }
    assert pipe_tables.copies(results).count("| **0**, failed |") == 2


def run(wall, *, arrived=30, refused=0, failed=False):
    return Copy(wall, wall / 2, 3, 1, refused, arrived, failed)


@pytest.mark.parametrize(
    ("runs", "shown"),
    [
        (
            [run(1.0), run(3.0), run(2.0)],
            "| 2.0 s | 1.0 to 3.0 | 1.0 s | 0.5 to 1.5 | 3 + 1 | all |",
        ),
        ([run(1.0), run(1.0, refused=7)], "| 3 + 1, 7 refused | all |"),
        ([run(1.0), run(1.0, arrived=29)], "| **29** |"),
        ([run(1.0), run(1.0, arrived=-1)], "| **one twice** |"),
        ([run(1.0), run(1.0, failed=True)], "| **30**, failed |"),
    ],
)
def test_the_table_shows_the_median_and_the_worst(runs, shown):
    results = {
        "measured": "2026-01-01",
        "machine": {"cores": 2, "processor": "a", "system": "b", "python": "3"},
        "versions": {},
        "rows": 30,
        "copies": {"a pipe": {"limited": summary(runs), "unlimited": summary([run(1.0)])}},
    }
    table, _ = pipe_tables.copies(results).split("without a limit")
    assert shown in table
    assert pipe_tables.sides_of(results)["Time, without a limit: seconds"] == {"a pipe": 1.0}


@pytest.mark.slow
def test_a_run_that_finds_nothing_new_sends_one_request(url):
    found = quiet.readings(url, quiet.SUBJECTS, 200, 1)
    assert {name: taken["requests"] for name, taken in found.items()} == {
        "tap-planhat": 1,
        "source-planhat": 1,
        "plain singer-sdk tap, incremental": 1,
    }

"""Memory does not grow with a run: a hundred thousand more records need the same amount."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.commands import Job
from benchmarks.subjects import (
    MAPPED_TARGET,
    OUR_DESTINATION,
    OUR_SOURCE,
    OUR_TAP,
    OUR_TARGET,
)
from benchmarks.tenant import Tenant

PROJECT = Path(__file__).parents[2]
FEW, MANY = 20_000, 120_000
ROOM_MEGABYTES = 20


@pytest.fixture
def url():
    command = [sys.executable, "-m", "benchmarks.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as server:
        yield server.stdout.readline().strip()
        server.kill()


def peak(subject, url, rows, folder, stdin):
    """The greatest resident set of one run, in megabytes."""
    report = folder / "cost.json"
    command = subject.command(Job(url, Tenant("memory", rows), folder))
    subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", str(report), *command.argv],
        check=True,
        stdin=stdin,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=PROJECT,
    )
    return json.loads(report.read_text())["peak_megabytes"]


@pytest.mark.parametrize(
    "subject",
    [OUR_TAP, pytest.param(OUR_SOURCE, marks=pytest.mark.slow)],
    ids=lambda subject: subject.name,
)
def test_reading_more_records_takes_no_more_memory(url, tmp_path, subject):
    few, many = (peak(subject, url, rows, tmp_path, subprocess.DEVNULL) for rows in (FEW, MANY))
    assert many - few < ROOM_MEGABYTES


@pytest.mark.parametrize(
    ("subject", "sizes"),
    [
        (OUR_TARGET, (FEW, MANY)),
        (MAPPED_TARGET, (10_000, 50_000)),
        pytest.param(OUR_DESTINATION, (FEW, MANY), marks=pytest.mark.slow),
    ],
    ids=["plain", "mapped", "airbyte"],
)
def test_writing_more_records_takes_no_more_memory(url, tmp_path, subject, sizes):
    peaks = []
    for rows in sizes:
        command = [sys.executable, "-m", "benchmarks.lines", str(rows), subject.form]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT) as feeder:
            peaks.append(peak(subject, url, rows, tmp_path, feeder.stdout))
    few, many = peaks
    assert many - few < ROOM_MEGABYTES

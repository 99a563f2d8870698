"""Memory does not grow with a run: a hundred thousand more records need the same amount."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.subjects import MAPPED

PROJECT = Path(__file__).parents[2]
FEW, MANY = 20_000, 120_000
ROOM_MEGABYTES = 20


@pytest.fixture
def url():
    command = [sys.executable, "-m", "benchmarks.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as server:
        yield server.stdout.readline().strip()
        server.kill()


def peak(plugin, url, rows, folder, stdin, **more):
    """The greatest resident set of one run, in megabytes."""
    config, report = folder / "config.json", folder / "cost.json"
    token = f"memory.{rows}.0.0"
    settings = {"api_url": url, "api_token": token, "requests_per_minute": 0, **more}
    config.write_text(json.dumps(settings))
    program = [str(Path(sys.executable).with_name(plugin)), "--config", str(config)]
    subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", str(report), *program],
        check=True,
        stdin=stdin,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=PROJECT,
    )
    return json.loads(report.read_text())["peak_megabytes"]


def test_the_tap_takes_no_more_memory_for_more_records(url, tmp_path):
    few, many = (
        peak("tap-planhat", url, rows, tmp_path, subprocess.DEVNULL) for rows in (FEW, MANY)
    )
    assert many - few < ROOM_MEGABYTES


@pytest.mark.parametrize(
    ("sizes", "form", "config"),
    [((FEW, MANY), (), {}), ((10_000, 50_000), ("tracker",), MAPPED)],
    ids=["plain", "mapped"],
)
def test_the_target_takes_no_more_memory_for_more_records(url, tmp_path, sizes, form, config):
    peaks = []
    for rows in sizes:
        command = [sys.executable, "-m", "benchmarks.lines", str(rows), *form]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT) as feeder:
            peaks.append(peak("target-planhat", url, rows, tmp_path, feeder.stdout, **config))
    few, many = peaks
    assert many - few < ROOM_MEGABYTES

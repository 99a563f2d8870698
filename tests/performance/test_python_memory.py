"""A program that reads or writes more records takes no more memory for them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("python_program.py")
FEW, MANY = 20_000, 120_000
ROOM_MEGABYTES = 20


@pytest.fixture
def url():
    command = [sys.executable, "-m", "benchmarks.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as server:
        yield server.stdout.readline().strip()
        server.kill()


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["read", "write"])
def test_more_records_take_no_more_memory(url, tmp_path, verb):
    report = tmp_path / "cost.json"
    peaks = []
    for rows in (FEW, MANY):
        measured = [sys.executable, "-m", "benchmarks.measure", str(report)]
        program = [sys.executable, str(PROGRAM), verb, url, str(rows)]
        subprocess.run([*measured, *program], check=True, cwd=PROJECT)
        peaks.append(json.loads(report.read_text())["peak_megabytes"])
    few, many = peaks
    assert many - few < ROOM_MEGABYTES

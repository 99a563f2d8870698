"""The page of the command line shows every program as it is."""

from __future__ import annotations

import re
import signal
import subprocess
from importlib.metadata import distribution

import pytest
from checkout import ROOT
from strangers import program

from airbyte_planhat.destination.__main__ import DESTINATION
from airbyte_planhat.source.__main__ import SOURCE

PAGE = (ROOT / "docs" / "command-line.md").read_text("utf-8")
PROGRAMS = sorted(distribution("planhat-sync").entry_points.select(group="console_scripts").names)


def test_each_program_has_a_section():
    assert re.findall(r"^## ([a-z]+-[a-z]+)$", PAGE, re.MULTILINE)
    for name in PROGRAMS:
        assert f"\n## {name}\n" in PAGE
        assert f"[`{name}`](#{name})" in PAGE


@pytest.mark.parametrize("connector", [SOURCE, DESTINATION], ids=lambda each: each.name)
def test_each_command_of_a_connector_has_a_section(connector):
    for command in ("spec", "check", "discover", connector.transfer):
        assert f"\n### {connector.name} {command}\n" in PAGE


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_wrong_is_said_on_standard_error_and_ends_with_one(name):
    done = subprocess.run([program(name), "--no-such-option"], capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1].startswith(f"{name}: ")


def test_the_codes_of_signals_are_128_and_their_numbers():
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)]
    assert codes == [0, 1, 128 + signal.SIGINT, 128 + signal.SIGTERM]

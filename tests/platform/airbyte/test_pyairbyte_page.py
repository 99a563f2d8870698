"""The programs of docs/airbyte.md for PyAirbyte, as a reader of the page would run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
sys.path.append(str(ROOT / "tests" / "support"))

from pages import parse  # noqa: E402 - it is on the path only now

PAGE = parse("docs/airbyte.md", (ROOT / "docs" / "airbyte.md").read_text("utf-8"))
PROGRAMS = {block.file: block.body for block in PAGE.blocks if block.language == "python"}
NAMES = {"token-of-the-source": "token-a", "token-of-the-copy": "token-b"}


@pytest.fixture
def printed_by(tmp_path, sandbox):
    """Return a function that runs a program of the page, and returns what it prints."""
    path = os.pathsep.join([str(ROOT / ".venv" / "bin"), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "AIRBYTE_PROJECT_DIR": str(tmp_path)}

    def run(name: str) -> list[str]:
        program = PROGRAMS[name].replace("http://127.0.0.1:8765", sandbox.url)
        for of_the_page, here in NAMES.items():
            program = program.replace(of_the_page, here)
        (tmp_path / name).write_text(program, "utf-8")
        done = subprocess.run(
            [sys.executable, name],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.splitlines()

    return run


def test_the_program_that_reads_has_everything_and_then_what_has_changed(printed_by, sandbox):
    assert {"issues 40", "objectives 10"} <= set(printed_by("read.py"))
    sandbox.tenant("token-a").insert("objectives", {"name": "Onboard"})
    assert {"issues 40", "objectives 11"} <= set(printed_by("read.py"))


def test_the_program_that_writes_brings_every_record_with_its_values(printed_by, sandbox):
    printed_by("write.py")
    there, here = (sandbox.tenant(token).records("issues") for token in ("token-a", "token-b"))
    values = [
        {issue["sourceId"]: (issue["title"], issue["companyIds"]) for issue in issues}
        for issues in (there, here)
    ]
    assert values[0] == values[1]
    assert len(sandbox.tenant("token-b").records("objectives")) == 10

"""The commands of docs/meltano.md that put a token into a project, typed at a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from strangers import program, without_installation

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "meltano.md").read_text("utf-8")
TOKEN = "token-that-nobody-may-see"  # noqa: S105 - of nothing

DONE = "was set in `.env`"


@pytest.fixture
def type_in(tmp_path):
    """Run a command at a terminal and answer its prompts until it says that the token is set."""
    binaries = Path(program("meltano", "meltano")).parent
    project = without_installation((ROOT / "meltano.yml").read_text("utf-8"))
    (tmp_path / "meltano.yml").write_text(project, "utf-8")

    def run(command, *answers):
        outer, inner = pty.openpty()
        process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={
                **os.environ,
                "HOME": str(tmp_path),
                "PATH": os.pathsep.join([str(binaries), os.environ["PATH"]]),
            },
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        shown, answered = "", 0
        waiting, deadline = list(answers), time.monotonic() + 240
        try:
            while DONE not in shown and time.monotonic() < deadline:
                if select.select([outer], [], [], 0.2)[0]:
                    try:
                        shown += os.read(outer, 65536).decode(errors="replace")
                    except OSError:  # Linux raises this when the other end is closed
                        break
                while waiting and waiting[0][0] in shown[answered:]:
                    prompt, answer = waiting.pop(0)
                    answered = shown.index(prompt, answered) + len(prompt)
                    os.write(outer, answer.encode())
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.close(outer)
        assert DONE in shown, shown[-3000:]
        return shown

    return run


def test_the_token_is_taken_from_standard_input(type_in, tmp_path):
    (command,) = re.findall(
        r"^ *(meltano config set tap-planhat api_token .*)$", PAGE, re.MULTILINE
    )
    shown = type_in(command.replace("token-of-the-source", TOKEN))
    assert TOKEN not in shown
    assert TOKEN in (tmp_path / ".env").read_text()


def test_the_token_is_asked_for_and_not_shown(type_in, tmp_path):
    (command,) = re.findall(r"`(meltano config set --interactive [^`]*)`", PAGE)
    shown = type_in(
        command,
        ("[all]: ", "1\n"),
        ("New value", f"{TOKEN}\n"),
        ("Repeat for confirmation", f"{TOKEN}\n"),
    )
    assert TOKEN not in shown
    assert TOKEN in (tmp_path / ".env").read_text()

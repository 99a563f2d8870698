"""What `--help` of each program prints, as Markdown."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PROGRAMS = (
    *("tap-planhat", "target-planhat", "source-planhat", "destination-planhat"),
    *("planhat-sandbox", "planhat-beliefs"),
)
COMMAND = re.compile(r"^    (\w+) {2,}\w", re.MULTILINE)


def sections() -> str:
    """Return a section for each program, and one for each of its commands if it has any."""
    return "\n\n".join(section for name in PROGRAMS for section in _sections(name))


def _sections(name: str) -> list[str]:
    printed = printed_by(name, "--help")
    commands = COMMAND.findall(printed) if "COMMAND ..." in printed else []
    return [
        f"## {name}\n\n{_block(printed)}",
        *(
            f"### {name} {command}\n\n{_block(printed_by(name, command, '--help'))}"
            for command in commands
        ),
    ]


def _block(printed: str) -> str:
    text = printed.strip("\n")
    return f"```text\n{text}\n```"


def printed_by(name: str, *arguments: str) -> str:
    """Return what a program prints on standard output, 80 columns wide and without colours.

    Args:
        name: The program.
        arguments: Its arguments.
    """
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}
    command = [str(Path(sys.executable).parent / name), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, env=environment)
    return done.stdout.decode()

"""Commands: ours, and those of other people's programs, each in its own environment."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from checkout import ROOT


def program(name: str, environment: str | None = None) -> str:
    """Where a command is: beside this Python, or in `.venv-<environment>`.

    Skips the test if that environment was not made.
    """
    if environment is None:
        return str(Path(sys.executable).parent / name)
    path = ROOT / f".venv-{environment}" / "bin" / name
    if not path.exists():
        pytest.skip(f"{path} is not there: make strangers")
    return str(path)


def without_installation(project: str) -> str:
    """A meltano.yml whose plugins are the commands on PATH, so that Meltano installs nothing."""
    return re.sub(r"^ *pip_url: .*\n", "", project, flags=re.MULTILINE)

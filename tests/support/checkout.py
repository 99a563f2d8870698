"""The checkout: what its reader has of it, and that a run of the tests leaves it as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CACHES = ROOT / ".venv" / "cache"
"""Where Python, pytest and Hypothesis keep what they cache."""
OTHERS = {".git", ".mypy_cache", ".ruff_cache", ".import_linter_cache"}
"""Folders of git and of the linters, which may run beside the tests."""
EDITORS = ("*.sw?", "*~", ".#*", "#*#", ".idea", ".vscode")
"""Files that an editor keeps beside those that are open in it."""


def bare_environment() -> dict[str, str]:
    """Return an environment with only the variables that say whether and where bytecode is
    written."""
    names = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    return {name: os.environ[name] for name in names if name in os.environ}


def files_of(folder: Path) -> list[Path]:
    """Return the files of a folder that a fresh checkout has, or will have after the next commit.

    What git ignores is not among them: bytecode, for one. Where git does not know the folder, as
    in an unpacked sdist, it is all but bytecode.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        listed = b""
    known = [folder / os.fsdecode(name) for name in listed.split(b"\0") if name]
    found = known or [path for path in folder.rglob("*") if "__pycache__" not in path.parts]
    return sorted(path for path in found if path.is_file())


def copy_folder(folder: Path, where: Path) -> None:
    """Copy a folder as a fresh checkout has it."""
    for path in files_of(folder):
        place = where / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)


class Watch:
    """Fails a run of pytest that leaves something in the checkout, and names it.

    Files that were there before may change only where nobody edits them meanwhile, which is in
    CI. Where several processes share the tests, the one that waits for the others looks: before
    the first has begun, and after the last has ended.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._session = session
        self._before = self._changes()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        after = self._changes()
        left = {path for path in after if path not in self._before}
        if os.environ.get("CI"):
            left |= {path for path in after if after[path] != self._before.get(path)}
            left |= self._before.keys() - after.keys()
        if left:
            self._session.exitstatus = pytest.ExitCode.TESTS_FAILED
            terminalreporter.section("the checkout is not as it was", red=True)
            terminalreporter.line("Tests may write to tmp_path alone. This came during the run:")
            for path in sorted(path for path in left if path.parent not in left):
                terminalreporter.line(str(path))

    def _changes(self) -> dict[Path, int]:
        """Return when each file was changed last; folders have no such time."""
        found = {}
        for folder, folders, files in os.walk(self._root):
            place = Path(folder).relative_to(self._root)
            folders[:] = [name for name in folders if not _is_of_others(name)]
            found |= dict.fromkeys((place / name for name in folders), 0)
            for name in files:
                if not _is_of_others(name):
                    found[place / name] = os.lstat(Path(folder, name)).st_mtime_ns
        return found


def _is_of_others(name: str) -> bool:
    path = Path(name)
    return (
        name in OTHERS
        or name.startswith(".venv")
        or any(path.match(pattern) for pattern in EDITORS)
    )

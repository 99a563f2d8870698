"""The documentation as a site, built as `make docs` builds it."""

from __future__ import annotations

import fcntl
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from strangers import ROOT, program

if TYPE_CHECKING:
    from pathlib import Path


def build_site(configuration: Path, where: Path) -> str:
    """Build a site as `make docs` does, and return what was printed."""
    command = [program("mkdocs", "docs"), "build", "--strict", "--config-file", str(configuration)]
    done = subprocess.run(
        [*command, "--site-dir", str(where)],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """The built site. With several processes the first one builds it, for all."""
    shared = "PYTEST_XDIST_WORKER" in os.environ
    temporary = tmp_path_factory.getbasetemp()
    where = (temporary.parent if shared else temporary) / "site"
    with (where.parent / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not where.exists():
            built = where.with_name("site.new")
            printed = build_site(ROOT / "mkdocs.yml", built)
            assert "WARNING" not in printed
            built.rename(where)
    return where

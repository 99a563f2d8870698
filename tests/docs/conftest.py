"""The pages of the documentation, and what a reader of one of them has at hand."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from built_site import site
from checkout import ROOT, copy_folder
from github_api import github
from pages import pages
from postgres import postgres, postgres_server
from strangers import without_installation

ENVIRONMENTS = {
    *("airflow", "github-extractor", "jsonl-loader", "meltano"),
    *("postgres-extractor", "postgres-loader", "dlt"),
}
SLOW = {"airflow", "dlt"}
"""Environments that take long to install; they are not there after make test."""

__all__ = ["github", "postgres", "postgres_server", "site"]


def pytest_generate_tests(metafunc):
    """Make a test for every page."""
    if "page" in metafunc.fixturenames:
        found = [
            pytest.param(page, id=page.name, marks=[pytest.mark.slow] * bool(page.needs & SLOW))
            for page in pages()
        ]
        metafunc.parametrize("page", found)


@pytest.fixture
def environment(page, request, tmp_path) -> dict[str, str]:
    """A reader's environment: the plugins on PATH, an empty home, no settings from outside."""
    home = tmp_path / "home"
    home.mkdir()
    outside = ("TAP_", "TARGET_", "MELTANO_", "PLANHAT_", "PG", "GITHUB_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(outside)}
    path = [str(Path(sys.executable).parent)]
    for need in sorted(page.needs & ENVIRONMENTS):
        binaries = ROOT / f".venv-{need}" / "bin"
        if not (binaries / "python").exists():
            made_by = f"test-{need}" if need in SLOW else "strangers"
            pytest.skip(f"{binaries} is not there: make {made_by}")
        if need == "dlt":  # whose Python the page runs
            path.insert(0, str(binaries))
            kept["DLT_DATA_DIR"] = str(tmp_path / "dlt")  # for root it would be /var/dlt
            kept["RUNTIME__DLTHUB_TELEMETRY"] = "false"
        else:
            path.append(str(binaries))
    if "github" in page.needs:
        kept["GITHUB_API_URL"] = request.getfixturevalue("github").url
    if "postgres" in page.needs:
        server = request.getfixturevalue("postgres")
        if "postgres-loader" in page.needs:
            # A time zone as many a reader has it. target-postgres makes columns without one.
            server.run(f"alter database {server.database} set timezone = 'Asia/Kolkata'")
        kept |= server.environment
        path.append(str(server.binaries))
    return {
        **kept,
        "HOME": str(home),
        "PATH": os.pathsep.join([*path, os.environ["PATH"]]),
        "CHECKOUT": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture
def place(page, tmp_path) -> Path:
    """The directory in which a page is followed: empty, or with what a reader of it has there."""
    where = tmp_path / "place"
    where.mkdir()
    if "checkout" in page.needs:
        shutil.copy(ROOT / ".env.example", where)
        copy_folder(ROOT / "examples", where / "examples")
        copy_folder(ROOT / "hub", where / "hub")
        project = without_installation((ROOT / "meltano.yml").read_text("utf-8"))
        (where / "meltano.yml").write_text(project, "utf-8")
    return where

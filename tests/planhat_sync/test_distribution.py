"""Addresses of the project: those of pyproject.toml, by way of the distribution's metadata."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from importlib import metadata

import pytest
from checkout import ROOT

from planhat_sync.distribution import DISTRIBUTION, address_of

LABELS = {"Documentation", "Repository"}
"""What the programs and the site ask for."""
ADDRESSES = {
    "Documentation": "https://documentation.example/planhat-sync/",
    "Repository": "https://repository.example/planhat-sync",
}


@pytest.fixture
def release(tmp_path, monkeypatch):
    """A release that has addresses: its dist-info folder comes first on sys.path."""
    folder = tmp_path / "planhat_sync-9.9.9.dist-info"
    folder.mkdir()
    head = f"Metadata-Version: 2.4\nName: {DISTRIBUTION}\nVersion: 9.9.9\n"
    urls = "".join(f"Project-URL: {label}, {url}\n" for label, url in ADDRESSES.items())
    (folder / "METADATA").write_text(head + urls, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()


@pytest.mark.usefixtures("release")
def test_an_address_is_read_from_the_metadata_and_ends_without_a_slash():
    assert metadata.version(DISTRIBUTION) == "9.9.9"
    assert address_of("Documentation") == "https://documentation.example/planhat-sync"
    assert address_of("Repository") == "https://repository.example/planhat-sync"


@pytest.mark.usefixtures("release")
def test_a_label_that_the_metadata_does_not_have_has_no_address():
    assert address_of("Changelog") is None
    assert address_of("Document") is None


def test_the_installed_metadata_has_the_addresses_of_pyproject(tmp_path):
    command = "import hatchling.build as b, sys; b.prepare_metadata_for_build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", command, str(tmp_path)], cwd=ROOT, check=True)
    (folder,) = tmp_path.glob("*.dist-info")
    entries = metadata.Distribution.at(folder).metadata.get_all("Project-URL", [])
    built = {label: url for label, _, url in (entry.partition(", ") for entry in entries)}
    assert built, "no address at all: then there is nothing to compare"
    expected = {
        label: built[label].rstrip("/") if label in built else None for label in LABELS | {*built}
    }
    assert {label: address_of(label) for label in expected} == expected, "make installs it again"


def test_code_that_is_not_installed_has_no_addresses():
    """Such as a copy of the packages on PYTHONPATH; -S leaves site-packages out."""
    command = "from planhat_sync.distribution import address_of; print(address_of('Documentation'))"
    shown = subprocess.run(
        [sys.executable, "-S", "-c", command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "None\n"


def test_metadata_that_cannot_be_read_has_no_addresses():
    """A run that ends because too many files are open still has its last line."""
    command = (
        "import resource; from planhat_sync.distribution import address_of; "
        "print(address_of('Documentation')); "
        "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3)); "
        "print(address_of('Documentation'))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    assert shown.stdout.splitlines()[-1] == "None"

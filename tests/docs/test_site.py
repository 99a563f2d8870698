"""The site builds without a warning, and is complete in itself."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from strangers import ROOT, program

import planhat_sync

LOADED = re.compile(
    r"<(?:script|img|iframe|source)[^>]*\bsrc=[\"']?([^\"' >]+)|<link[^>]*\bhref=[\"']?([^\"' >]+)"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site."""
    where = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [program("mkdocs", "docs"), "build", "--strict", "--site-dir", str(where)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return where


def test_the_site_loads_nothing_from_elsewhere(site):
    for page in site.rglob("*.html"):
        for found in LOADED.finditer(page.read_text("utf-8")):
            address = found[1] or found[2]
            assert not re.match(r"(https?:)?//", address), f"{page.name} loads {address}"


def test_every_decision_is_on_the_list(site):
    index = (site / "adr" / "index.html").read_text("utf-8")
    for decision in (ROOT / "docs" / "adr").glob("[0-9]*.md"):
        assert f"{decision.stem}.html" in index


def test_the_links_of_the_readme_lead_somewhere():
    text = (ROOT / "README.md").read_text("utf-8")
    for address in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert address.startswith("https://") or (ROOT / address).exists(), address


def test_the_api_reference_has_everything_that_programs_import(site):
    page = (site / "python-api.html").read_text("utf-8")
    missing = [
        name
        for name in planhat_sync.__all__
        if isinstance(getattr(planhat_sync, name), type)
        and not re.search(rf'<h[1-6] id="planhat_sync\.(errors\.)?{name}"', page)
    ]
    assert not missing

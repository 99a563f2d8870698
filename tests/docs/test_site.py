"""The site builds without a warning, is complete in itself, and leads nowhere that is not there."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from built_site import build_site
from strangers import ROOT

import planhat_sync
from planhat_sync.models import load_models

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
PROJECT = """[project]
name = "planhat-sync"
version = "9.8.7"
license = "Apache-2.0"

[project.urls]
Repository = "https://code.example/team/planhat-sync"
"""
SETTINGS = f"""INHERIT: {ROOT}/mkdocs.yml
docs_dir: docs
theme: {{custom_dir: {ROOT}/tools/theme}}
hooks: [{ROOT}/tools/site_hooks.py]
plugins: [search]
extra_css: []
nav: [page.md]
not_in_nav: ""
"""


class Page(HTMLParser):
    """A page of the site: where it leads, what it loads, and which anchors it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.anchors: set[str] = set()
        self.repeated: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value for name, value in attrs if value is not None}
        if tag == "a" and "href" in found:
            self.links.add(found["href"])
        if (attribute := LOADED.get(tag)) in found and found.get("rel") not in {"prev", "next"}:
            self.loaded.add(found[attribute])
        for anchor in {found.get("id"), found.get("name") if tag == "a" else None} - {None}:
            (self.repeated if anchor in self.anchors else self.anchors).add(anchor)


@pytest.fixture(scope="module")
def pages(site):
    """Every page of the site, by its path."""
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_the_site_loads_nothing_from_elsewhere(pages):
    loaded = {address for page in pages.values() for address in page.loaded}
    assert len(loaded) > 5
    assert not [address for address in loaded if re.match(r"(https?:)?//", address)]


def test_every_link_of_the_site_leads_to_a_page_and_a_heading_that_are_there(pages):
    dead, followed = [], 0
    for path, page in pages.items():
        for link in page.links | page.loaded:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or path.name == "404.html":  # its links begin with /
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = there / "index.html" if there.is_dir() else there
            anchor = unquote(parts.fragment)
            if not there.exists() or (anchor and anchor not in pages[there].anchors):
                dead.append(f"{path.name}: {link}")
            followed += 1
    assert followed > 5000
    assert not dead


def test_every_page_shows_the_version_of_the_distribution(site, pages):
    for path in pages:
        assert f"planhat-sync {version('planhat-sync')}, Apache-2.0" in path.read_text("utf-8")


def test_without_an_address_of_the_repository_no_page_links_to_it(pages):
    for path in pages:
        assert not re.search('class="md-source"|rel="edit"', path.read_text("utf-8"))


def test_with_an_address_of_the_repository_every_page_links_to_it_and_to_its_source(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("# A page\n", "utf-8")
    (tmp_path / "pyproject.toml").write_text(PROJECT, "utf-8")
    (tmp_path / "mkdocs.yml").write_text(SETTINGS, "utf-8")
    build_site(tmp_path / "mkdocs.yml", tmp_path / "site")
    page = (tmp_path / "site" / "page.html").read_text("utf-8")
    assert '<a href="https://code.example/team/planhat-sync" class="md-source">' in page
    assert 'href="https://code.example/team/planhat-sync/edit/main/docs/page.md"' in page
    assert "planhat-sync 9.8.7, Apache-2.0" in page


def test_no_page_has_two_anchors_of_one_name(pages):
    assert not {path.name: page.repeated for path, page in pages.items() if page.repeated}


def test_every_page_but_decisions_leads_to_the_one_before_or_after_it(site, pages):
    for path in pages:
        if path.name != "404.html" and "adr" not in path.parts:
            assert 'class="md-footer__link' in path.read_text("utf-8"), path.relative_to(site)


def test_every_decision_is_on_the_list(site):
    index = (site / "adr" / "index.html").read_text("utf-8")
    for decision in (ROOT / "docs" / "adr").glob("[0-9]*.md"):
        assert f"{decision.stem}.html" in index


def test_the_links_of_the_readme_lead_to_a_file_and_a_heading_that_are_there(site, pages):
    text = (ROOT / "README.md").read_text("utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert len(links) > 40
    for link in links:
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        assert (ROOT / name).exists(), link
        if anchor and not name:
            assert f'id="{anchor}"' in text, link
        elif anchor:
            page = site / Path(name).relative_to("docs").with_suffix(".html")
            assert anchor in pages[page].anchors, link


def test_the_readme_is_short_and_counts_the_models_right():
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 150
    read = [model for model in load_models().values() if model.is_read]
    on_request = [model for model in read if model.possible_replication_key]
    assert f"| [{len(read)} models](docs/models.md) |" in text
    assert f"| issues; {len(on_request)} other models on request |" in text
    assert [model.name for model in read if model.replication_key] == ["issues"]


def test_the_api_reference_has_everything_that_programs_import(site):
    page = (site / "python-api.html").read_text("utf-8")
    missing = [
        name
        for name in planhat_sync.__all__
        if isinstance(getattr(planhat_sync, name), type)
        and not re.search(rf'<h[1-6] id="planhat_sync\.(errors\.)?{name}"', page)
    ]
    assert not missing


def test_the_navigation_has_a_line_for_every_page_and_every_section(site):
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    sections = {title: pages for entry in nav for title, pages in entry.items()}
    titles = {
        title
        for pages in sections.values()
        if isinstance(pages, list)
        for page in pages
        for title in page
    }
    assert len(sections) >= 5
    shown = (site / "index.html").read_text("utf-8")
    lines = re.findall(r'<span class="md-ellipsis">\s*(.*?)\s*</span>', shown)
    assert titles | sections.keys() <= set(map(unescape, lines))

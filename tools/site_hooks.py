"""Hooks of MkDocs: what the pages of the site have besides the text of docs/.

- The version, and the links to the repository where `[project.urls]` of pyproject.toml has a
  `Repository`. The environment of the site has none of our packages, and its Python may be older
  than `tomllib`, so both are read from the file's lines.
- A link to a source file becomes the name and its path: the files are not on the site. In the
  repository the links lead to them.
- What a program prints, which is a `text` block without the name of a file, has the caption
  "Output" and no copy button. Decisions have none: there such blocks are of other kinds.
- The rows of a wide table of text can be stacked on a phone: each cell has its column's name.
"""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path
from typing import Any

_LINK = re.compile(r"\[(`[^`]+`)\]\(\.\./([^)]+\.py)\)")
_OUTPUT = re.compile(r"^( *)(?:<!-- output -->\n\1)?```text\n", re.MULTILINE)
_ENTRY = re.compile(r'^(\w+) *= *"([^"]*)"', re.MULTILINE)
_TABLE = re.compile(r"<table>(.*?)</table>", re.DOTALL)
_HEADING = re.compile(r"<th>(.*?)</th>", re.DOTALL)
_ROW = re.compile(r"<tr>\n<td>.*?</tr>", re.DOTALL)
_BRANCH = "main"
_STACKED_FROM = 3
"""How many columns a table has whose rows are stacked on a phone."""


def on_config(config: Any) -> None:  # noqa: ANN401 - MkDocs is not installed where types are checked
    """Put the version below every page, and link to the repository if it has an address.

    Args:
        config: MkDocs' configuration, which is changed.
    """
    path = Path(config.config_file_path).parent / "pyproject.toml"
    text = path.read_text("utf-8")
    project, urls = _table(text, "project"), _table(text, "project.urls")
    config.extra["release"] = project["version"]
    config.copyright = f"{project['name']} {project['version']}, {project['license']}"
    if "Repository" in urls:
        config.repo_url = urls["Repository"]
        config.repo_name = "Repository"
        config.edit_uri = f"edit/{_BRANCH}/docs/"


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:  # noqa: ANN401 - as above
    """Return the text of a page with its links to source files and its output blocks replaced.

    Args:
        markdown: The text.
        page: MkDocs' page.
    """
    linked = _LINK.sub(r'\1{ title="\2" }', markdown)
    if page.file.src_uri.startswith("adr/"):
        return linked
    return _OUTPUT.sub(r'\1```{ .text .output .no-copy title="Output" }\n', linked)


def on_page_content(html: str, **_: object) -> str:
    """Return a page whose wide tables of text name the column of each cell.

    Args:
        html: The content of the page. Cells of figures are aligned, and so not matched.
    """
    return _TABLE.sub(_stacked, html)


def _stacked(table: re.Match[str]) -> str:
    headings = [unescape(re.sub(r"<[^>]+>", "", found)) for found in _HEADING.findall(table[1])]
    if len(headings) < _STACKED_FROM or "text-align: right" in table[1]:
        return table[0]

    def name_cells(row: re.Match[str]) -> str:
        first, *rest = row[0].split("<td>")[1:]
        named = (
            f'<td data-column="{escape(name)}">{cell}' if name else f"<td>{cell}"
            for name, cell in zip(headings[1:], rest, strict=True)
        )
        return f"<tr>\n<td>{first}{''.join(named)}"

    return f"<table data-stacked>{_ROW.sub(name_cells, table[1])}</table>"


def _table(text: str, name: str) -> dict[str, str]:
    """Return the strings of a table of a TOML file."""
    _, _, rest = f"\n{text}".partition(f"\n[{name}]\n")
    return dict(_ENTRY.findall(rest.partition("\n[")[0]))

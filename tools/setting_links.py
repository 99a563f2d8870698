"""A hook of MkDocs: where a page first names a setting, the name is a link to its section.

The sections are those of docs/settings.md. A name that both plugins have for two different
settings, such as `concurrency`, is not linked, and neither is one without an underscore, which may
be any word. Decisions are not changed, since they are history.
"""

from __future__ import annotations

import functools
import posixpath
import re
from collections import Counter
from pathlib import Path
from typing import Any

PAGE = "settings.md"
SECTION = re.compile(r"^### `(\w+)` \{ #([\w-]+) \}$", re.MULTILINE)
SPAN = re.compile(
    r"^ *```.*?^ *```$"  # a block of code
    r"|<!--.*?-->"
    r"|^#.*?$"  # a heading
    r"|\[(?:`[^`]*`|[^]`])*\]\([^)]*\)"  # a link
    r"|`(?P<name>\w+)`"
    r"|`[^`\n]+`",
    re.MULTILINE | re.DOTALL,
)


def on_page_markdown(markdown: str, page: Any, config: Any, **_: object) -> str:  # noqa: ANN401 - MkDocs is not installed where types are checked
    """Return the text of a page with links to the settings that it names.

    Args:
        markdown: The text.
        page: MkDocs' page.
        config: MkDocs' configuration.
    """
    source = page.file.src_uri
    if source == PAGE or source.startswith("adr/"):
        return markdown
    where = posixpath.relpath(PAGE, posixpath.dirname(source) or ".")
    return linked(markdown, where, anchors(Path(config.docs_dir) / PAGE))


@functools.cache
def anchors(path: Path) -> dict[str, str]:
    """Return the anchors of the settings that can be linked, by their names.

    Args:
        path: The page of the settings.
    """
    sections = SECTION.findall(path.read_text("utf-8"))
    number = Counter(name for name, _ in sections)
    return {name: anchor for name, anchor in sections if number[name] == 1 and "_" in name}


def linked(markdown: str, where: str, of_settings: dict[str, str]) -> str:
    """Return a text in which the first mention of each setting is a link.

    Args:
        markdown: The text.
        where: Path of the page of the settings, from this one.
        of_settings: The anchors of the settings, by their names.
    """
    seen: set[str] = set()

    def link(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:  # another span; a link of the page's own comes before ours
            seen.update(re.findall(rf"{PAGE}#(?:tap|target)-(\w+)\)", found[0]))
            return found[0]
        if name in seen or name not in of_settings:
            return found[0]
        seen.add(name)
        return f"[`{name}`]({where}#{of_settings[name]})"

    return SPAN.sub(link, markdown)

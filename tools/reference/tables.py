"""The list of decisions, and what tables and lists of all kinds are made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def decisions(folder: Path) -> str:
    """Return the list of decisions, with the first line of each."""
    lines = []
    for file in sorted(folder.glob("[0-9]*.md")):
        title = file.read_text("utf-8").splitlines()[0].removeprefix("# ")
        lines.append(f"- [{title}]({folder.name}/{file.name})")
    return "\n".join(lines)


def array_of(items: Mapping[str, Any]) -> str:
    """Return the words for an array, by the schema of its items."""
    kind = items.get("type", [])
    kinds = [word for word in ([kind] if isinstance(kind, str) else kind) if word != "null"]
    return f"array of {kinds[0]}s" if kinds else "array"


def code(names: Iterable[str]) -> str:
    """Return names as code, with commas between them."""
    return ", ".join(f"`{name}`" for name in names)


def cell(text: str) -> str:
    """Return text that may stand in a cell of a table."""
    # A bare <cluster> in a description would be read as a tag.
    return re.sub(r"<([^>]+)>", r"`<\1>`", text).replace("|", "\\|")

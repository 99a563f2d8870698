"""Lists the rooms of the code and their modules, each with the first line of its docstring."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]

PACKAGES = (
    "planhat_sync",
    "planhat_singer",
    "tap_planhat",
    "target_planhat",
    "airbyte_planhat",
    "planhat_beliefs",
    "planhat_sandbox",
)
"""In the order of the page: the library, the plugins, the beliefs, the sandbox."""


def map_of(package: str) -> str:
    """Return every module of a package as Markdown, a heading and a table for each folder.

    Args:
        package: Name of the package.
    """
    rooms = sorted(path.parent for path in (ROOT / package).rglob("__init__.py"))
    return "\n\n".join(_room(room) for room in rooms)


def _room(folder: Path) -> str:
    name = ".".join(folder.relative_to(ROOT).parts)
    level = "#" * (1 + len(folder.relative_to(ROOT).parts))
    parts = [f"{level} {name}", _first_line(folder / "__init__.py")]
    modules = sorted(path for path in folder.glob("*.py") if not path.stem.startswith("__init"))
    if modules:
        lines = ["| module | what it owns |", "|---|---|"]
        lines += [f"| `{path.stem}` | {_first_line(path)} |" for path in modules]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _first_line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return docstring.split("\n", 1)[0].replace("``", "`").replace("|", "\\|")

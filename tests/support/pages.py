"""Runs the command blocks of a page of the documentation, as its reader would.

What a page may say to this harness:

- A ``bash`` block is run. All blocks of a page run in order, in one shell that stops at the first
  failure, in an empty directory.
- A block whose fence names a file (``json title="tap.json"``) is written to that file when its
  turn comes. The plugins of a ``meltano.yml`` are those on PATH; nothing is installed.
- ``<!-- not run: reason -->`` in front of a block leaves it out.
- ``<!-- output -->`` in front of a ``text`` block says what the bash block before it prints: these
  lines, in this order, perhaps with others between them; ``…`` stands for anything.
- ``<!-- needs: postgres meltano -->`` anywhere says what must be there: an empty PostgreSQL
  database (named by PGHOST and so on), a fake of GitHub's API (named by GITHUB_API_URL), Meltano,
  the checkout.

Port 8765, which every page gives to the sandbox, becomes a free one. What a page starts in the
background ends with the page.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ports import free_port
from strangers import ROOT, without_installation

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
MARK = re.compile(r"<!--\s*(not run|output)\s*(?::\s*([^>]*?))?\s*-->\s*\Z")
NEEDS = re.compile(r"<!--\s*needs:\s*(.*?)\s*-->")
PORT = "8765"


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a page."""

    language: str
    file: str | None
    body: str
    line: int
    mark: str | None = None
    reason: str | None = None

    @property
    def runs(self) -> bool:
        return self.language == "bash" and self.mark != "not run" and not self.file


@dataclass(frozen=True, slots=True)
class Page:
    """A page, by its name in the checkout, with its blocks in order."""

    name: str
    blocks: tuple[Block, ...]
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of following a page from its first block to its last."""

    exit_code: int
    stopped_at: int
    """The line of the block that was run last."""
    output: dict[int, str] = field(default_factory=dict)
    """What each block that was run printed, by its line."""


def parse(name: str, text: str) -> Page:
    """Split Markdown into blocks."""
    blocks, behind = [], 0
    for fence in FENCE.finditer(text):
        language, _, rest = fence["info"].strip().partition(" ")
        title = re.search(r'title="([^"]+)"', rest)
        mark = MARK.search(text[behind : fence.start()])
        indent = len(fence["indent"])
        blocks.append(
            Block(
                language,
                title[1] if title else None,
                "".join(line[indent:] for line in fence["body"].splitlines(keepends=True)),
                text.count("\n", 0, fence.start()) + 1,
                *(mark.groups() if mark else ()),
            )
        )
        behind = fence.end()
    needs = frozenset(word for found in NEEDS.findall(text) for word in found.split())
    return Page(name, tuple(blocks), needs)


def script(page: Page) -> str:
    """One shell script of a page: its files and its commands, in order.

    Before each command the script prints a line that no command prints, so that what follows is
    known to be that command's.
    """
    parts = ["set -euo pipefail"]
    for block in page.blocks:
        if block.file:
            end = f"END_{secrets.token_hex(4)}"
            body = without_installation(block.body) if block.file == "meltano.yml" else block.body
            parts += [f"cat > '{block.file}' <<'{end}'\n{body}{end}"]
        elif block.runs:
            parts += [f"printf '\\n@@ {block.line}\\n'", block.body]
    return "\n".join(parts) + "\n"


def follow(page: Page, where: Path, environment: dict[str, str]) -> Reading:
    """Follow a page in a directory, and end everything that it started."""
    free = str(free_port())
    for file in filter(Path.is_file, where.rglob("*")):
        _replace_port(file, free)
    shown = where.parent / f"{where.name}.output"
    with shown.open("w") as output:
        shell = subprocess.Popen(
            ["bash", "-c", script(page).replace(PORT, free)],
            cwd=where,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            exit_code = shell.wait(600)  # a page that hangs, not one on a busy machine
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
    pieces = re.split(r"^@@ (\d+)\n", shown.read_text().replace(free, PORT), flags=re.MULTILINE)
    printed = {int(line): text for line, text in zip(pieces[1::2], pieces[2::2], strict=True)}
    return Reading(exit_code, max(printed, default=0), printed)


def _replace_port(file: Path, free: str) -> None:
    """Name another port in a file that names the sandbox's; what is not text stays as it is."""
    content = file.read_bytes()
    with suppress(UnicodeDecodeError):
        if PORT in content.decode("utf-8"):
            file.write_bytes(content.replace(PORT.encode(), free.encode()))


def missing_line(expected: str, printed: str) -> str | None:
    """Name the first expected line that was not printed behind the one before it."""
    lines = iter(printed.splitlines())
    for wanted in expected.splitlines():
        pattern = ".*".join(re.escape(part) for part in wanted.strip().split("…"))
        if wanted.strip() and not any(re.fullmatch(pattern, line.strip()) for line in lines):
            return wanted
    return None


def pages() -> list[Page]:
    """The README and the site, without the decisions: they are history, and run nothing."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [
        parse(str(path.relative_to(ROOT)), path.read_text("utf-8"))
        for path in paths
        if "adr" not in path.parts
    ]

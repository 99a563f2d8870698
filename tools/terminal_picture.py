"""`python -m tools.terminal_picture` draws docs/images/terminal.svg: a copy and a dry run.

Both are real: the plugins run in a terminal of 120 columns and write to a sandbox, and what they
print is drawn. Nothing is left out.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from fcntl import ioctl
from html import escape
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ
from typing import TYPE_CHECKING

from planhat_sandbox import Sandbox, seed_tenant

if TYPE_CHECKING:
    from collections.abc import Iterator

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "terminal.svg"
COLUMNS, ROWS = 120, 60
COPY = r"""tap-planhat --config tap.json \
    | target-planhat --config target.json > state.jsonl"""
DRY_RUN = r"""tap-planhat --config tap.json \
    | sed 's/"In Progress"/"Done"/' \
    | TARGET_PLANHAT_DRY_RUN=true target-planhat --config target.json --config ENV"""
_CONTROL = re.compile(r"\x1b\[([\d;]*)([A-Za-z])|(\r)|(\n)")
_CLASSES = {"0": "", "1": "bold", "2": "dim", "31": "red", "32": "green"}
_WIDTH, _HEIGHT, _EDGE = 8.4, 19, 16  # of a character, a line and the margin, in pixels
_STYLE = """  <style>
    text { font: 14px ui-monospace, monospace; fill: #d5d8d6; white-space: pre }
    .ground { fill: #1e2129 }
    .bold { font-weight: bold }
    .dim { fill: #9aa0a6 }
    .red { fill: #ff8a80 }
    .green { fill: #a5d6a7 }
  </style>"""


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one line that look the same: their text, and the class of their look."""

    text: str
    look: str


def record() -> str:
    """Run the commands in a terminal, and return what was shown, with its control sequences."""
    tokens = {"token-of-the-source": "source", "token-of-the-copy": "copy"}
    with Sandbox(tenants=tokens) as sandbox, tempfile.TemporaryDirectory() as folder:
        source, copy = (sandbox.tenant(token) for token in tokens)
        seed_tenant(source, issues=500, objectives=100)
        seed_tenant(copy, issues=0, objectives=0)
        tap, target = ({"api_token": token, "api_url": sandbox.url} for token in tokens)
        Path(folder, "tap.json").write_text(json.dumps(tap))
        # Without a bar: it is erased in the end, and until then a line of the tap may follow it.
        quiet = target | {"progress": "none"}
        Path(folder, "target.json").write_text(json.dumps(quiet | {"match_on": ["sourceId"]}))
        shown = (f"$ {command}\r\n{_in_terminal(command, folder)}" for command in (COPY, DRY_RUN))
        return "\r\n".join(shown)


def _in_terminal(command: str, folder: str) -> str:
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, pack("HHHH", ROWS, COLUMNS, 0, 0))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
    shell = subprocess.Popen(
        ["bash", "-c", f"set -o pipefail; {command}"],  # noqa: S607 - the reader's own shell
        cwd=folder,
        env={
            "PATH": path,
            "HOME": folder,
            "TERM": "xterm",
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",  # the checkout stays as it is
        },
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b"".join(_pieces(ours))
    os.close(ours)
    if shell.wait():
        sys.exit(f"{command} failed:\n{shown.decode()}")
    return shown.decode()


def _pieces(terminal: int) -> Iterator[bytes]:
    while select.select([terminal], [], [])[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux: nobody has the other end any more
            return
        if not piece:
            return
        yield piece


def lines(shown: str) -> list[list[Run]]:
    """Return the lines that a terminal shows in the end.

    Args:
        shown: What was written to it. Of the control sequences the plugins use colours, the start
            of a line, and the erasure of one.
    """
    screen: list[list[Run]] = [[]]
    look, at = "", 0
    for control in _CONTROL.finditer(shown):
        _write(screen, shown[at : control.start()], look)
        at = control.end()
        codes, kind, start, end = control.groups()
        if end:
            screen.append([])
        elif kind == "m":
            look = _CLASSES[codes.rpartition(";")[2] or "0"]
        elif kind == "K":
            screen[-1] = []
        elif not start:
            sys.exit(f"a control sequence that is not drawn: {control[0]!r}")
    _write(screen, shown[at:], look)
    return screen


def _write(screen: list[list[Run]], text: str, look: str) -> None:
    while text:
        room = COLUMNS - sum(len(run.text) for run in screen[-1])
        if text[:room]:
            screen[-1].append(Run(text[:room], look))
        text = text[room:]
        if text:
            screen.append([])


def draw(screen: list[list[Run]]) -> str:
    """Return lines as an SVG."""
    width = round(COLUMNS * _WIDTH) + 2 * _EDGE
    height = len(screen) * _HEIGHT + 2 * _EDGE
    texts = [
        f'  <text x="{_EDGE}" y="{_EDGE + 14 + n * _HEIGHT}">{"".join(map(_span, line))}</text>'
        for n, line in enumerate(screen)
        if line
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
    ground = f'  <rect class="ground" width="{width}" height="{height}" rx="6"/>'
    return "\n".join([head, _STYLE, ground, *texts, "</svg>", ""])


def _span(run: Run) -> str:
    text = escape(run.text, quote=False)
    return f'<tspan class="{run.look}">{text}</tspan>' if run.look else text


def main() -> None:
    """Draw the picture."""
    PICTURE.write_text(draw(lines(record())), "utf-8")
    sys.stdout.write(f"wrote {PICTURE.name}\n")


if __name__ == "__main__":
    main()

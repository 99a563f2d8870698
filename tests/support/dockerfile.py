"""A Dockerfile, followed word by word without a docker engine.

Each stage that begins from an image gets a root file system of its own: an overlay of that of this
machine, with an empty ``/opt`` and this machine's Python under the name that the image has for it.
Every COPY and RUN is executed there as it is written. What has been built is then started with a
read-only root, as process 1, under the image's user, without any capability.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEM_PYTHON = Path("/usr/bin/python3")
PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/bin"

needs_namespaces = pytest.mark.skipif(
    os.getuid() != 0 or not SYSTEM_PYTHON.exists() or sys.platform != "linux",
    reason="needs root, for a mount namespace, and the system's Python",
)

NEW_ROOT = """
new_root() {
  mkdir -p "$1.upper" "$1.work" "$1"
  mount -t overlay none -o "lowerdir=/,upperdir=$1.upper,workdir=$1.work" "$1"
  mount --rbind /proc "$1/proc"
  mount --rbind /dev "$1/dev"
  mount -t tmpfs none "$1/opt"
  ln -sf /usr/bin/python3 "$1/usr/local/bin/python"
  sed -i '/:1000:/d' "$1/etc/passwd" "$1/etc/group"
}
"""

READ_ONLY = """
mount -o remount,ro {root}
mount -o remount,ro {root}/opt
mount -t tmpfs none {root}/tmp
if touch {root}/opt/x 2>/dev/null || touch {root}/x 2>/dev/null; then
  echo "the root is not read-only" >&2; exit 9
fi
"""


@dataclass(slots=True)
class Stage:
    """One ``FROM`` with what stands below it."""

    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Image:
    """What a Dockerfile makes of its last stage, or of the one that is named."""

    steps: str
    """The shell commands that build it, below the folder ``$roots``."""
    root: str
    """Its root file system, below that folder."""
    folder: str
    """The folder in which it starts."""
    user: str
    entrypoint: list[str]
    environment: dict[str, str]
    labels: dict[str, str]

    def start(self, command: list[str], variables: Mapping[str, str] | None = None) -> str:
        """Return the shell command that starts a program in the image, as process 1."""
        uid, _, gid = self.user.partition(":")
        environment = {"PATH": PATH, **self.environment, **(variables or {})}
        environment["PATH"] = environment["PATH"].replace("$PATH", PATH)
        words = [
            *(
                "env",
                "-C",
                self.folder,
                "unshare",
                "--pid",
                "--fork",
                "env",
                "--ignore-environment",
            ),
            *(f"{name}={value}" for name, value in environment.items()),
            *("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs"),
            *("--bounding-set=-all", "--", *command),
        ]
        return f"chroot {self.root} {shlex.join(words)}"


def stages(dockerfile: Path) -> dict[str, Stage]:
    """Split a Dockerfile into its stages, in order; continued lines are one."""
    text = re.sub(r"\\\n\s*", "", dockerfile.read_text("utf-8"))
    found: dict[str, Stage] = {}
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found[name] = Stage(base)
        elif word and word not in {"#", "ARG"}:
            list(found.values())[-1].instructions.append((word, rest))
    return found


def copied(dockerfile: Path) -> list[str]:
    """Return what a Dockerfile copies from the checkout."""
    return [
        source
        for stage in stages(dockerfile).values()
        for word, rest in stage.instructions
        if word == "COPY" and not rest.startswith("--from")
        for source in shlex.split(rest)[:-1]
    ]


def image(dockerfile: Path, target: str = "") -> Image:
    """Return a Dockerfile's stage as shell commands, with all stages that it is made from."""
    all_stages = stages(dockerfile)
    said: dict[str, str] = {}
    environment: dict[str, str] = {}
    labels: dict[str, str] = {}
    steps = ["set -euo pipefail", NEW_ROOT]
    root = folder = ""
    for name in _order(all_stages, target):
        stage = all_stages[name]
        if stage.base not in all_stages:
            root, folder, environment = f"$roots/{name or 'last'}", "/", {}
            steps.append(f"new_root {root}")
        for word, rest in stage.instructions:
            if word == "WORKDIR":
                folder = rest
                steps.append(f"mkdir -p {root}{folder}")
            elif word == "COPY":
                steps += _copy(shlex.split(rest), root, folder)
            elif word == "RUN":
                variables = " ".join(f"{name}={value}" for name, value in environment.items())
                steps.append(
                    f"chroot {root} env -C {folder} {variables} "
                    f"PATH={PATH} bash -euc {shlex.quote(rest)}"
                )
            elif word in {"ENV", "LABEL"}:
                pairs = dict(pair.split("=", 1) for pair in shlex.split(rest))
                (environment if word == "ENV" else labels).update(pairs)
            said[word] = rest
    steps.append(READ_ONLY.format(root=root))
    entrypoint = json.loads(said["ENTRYPOINT"])
    return Image("\n".join(steps), root, folder, said["USER"], entrypoint, environment, labels)


def _order(all_stages: dict[str, Stage], target: str) -> list[str]:
    """Return the stages that one is made from, in the order of the Dockerfile."""
    names = list(all_stages)
    wanted, used = [target or names[-1]], set()
    while wanted:
        name = wanted.pop()
        used.add(name)
        stage = all_stages[name]
        copies = (re.match(r"--from=(\S+)", rest) for _, rest in stage.instructions)
        wanted += [found[1] for found in copies if found]
        wanted += [stage.base] * (stage.base in all_stages)
    return [name for name in names if name in used]


def _copy(words: list[str], root: str, folder: str) -> list[str]:
    """Return the commands of a COPY: a folder's content, or files into a folder."""
    origin = str(ROOT)
    if words[0].startswith("--from="):
        origin = f"$roots/{words.pop(0).removeprefix('--from=')}"
    *sources, destination = words
    there = f"{root}/{(Path(folder) / destination).relative_to('/')}"
    lines = [f"mkdir -p {there}"]
    for source in sources:
        path = f"{origin}/{source.lstrip('/')}"
        content = origin != str(ROOT) or (ROOT / source).is_dir()
        lines.append(f"cp -a {path}/. {there}" if content else f"cp {path} {there}")
    return lines


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a mount namespace, with an empty ``$roots`` that ends with it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    roots = folder / "roots"
    roots.mkdir()
    return subprocess.run(
        ["unshare", "--mount", "bash", "-c", f"mount -t tmpfs none {roots}\n{script}"],
        cwd=folder,
        env={**kept, "roots": str(roots)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

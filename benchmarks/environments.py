"""The peers' own environments: `.venv-bench-<name>`, built from locked requirements when needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
REQUIREMENTS = Path(__file__).parent / "peers"


class MissingEnvironmentError(Exception):
    """A peer's environment cannot be built here; the others are measured without it."""


def python_of(name: str) -> str:
    """Return the interpreter of an environment, building it first if it is not up to date.

    Args:
        name: The stem of its requirements in `benchmarks/peers/`.

    Raises:
        MissingEnvironmentError: pip could not install it.
    """
    folder = PROJECT / f".venv-bench-{name}"
    requirements = REQUIREMENTS / f"{name}.txt"
    python = folder / "bin" / "python"
    stamp = folder / "installed.txt"
    if stamp.exists() and stamp.read_bytes() == requirements.read_bytes():
        return str(python)
    print(f"building the environment of {name} …", file=sys.stderr)
    pip: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    try:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([*pip, "--require-hashes", "-r", requirements], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise MissingEnvironmentError(f"no environment for {name}: {error}") from error
    stamp.write_bytes(requirements.read_bytes())
    return str(python)


def version_of(name: str, package: str) -> str:
    """Return the version of a package as an environment has it.

    Args:
        name: The environment.
        package: The distribution's name.
    """
    question = "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))"
    answer = subprocess.run(
        [python_of(name), "-c", question, package], check=True, capture_output=True, text=True
    )
    return answer.stdout.strip()

"""The peers' own environments: `.venv-bench-<name>`, built from locked requirements when needed."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

PROJECT = Path(__file__).parents[1]
REQUIREMENTS = Path(__file__).parent / "peers"
OWN = ("planhat-sync", "singer-sdk", "msgspec", "requests")
PYAIRBYTE = "pyairbyte"
"""The environment that the tests with PyAirbyte have, too."""
PACKAGES = {
    "bare": "orjson",
    "airbyte": "airbyte-cdk",
    "dlt": "dlt",
    "cruds": "cruds",
    PYAIRBYTE: "airbyte",
}
"""What each environment is for."""


class MissingEnvironmentError(Exception):
    """A peer's environment cannot be built here; the others are measured without it."""


def python_of(name: str) -> str:
    """Return the interpreter of an environment, building it first if it is not up to date.

    Args:
        name: The stem of its requirements in `benchmarks/peers/`, or PYAIRBYTE.

    Raises:
        MissingEnvironmentError: pip could not install it.
    """
    if name == PYAIRBYTE:
        return _made_by_make(PROJECT / ".venv-pyairbyte")
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


@cache
def _made_by_make(folder: Path) -> str:
    command = ["make", "--silent", "--no-print-directory", f"{folder.name}/.installed"]
    try:
        subprocess.run(command, check=True, cwd=PROJECT, stdout=sys.stderr)
    except (OSError, subprocess.CalledProcessError) as error:
        raise MissingEnvironmentError(f"no environment {folder.name}: {error}") from error
    return str(folder / "bin" / "python")


def versions(*names: str) -> dict[str, str]:
    """Return the versions of what is compared, by package: ours, and those of environments.

    Args:
        names: The environments; one that cannot be built is left out.
    """
    found = {package: metadata.version(package) for package in OWN}
    question = "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))"
    for name in names:
        with contextlib.suppress(MissingEnvironmentError):
            command = [python_of(name), "-c", question, PACKAGES[name]]
            answer = subprocess.run(command, check=True, capture_output=True, text=True)
            found[PACKAGES[name]] = answer.stdout.strip()
    return found

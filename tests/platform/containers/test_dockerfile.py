"""The Dockerfile, followed word by word without a docker engine.

A mount namespace stands in for the image: an empty ``/opt``, this machine's Python under the name
that the image has for it. Every COPY and RUN is executed as it is written; then the root file
system is made read-only and the entry point runs as process 1 under the image's user.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "examples" / "kubernetes"
TOOLS = ROOT / ".venv-containers" / "bin"
SYSTEM_PYTHON = Path("/usr/bin/python3")

NAMESPACE = """
set -euo pipefail
mount -t tmpfs none /opt
mkdir -p {work}/build && mount -t tmpfs none {work}/build
export PATH={work}/bin:/usr/bin:/bin
mkdir -p {work}/bin && ln -sf {python} {work}/bin/python
cd {work}/build
{steps}
"""


def instructions() -> list[tuple[str, str]]:
    """Split the Dockerfile into instruction and argument; continued lines are one."""
    text = re.sub(r"\\\n\s*", "", (FOLDER / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


@dataclass(frozen=True, slots=True)
class Image:
    """The Dockerfile as shell commands, and the process that it starts."""

    steps: str
    user: str
    entrypoint: list[str]
    environment: dict[str, str]


def image() -> Image:
    steps, said, environment = [], {}, {}
    stages = 0
    for word, rest in instructions():
        stages += word == "FROM"
        if word == "COPY" and not rest.startswith("--from"):
            *sources, destination = shlex.split(rest)
            places = " ".join(str(ROOT / source) for source in sources)
            if len(sources) == 1 and (ROOT / sources[0]).is_dir():
                steps.append(f"mkdir -p {destination} && cp -r {places}/. {destination}")
            else:
                steps.append(f"mkdir -p {destination} && cp {places} {destination}")
        elif word == "RUN":
            steps.append(rest)
        elif word == "ENV" and stages > 1:
            environment |= dict(pair.split("=", 1) for pair in shlex.split(rest))
        elif word == "ENV":
            steps.append(f"export {rest}")
        said[word] = rest
    return Image("\n".join(steps), said["USER"], json.loads(said["ENTRYPOINT"]), environment)


def in_namespace(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
    }
    return subprocess.run(
        ["unshare", "--mount", "bash", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.fixture
def place():
    """A folder that every user can reach, and that is not below /tmp."""
    with TemporaryDirectory(dir="/var/tmp", prefix="planhat-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def test_hadolint_has_nothing_to_say():
    run = subprocess.run(
        [TOOLS / "hadolint", FOLDER / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout) == (0, "")


def test_what_is_copied_into_the_image_is_not_ignored():
    kept = [
        line[1:]
        for line in (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            for source in shlex.split(rest)[:-1]:
                assert any(source.startswith(k.partition("*")[0].rstrip("/")) for k in kept), source


@pytest.mark.parametrize("version", ["1.29", "1.37"])
def test_the_manifest_is_what_kubernetes_understands(version):
    run = subprocess.run(
        [
            *(TOOLS / "kubernetes-validate", "--strict", "--kubernetes-version", version),
            FOLDER / "cronjob.yaml",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert (run.stdout + run.stderr).count("passed") == 3


@pytest.mark.slow
@pytest.mark.skipif(
    os.getuid() != 0 or not SYSTEM_PYTHON.exists() or sys.platform != "linux",
    reason="needs root, for a mount namespace, and the system's Python",
)
def test_the_image_builds_and_its_pipe_runs_read_only_and_unprivileged(place, sandbox):
    state = place / "state"
    state.mkdir(mode=0o770)
    made = image()
    uid, _, gid = made.user.partition(":")
    os.chown(state, int(uid), int(gid))
    config = place / "target.json"
    config.write_text(json.dumps({"api_url": sandbox.url, "match_on": ["sourceId"]}))
    source = place / "tap.json"
    source.write_text(json.dumps({"api_url": sandbox.url}))
    company = sandbox.tenant("token-a").insert("companies", {"name": "Acme"})
    sandbox.tenant("token-b").insert("companies", {"name": "Acme", "_id": company["_id"]})
    for n in range(50):
        sandbox.tenant("token-a").insert(
            "issues", {"title": f"{n}", "sourceId": f"s{n}", "companyIds": [company["_id"]]}
        )
    tokens = {"TAP_PLANHAT_API_TOKEN": "token-a", "TARGET_PLANHAT_API_TOKEN": "token-b"}
    start = [
        *("unshare", "--pid", "--fork", "env"),
        *(f"{name}={value}" for name, value in {**made.environment, **tokens}.items()),
        *("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs"),
        *("--bounding-set=-all", *made.entrypoint),
        *("--state", str(state / "state.json"), "--rejects", str(state / "rejects")),
        *("--tap", f"tap-planhat --config {source} --config ENV"),
        *("--target", f"target-planhat --config {config} --config ENV"),
    ]
    checks = f"""
mount --bind {state} {state}
mount -o remount,ro,bind /
mount -o remount,ro /opt
mount -t tmpfs none /tmp
cd /tmp
if touch /opt/planhat/x 2>/dev/null; then echo "the root is not read-only"; exit 9; fi
{" ".join(shlex.quote(word).replace("$PATH", "'$PATH'") for word in start)}
"""
    script = NAMESPACE.format(work=place, python=SYSTEM_PYTHON, steps=made.steps + checks)
    run = in_namespace(script, place)
    assert run.returncode == 0, run.stderr[-3000:]
    copied = {issue["sourceId"] for issue in sandbox.tenant("token-b").records("issues")}
    assert copied == {f"s{n}" for n in range(50)}
    assert json.loads((state / "state.json").read_text())["bookmarks"]["issues"]

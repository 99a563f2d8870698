"""The Dockerfiles; the image of the Singer plugins, built without a docker engine; its CronJob."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from checkout import ROOT
from dockerfile import copied, image, needs_namespaces, run

FOLDER = ROOT / "examples" / "kubernetes"
TOOLS = ROOT / ".venv-containers" / "bin"
DOCKERFILES = sorted((ROOT / "examples").rglob("Dockerfile"))

by_dockerfile = pytest.mark.parametrize(
    "dockerfile", DOCKERFILES, ids=lambda path: path.parent.name
)


@by_dockerfile
def test_hadolint_has_nothing_to_say(dockerfile):
    checked = subprocess.run(
        [TOOLS / "hadolint", dockerfile], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "")


@by_dockerfile
def test_what_is_copied_into_the_image_is_not_ignored(dockerfile):
    ignored = dockerfile.with_name("Dockerfile.dockerignore").read_text("utf-8")
    kept = [line[1:] for line in ignored.splitlines() if line.startswith("!")]
    for source in copied(dockerfile):
        assert any(source.startswith(k.partition("*")[0].rstrip("/")) for k in kept), source


@pytest.mark.parametrize("version", ["1.29", "1.37"])
def test_the_manifest_is_what_kubernetes_understands(version):
    checked = subprocess.run(
        [
            *(TOOLS / "kubernetes-validate", "--strict", "--kubernetes-version", version),
            FOLDER / "cronjob.yaml",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert (checked.stdout + checked.stderr).count("passed") == 3


@pytest.mark.slow
@needs_namespaces
def test_the_image_builds_and_its_pipe_runs_read_only_and_unprivileged(place, sandbox):
    state = place / "state"
    state.mkdir(mode=0o770)
    made = image(FOLDER / "Dockerfile")
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
    command = [
        *made.entrypoint,
        *("--state", str(state / "state.json"), "--rejects", str(state / "rejects")),
        *("--tap", f"tap-planhat --config {source} --config ENV"),
        *("--target", f"target-planhat --config {config} --config ENV"),
    ]
    tokens = {"TAP_PLANHAT_API_TOKEN": "token-a", "TARGET_PLANHAT_API_TOKEN": "token-b"}
    start = made.start(command, tokens)
    ran = run(f"{made.steps}\nmount --bind {state} {made.root}{state}\n{start}", place)
    assert ran.returncode == 0, ran.stderr[-3000:]
    copied_issues = {issue["sourceId"] for issue in sandbox.tenant("token-b").records("issues")}
    assert copied_issues == {f"s{n}" for n in range(50)}
    assert json.loads((state / "state.json").read_text())["bookmarks"]["issues"]

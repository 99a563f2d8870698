"""The images for Airbyte, built without a docker engine and started as Airbyte starts them."""

from __future__ import annotations

import ast
import json
from importlib.metadata import packages_distributions, version
from typing import TYPE_CHECKING

import pytest
from checkout import ROOT
from dockerfile import image, needs_namespaces, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = ROOT / "examples" / "airbyte"

both = pytest.mark.parametrize("target", ["source", "destination"])


@both
def test_the_labels_name_the_connector_and_the_version_of_the_project(target):
    assert image(FOLDER / "Dockerfile", target).labels == {
        "io.airbyte.name": f"planhat-sync/{target}-planhat",
        "io.airbyte.version": version("planhat-sync"),
    }


@both
def test_airbyte_starts_what_docker_starts(target):
    made = image(FOLDER / "Dockerfile", target)
    assert made.environment["AIRBYTE_ENTRYPOINT"].split() == made.entrypoint
    assert made.entrypoint == [f"/opt/planhat/bin/{target}-planhat"]


def test_the_images_have_the_packages_that_are_imported_and_no_others():
    distributions = packages_distributions()
    needed = {
        name.lower().replace("_", "-")
        for folder in ("planhat_sync", "airbyte_planhat")
        for path in (ROOT / folder).rglob("*.py")
        for module in _imports(ast.parse(path.read_text("utf-8")))
        for name in distributions.get(module, [])
    }
    listed = (FOLDER / "requirements.in").read_text("utf-8").splitlines()
    assert needed - {"planhat-sync"} == {line for line in listed if not line.startswith("#")}


def _imports(tree: ast.AST) -> Iterator[str]:
    """Yield the packages that a module imports when it runs."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]
        elif not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            yield from _imports(node)


def files(place: Path, **contents: object) -> None:
    for name, content in contents.items():
        (place / f"{name}.json").write_text(json.dumps(content))


def messages(printed: str) -> list[dict]:
    return [json.loads(line) for line in printed.splitlines()]


@pytest.mark.slow
@needs_namespaces
def test_the_source_is_built_and_reads_without_privileges_on_a_read_only_root(place, sandbox):
    made = image(FOLDER / "Dockerfile", "source")
    sandbox.tenant("token-a").insert("objectives", {"name": "Onboard"})
    files(
        place,
        config={"api_token": "token-a", "api_url": sandbox.url},
        catalog={
            "streams": [
                {
                    "stream": {
                        "name": "objectives",
                        "json_schema": {},
                        "supported_sync_modes": ["full_refresh"],
                    },
                    "sync_mode": "full_refresh",
                    "destination_sync_mode": "append",
                }
            ]
        },
    )
    started = [
        made.start(["sh", "-c", f"$AIRBYTE_ENTRYPOINT {command}"])
        for command in (
            "spec",
            f"check --config {place}/config.json",
            f"discover --config {place}/config.json",
            f"read --config {place}/config.json --catalog {place}/catalog.json",
        )
    ]
    ran = run("\n".join([made.steps, *started, made.start(["id", "-un"])]), place)
    assert ran.returncode == 0, ran.stderr[-3000:]
    *lines, user = ran.stdout.splitlines()
    assert user == "airbyte"
    said = messages("\n".join(lines))
    assert {"SPEC", "CONNECTION_STATUS", "CATALOG", "RECORD", "STATE"} <= {m["type"] for m in said}
    assert [m["record"]["data"]["name"] for m in said if m["type"] == "RECORD"] == ["Onboard"]


@pytest.mark.slow
@needs_namespaces
def test_the_destination_is_built_and_writes_without_privileges_on_a_read_only_root(place, sandbox):
    made = image(FOLDER / "Dockerfile", "destination")
    company = sandbox.tenant("token-b").insert("companies", {"name": "Acme"})
    state = {
        "type": "STATE",
        "state": {
            "type": "STREAM",
            "stream": {"stream_descriptor": {"name": "objectives"}, "stream_state": {"n": 1}},
        },
    }
    record = {
        "type": "RECORD",
        "record": {
            "stream": "objectives",
            "data": {"sourceId": "o-1", "name": "Onboard", "companyId": company["_id"]},
            "emitted_at": 1,
        },
    }
    (place / "input.jsonl").write_text(f"{json.dumps(record)}\n{json.dumps(state)}\n")
    files(
        place,
        config={"api_token": "token-b", "api_url": sandbox.url, "match_on": ["sourceId"]},
        catalog={
            "streams": [
                {
                    "stream": {
                        "name": "objectives",
                        "json_schema": {},
                        "supported_sync_modes": ["full_refresh"],
                    },
                    "sync_mode": "full_refresh",
                    "destination_sync_mode": "append_dedup",
                }
            ]
        },
    )
    check = made.start(["sh", "-c", f"$AIRBYTE_ENTRYPOINT check --config {place}/config.json"])
    options = f"--config {place}/config.json --catalog {place}/catalog.json"
    write = made.start(["sh", "-c", f"$AIRBYTE_ENTRYPOINT write {options}"])
    ran = run(f"{made.steps}\n{check}\n{write} < {place}/input.jsonl", place)
    assert ran.returncode == 0, ran.stderr[-3000:]
    said = messages(ran.stdout)
    statuses = [m["connectionStatus"]["status"] for m in said if m["type"] == "CONNECTION_STATUS"]
    assert statuses == ["SUCCEEDED"]
    (returned,) = (m["state"] for m in said if m["type"] == "STATE")
    assert returned["stream"] == state["state"]["stream"]
    (stored,) = sandbox.tenant("token-b").records("objectives")
    assert (stored["sourceId"], stored["name"]) == ("o-1", "Onboard")

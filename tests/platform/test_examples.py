"""What the examples name exists: settings, commands, modules. No Airflow, no cluster."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
import yaml

from tap_planhat.tap import TapPlanhat
from target_planhat.target import TargetPlanhat

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SETTINGS = {
    "tap-planhat": TapPlanhat.config_jsonschema["properties"],
    "target-planhat": TargetPlanhat.config_jsonschema["properties"],
}


def manifest() -> dict[str, dict]:
    """The objects of the manifest, by kind."""
    text = (EXAMPLES / "kubernetes" / "cronjob.yaml").read_text()
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.py")), ids=lambda path: path.name)
def test_an_example_is_python_3_10(path):
    ast.parse(path.read_text(), feature_version=(3, 10))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("dlt/*.py")), ids=lambda path: path.name)
def test_an_example_of_dlt_is_as_short_as_its_page_says(path):
    assert "each of at most sixty lines" in (ROOT / "docs" / "dlt.md").read_text("utf-8")
    assert len(path.read_text().splitlines()) <= 60


def test_the_copies_name_settings_and_secrets_that_the_plugins_have():
    copies = json.loads((EXAMPLES / "airflow" / "dags" / "copies.json").read_text())
    for copy in copies.values():
        for side in (copy["tap"], copy["target"]):
            command = Path(side["command"]).name
            if command in SETTINGS:
                prefix = command.upper().replace("-", "_") + "_"
                secrets = {name.removeprefix(prefix).lower() for name in side["secrets"]}
                assert {*side["config"], *secrets} <= SETTINGS[command].keys()
                assert "api_token" not in side["config"]


def test_the_manifest_names_settings_that_the_plugins_have():
    for name, text in manifest()["ConfigMap"]["data"].items():
        plugin = f"{name.removesuffix('.json')}-planhat"
        assert json.loads(text).keys() <= SETTINGS[plugin].keys()


def test_the_manifest_gives_the_runner_time_to_end_before_kubernetes_kills_it():
    pod = manifest()["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    arguments = " ".join(pod["containers"][0]["args"])
    grace = int(re.search(r"--grace-seconds=(\d+)", arguments)[1])
    assert grace < pod["terminationGracePeriodSeconds"]


def test_the_manifest_keeps_the_state_on_a_volume_of_one_pod_and_runs_without_rights():
    objects = manifest()
    job = objects["CronJob"]["spec"]
    pod = job["jobTemplate"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert objects["PersistentVolumeClaim"]["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert job["concurrencyPolicy"] == "Forbid"
    assert "--state=/state/state.json" in container["args"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
    assert "persistentVolumeClaim" in mounts["/state"]
    assert "emptyDir" in mounts["/tmp"]  # noqa: S108 - a mount of the manifest, not a file of ours
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert all("secretKeyRef" in variable["valueFrom"] for variable in container["env"])


def test_manifest_image_and_copies_name_commands_that_are_installed():
    scripts = set(
        re.findall(r"^([\w-]+) = \"\w+\.", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    )
    arguments = " ".join(
        manifest()["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0][
            "args"
        ]
    )
    assert set(re.findall(r"[\w]+-planhat", arguments)) <= scripts


def test_the_image_runs_without_a_shell_as_a_number_that_is_not_root():
    text = (EXAMPLES / "kubernetes" / "Dockerfile").read_text()
    said = dict(line.split(" ", 1) for line in text.splitlines() if re.match(r"[A-Z]+ ", line))
    entry = json.loads(said["ENTRYPOINT"])
    assert entry[-1].endswith("run_pipe.py")
    assert int(said["USER"].partition(":")[0]) > 0
    assert said["STOPSIGNAL"] == "SIGTERM"

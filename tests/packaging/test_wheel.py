"""The artefact, not the checkout."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from planhat_sandbox import Sandbox, seed_tenant
from planhat_sync.models import load_models

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "planhat_sync",
    "planhat_singer",
    "planhat_sandbox",
    "planhat_beliefs",
    "airbyte_planhat",
    "tap_planhat",
    "target_planhat",
)


def run(
    installed: Path, *command: str, cwd: Path, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a console script of the clean environment, with an empty environment of variables."""
    program, *arguments = command
    return subprocess.run(
        [str(installed / "bin" / program), *arguments],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cwd)},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_wheel_holds_each_model_once(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    models = sorted(path.name for path in (ROOT / "schemas").glob("*.json"))
    assert models
    assert sorted(n for n in names if n.endswith(".json") and "/schemas/" in n) == [
        f"planhat_sync/schemas/{name}" for name in models
    ]
    assert not [n for n in names if n.startswith("schemas/")]


def test_the_wheel_says_that_it_is_typed_and_carries_no_tests(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_every_module_of_the_checkout_is_in_the_wheel(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert ours <= names


@pytest.mark.parametrize("plugin", ["tap-planhat", "target-planhat"])
def test_both_plugins_know_the_version_of_the_distribution(installed, tmp_path, plugin):
    done = run(installed, plugin, "--version", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"{plugin} v{metadata.version('planhat-sync')}," in done.stdout


def test_a_tenant_can_be_asked_by_what_the_wheel_brings(installed, tmp_path):
    with Sandbox({"token-a": "alpha"}) as sandbox:
        seed_tenant(sandbox.tenant("token-a"), issues=5, objectives=5)
        config = tmp_path / "target.json"
        config.write_text(
            json.dumps({"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0})
        )
        asked = run(installed, "planhat-beliefs", "--config", str(config), cwd=tmp_path)
    assert asked.returncode == 0, asked.stderr
    assert "held            list-offset (/issues)" in asked.stdout


def test_discovery_from_the_wheel_names_the_models(installed, tmp_path):
    done = run(installed, "tap-planhat", "--discover", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    streams = [s["tap_stream_id"] for s in json.loads(done.stdout)["streams"]]
    assert streams == [name for name, model in load_models().items() if model.is_read]


@pytest.mark.parametrize("connector", ["source-planhat", "destination-planhat"])
def test_the_connectors_of_airbyte_answer_from_the_wheel(installed, tmp_path, connector):
    (tmp_path / "config.json").write_text('{"api_token": "x"}')
    for command in (["spec"], ["discover", "--config", "config.json"]):
        done = run(installed, connector, *command, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert '"issues"' in done.stdout or command == ["spec"]
        assert json.loads(done.stdout)["type"] in ("SPEC", "CATALOG", "DESTINATION_CATALOG")


@pytest.mark.parametrize("plugin", ["tap-planhat", "target-planhat"])
def test_about_works_without_a_configuration(installed, tmp_path, plugin):
    done = run(installed, plugin, "--about", "--format=json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "api_token" in json.loads(done.stdout)["settings"]["properties"]


def test_a_tenant_is_copied_by_the_plugins_of_the_wheel(installed, tmp_path):
    with Sandbox({"token-a": "alpha", "token-b": "beta"}) as sandbox:
        seed_tenant(sandbox.tenant("token-a"), issues=30, objectives=10)
        seed_tenant(sandbox.tenant("token-b"), issues=0, objectives=0)
        common = {"api_url": sandbox.url, "requests_per_minute": 0}
        tap, target = tmp_path / "tap.json", tmp_path / "target.json"
        tap.write_text(json.dumps({**common, "api_token": "token-a"}))
        target.write_text(json.dumps({**common, "api_token": "token-b", "match_on": ["sourceId"]}))
        read = run(installed, "tap-planhat", "--config", str(tap), cwd=tmp_path)
        assert read.returncode == 0, read.stderr
        wrote = run(
            installed, "target-planhat", "--config", str(target), cwd=tmp_path, stdin=read.stdout
        )
        assert wrote.returncode == 0, wrote.stderr
        assert json.loads(wrote.stdout.splitlines()[-1])["bookmarks"]["issues"]
        for model, count in {"issues": 30, "objectives": 10}.items():
            titles = [
                sorted(record.get("title") or record["name"] for record in tenant.records(model))
                for tenant in (sandbox.tenant("token-a"), sandbox.tenant("token-b"))
            ]
            assert titles[0] == titles[1]
            assert len(titles[0]) == count


def test_the_environment_of_these_tests_has_no_way_back_to_the_checkout(installed, tmp_path):
    done = run(
        installed,
        "python",
        "-c",
        "import planhat_sync, sys; print(planhat_sync.__file__, sys.path)",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert str(ROOT / "planhat_sync") not in done.stdout
    assert f"'{ROOT}'" not in done.stdout


def test_the_classifiers_agree_with_what_python_is_required():
    about = metadata.metadata("planhat-sync")
    oldest = re.fullmatch(r">=3\.(\d+)", about["Requires-Python"])
    minors = sorted(
        int(m[1])
        for m in (
            re.fullmatch(r"Programming Language :: Python :: 3\.(\d+)", c)
            for c in about.get_all("Classifier")
        )
        if m
    )
    assert oldest
    assert minors == list(range(int(oldest[1]), minors[-1] + 1))

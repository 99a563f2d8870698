"""The project in the checkout, run by Meltano."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from checkout import ROOT, copy_folder
from strangers import program, without_installation


@pytest.fixture
def meltano(tmp_path, tenants):
    """Run Meltano in a copy of the project, with two sandbox tenants in the environment."""
    command = program("meltano", "meltano")
    project = tmp_path / "project"
    project.mkdir()
    text = without_installation((ROOT / "meltano.yml").read_text("utf-8"))
    (project / "meltano.yml").write_text(text, "utf-8")
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(program("tap-planhat")).parent), os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "TAP_PLANHAT_API_TOKEN": "token-a",
        "TAP_PLANHAT_API_URL": tenants.url,
        "TAP_PLANHAT_LOOKBACK_SECONDS": "0",
        "TARGET_PLANHAT_API_TOKEN": "token-b",
        "TARGET_PLANHAT_API_URL": tenants.url,
        "TARGET_PLANHAT_SUMMARY_PATH": str(tmp_path / "summary.json"),
    }

    def run(*arguments, **variables):
        done = subprocess.run(
            [command, *arguments],
            cwd=project,
            env=environment | variables,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
        return done

    return run


@pytest.fixture
def counts(tmp_path):
    """What the target counted in the last run."""
    return lambda: json.loads((tmp_path / "summary.json").read_text())["streams"]


def test_meltano_copies_a_tenant_and_its_second_run_reads_only_what_is_new(
    meltano, tenants, counts, assert_equal_tenants
):
    meltano("run", "copy", TAP_PLANHAT__SELECT='["issues.*"]')
    assert counts()["issues"]["created"] == 300
    assert_equal_tenants("issues")
    source = tenants.tenant("token-a")
    newest = max(record["updatedAt"] for record in source.records("issues"))
    # A change in the very moment of the bookmark may have been missed: that moment is read again.
    at_the_bookmark = sum(record["updatedAt"] == newest for record in source.records("issues"))
    changed = next(record for record in source.records("issues") if record["updatedAt"] < newest)
    source.update("issues", changed["_id"], {"title": "Changed since"})
    meltano("run", "copy", TAP_PLANHAT__SELECT='["issues.*"]')
    assert counts()["issues"]["read"] == at_the_bookmark + 1
    assert counts()["issues"]["created"] == 0
    assert_equal_tenants("issues")


@pytest.mark.slow
def test_meltano_installs_both_plugins_from_the_checkout(tmp_path):
    """As a user's Meltano does, with uv and the package registry."""
    checkout = tmp_path / "checkout"
    copy_folder(ROOT, checkout)
    for arguments in (
        ["install"],
        ["invoke", "tap-planhat", "--discover"],
        ["invoke", "target-planhat", "--version"],
    ):
        done = subprocess.run(
            [program("meltano", "meltano"), *arguments],
            cwd=checkout,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]

"""Which .env is read by plugins that are installed apart, as pipx does it."""

from __future__ import annotations

import subprocess

import pytest

from planhat_sandbox import Sandbox

TOKEN = {"tap-planhat": "TAP_PLANHAT_", "target-planhat": "TARGET_PLANHAT_"}


def run(installed, plugin, cwd):
    return subprocess.run(
        [str(installed / "bin" / plugin), "--config", "ENV"],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cwd)},
        input="",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def beside(installed):
    """A .env in the environment's folder, with a setting that would end every run."""
    file = installed / ".env"
    file.write_text("".join(f"{prefix}CONCURRENCY=environment\n" for prefix in TOKEN.values()))
    yield file
    file.unlink()


@pytest.mark.parametrize(("plugin", "prefix"), TOKEN.items())
def test_the_one_of_the_working_directory_is_read_and_the_environments_is_not(
    installed, beside, tmp_path, plugin, prefix
):
    with Sandbox({"token-a": "alpha"}) as sandbox:
        settings = {"API_TOKEN": "token-a", "API_URL": sandbox.url, "REQUESTS_PER_MINUTE": "0"}
        (tmp_path / ".env").write_text("".join(f"{prefix}{k}={v}\n" for k, v in settings.items()))
        below = tmp_path / "below"
        below.mkdir()
        for where in (tmp_path, below):
            ran = run(installed, plugin, where)
            assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("plugin", TOKEN)
def test_from_elsewhere_none_is_read(installed, beside, plugin):
    ran = run(installed, plugin, "/")
    assert ran.returncode == 1
    assert "api_token is not set" in ran.stderr.splitlines()[-1]

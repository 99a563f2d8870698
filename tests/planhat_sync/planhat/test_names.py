"""What `planhat_sync` exports: loaded when it is asked for, and typed for whoever imports it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import CACHES

import planhat_sync

HERE = Path(__file__).parent


def test_every_exported_name_is_there_and_no_other(planhat):
    for name in planhat_sync.__all__:
        assert getattr(planhat_sync, name) is not None, name
    assert set(planhat_sync.__all__) <= set(dir(planhat_sync))
    assert planhat_sync.Planhat is type(planhat)
    assert issubclass(planhat_sync.WriteInterrupted, KeyboardInterrupt)
    with pytest.raises(AttributeError, match="has no attribute 'Planhatt'"):
        planhat_sync.Planhatt  # noqa: B018 - asked for


def test_every_error_that_may_reach_a_program_is_exported():
    from planhat_sync import errors  # noqa: PLC0415 - the module itself, not a name of it

    inside = {"RetryError", *(each.__name__ for each in errors.RetryError.__subclasses__())}
    names = {
        name
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, errors.PlanhatError)
    }
    assert names - inside <= set(planhat_sync.__all__)


def test_help_names_what_every_option_of_a_write_is():
    options, inherited = planhat_sync.WriteOptions, planhat_sync.DeleteOptions
    own = options.__optional_keys__ - inherited.__optional_keys__
    for name in inherited.__optional_keys__:
        assert f"`{name}`" in options.__doc__, name
    for name in own:
        assert f" {name}: " in options.__doc__, name


def test_what_help_says_of_the_models_that_some_methods_take_is_so(planhat):
    models = planhat.models.values()
    assert [each.name for each in models if each.replication_key] == ["issues"]
    assert "only for issues" in planhat_sync.Planhat.read.__doc__
    assert list(planhat.check()) == ["issues", "objectives"]
    assert "by default issues and objectives" in planhat_sync.Planhat.check.__doc__


def loaded_by(imports: str, modules: set[str]) -> set[str]:
    """Return which of some modules a fresh interpreter has loaded after an import."""
    program = f"import sys\n{imports}\nprint(*{modules!r} & {{*sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


def test_the_plugins_start_without_it():
    imports = "import planhat_sync, tap_planhat.tap, target_planhat.target"
    own = {"planhat_sync.planhat", "planhat_sync.reading.records", "planhat_sync.writing.rows"}
    assert loaded_by(imports, own) == set()
    assert loaded_by("from planhat_sync import Planhat", own) == own


def test_it_starts_without_the_sdk_of_singer_and_without_libraries_of_frames():
    others = {"singer_sdk", "click", "numpy", "pandas", "airbyte_cdk"}
    assert loaded_by("from planhat_sync import Planhat", others) == set()


def mypy(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Check a script as somebody who has the package installed, and no settings of ours."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull),
            *("--cache-dir", str(CACHES / "mypy-stranger"), str(HERE / script)),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
    )


@pytest.mark.slow
def test_a_program_that_uses_it_is_checked_by_mypy(tmp_path):
    done = mypy("stranger.py", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = mypy("wrong_stranger.py", tmp_path)
    found = [
        line.split(": error: ")[1] for line in wrong.stdout.splitlines() if ": error: " in line
    ]
    assert len(found) == 4, wrong.stdout  # one for each line that is marked there

"""The Makefile: `make clean` removes everything that it creates in the checkout."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_make_clean_leaves_no_environment_behind(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in (".venv", ".venv-meltano", ".venv-docs", "site", "planhat_sync"):
        (tmp_path / name).mkdir()
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    assert {path.name for path in tmp_path.iterdir()} == {"Makefile", "planhat_sync"}

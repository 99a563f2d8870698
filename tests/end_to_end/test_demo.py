"""What a newcomer sees first."""

from __future__ import annotations

import subprocess
import sys


def test_the_demo_ends_well_and_says_so():
    done = subprocess.run(
        [sys.executable, "-m", "planhat_sandbox.demo"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The tenants are equal, property by property" in done.stdout
    assert "Companies were compared by their externalId" in done.stdout

"""What the images are run in."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def place():
    """A folder that every user can reach, and that is not below /tmp."""
    with TemporaryDirectory(dir="/var/tmp", prefix="planhat-") as name:
        Path(name).chmod(0o711)
        yield Path(name)

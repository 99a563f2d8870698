"""The settings of the Airbyte connectors, as their `spec` lists them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tools.reference.settings import Setting


def settings_of(name: str) -> list[Setting]:
    """Ask a connector for its settings, which needs no configuration.

    Args:
        name: The connector, such as `source-planhat`.
    """
    command = [str(Path(sys.executable).parent / name), "spec"]
    printed = subprocess.run(command, check=True, capture_output=True).stdout
    properties = json.loads(printed)["spec"]["connectionSpecification"]["properties"]
    return [Setting(key, schema, of_sdk=False) for key, schema in properties.items()]

"""How the settings of the Airbyte connectors differ from those of the Singer plugins."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.reference.settings import Setting
from tools.reference.tables import cell, code

if TYPE_CHECKING:
    from tools.reference.settings import Plugin


def differences(tap: Plugin, target: Plugin) -> str:
    """Return what the page of the connectors says about their settings."""
    parts = []
    for name, plugin in (("source-planhat", tap), ("destination-planhat", target)):
        theirs = {setting.name: setting for setting in plugin.settings}
        ours = _settings(name)
        rows = [
            f"| `{each.name}` | {cell(each.description)} |"
            for each in ours
            if each.description != theirs[each.name].description
        ]
        left_out = sorted({name.partition(".")[0] for name in theirs} - {s.name for s in ours})
        parts.append(
            f"`{name}` has the settings of `{plugin.name}`, with the same defaults, but not "
            f"{code(left_out)}. These say something else:\n\n"
            + "\n".join(["| setting | what it does |", "|---|---|", *rows])
        )
    return "\n\n".join(parts)


def _settings(name: str) -> list[Setting]:
    """Ask a connector for its settings, which needs no configuration."""
    command = [str(Path(sys.executable).parent / name), "spec"]
    printed = subprocess.run(command, check=True, capture_output=True).stdout
    properties = json.loads(printed)["spec"]["connectionSpecification"]["properties"]
    return [Setting(name, schema, of_sdk=False) for name, schema in properties.items()]

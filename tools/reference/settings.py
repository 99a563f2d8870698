"""The settings of a plugin, as its `--about` lists them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planhat_singer.sdk_settings import DESCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = {"number": "decimal"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a plugin.

    Attributes:
        name: Its name; a nested one has dots in it.
        schema: Its JSON Schema.
        of_sdk: Whether it comes with the Singer SDK and does what the SDK says.
    """

    name: str
    schema: Mapping[str, Any]
    of_sdk: bool

    @property
    def types(self) -> list[str]:
        """The JSON types it may have, without null."""
        branches = [self.schema, *self.schema.get("oneOf", []), *self.schema.get("anyOf", [])]
        found: list[str] = []
        for branch in branches:
            words = branch.get("type", [])
            found += [words] if isinstance(words, str) else words
        return [word for word in dict.fromkeys(found) if word != "null"]

    @property
    def kind(self) -> str:
        """Meltano's name for its type; Meltano has no unions, and any value can be text."""
        if self.options:
            return "options"
        if self.schema.get("format") in {"date", "date-time"}:
            return "date_iso8601"
        only = self.types[0] if len(self.types) == 1 else "string"
        return KINDS.get(only, only)

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.schema.get("title") or self.name.replace("_", " ").capitalize()

    @property
    def description(self) -> str:
        """What it does, in one line."""
        return " ".join((self.schema.get("description") or "").split())

    @property
    def secret(self) -> bool:
        """Whether it must not be shown."""
        return bool(self.schema.get("secret") or self.schema.get("writeOnly"))

    @property
    def options(self) -> list[Any]:
        """The values it may have, if they are few."""
        return [value for value in self.schema.get("enum", []) if value is not None]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin as its `--about` describes it.

    Attributes:
        name: What it is called on the command line.
        capabilities: Its capabilities, in Singer's terms.
        pythons: Versions it runs on.
        settings: Its own settings in the order of its schema, then the SDK's.
    """

    name: str
    capabilities: tuple[str, ...]
    pythons: tuple[str, ...]
    settings: tuple[Setting, ...]

    @classmethod
    def ask(cls, name: str) -> Plugin:
        """Run a plugin's `--about`, which needs no configuration."""
        command = [str(Path(sys.executable).parent / name), "--about", "--format=json"]
        about = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        settings = sorted(_flat(about["settings"]), key=lambda setting: setting.of_sdk)
        return cls(
            name,
            tuple(sorted(about["capabilities"])),
            tuple(about["supported_python_versions"]),
            tuple(settings),
        )

    @property
    def own_settings(self) -> list[Setting]:
        """The settings that this project adds or changes."""
        return [setting for setting in self.settings if not setting.of_sdk]

    @property
    def sdk_settings(self) -> list[Setting]:
        """The settings that come unchanged with the Singer SDK."""
        return [setting for setting in self.settings if setting.of_sdk]


def _flat(schema: Mapping[str, Any], prefix: str = "", *, of_sdk: bool = False) -> list[Setting]:
    """List settings, an object by its parts where the schema knows all of them."""
    found = []
    for name, part in schema["properties"].items():
        known = name in DESCRIPTIONS and part.get("description") == DESCRIPTIONS[name]
        if part.get("properties") and not isinstance(part.get("additionalProperties"), dict):
            found += _flat(part, f"{prefix}{name}.", of_sdk=of_sdk or known)
        else:
            found.append(Setting(prefix + name, part, of_sdk or known))
    return found

"""What `--about` prints for people: as plain text of 80 columns, and as Markdown.

For programs there is the SDK's own form, JSON.
"""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple

from planhat_sync.runtime.config_errors import type_words
from planhat_sync.runtime.terminal import USUAL_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_sdk.about import AboutInfo


_SDK = "https://sdk.meltano.com"


class Setting(NamedTuple):
    """A setting, or a part of one, as users read it.

    Attributes:
        name: Its name, with those of the settings around it.
        type: What it takes.
        default: Its default as JSON, `required` if it has to be set, empty if it has no default.
        description: What it does.
    """

    name: str
    type: str
    default: str
    description: str


def as_text(info: AboutInfo) -> str:
    """Return what a plugin is, as plain text.

    Args:
        info: What the SDK knows of the plugin.
    """
    settings = [
        "\n".join(
            [
                f"  {setting.name}: {', '.join(filter(None, [setting.type, _default(setting)]))}",
                *_wrapped(setting.description, "    "),
            ]
        )
        for setting in settings_of(info.settings)
    ]
    capabilities = ", ".join(capability.value for capability in info.capabilities)
    return "\n\n".join(
        [
            f"{info.name} v{info.version}, Meltano SDK v{info.sdk_version}",
            *("\n".join(_wrapped(part)) for part in (info.description or "", _pythons(info))),
            "\n".join(_wrapped(f"Capabilities: {capabilities}")),
            "\n".join(_wrapped(f"Settings. {_environment(info)}.")),
            *settings,
        ]
    )


def as_markdown(info: AboutInfo) -> str:
    """Return what a plugin is, as Markdown.

    Args:
        info: What the SDK knows of the plugin.
    """
    rows = [
        f"| `{setting.name}` | {setting.type} | {_markdown_default(setting.default)} "
        f"| {_cell(setting.description)} |"
        for setting in settings_of(info.settings)
    ]
    return "\n".join(
        [
            f"# {info.name}",
            "",
            info.description or "",
            "",
            f"Version {info.version}, with [Meltano SDK]({_SDK}) {info.sdk_version}.",
            "",
            _pythons(info),
            "",
            "## Capabilities",
            "",
            *(f"- `{capability.value}`" for capability in info.capabilities),
            "",
            "## Settings",
            "",
            f"{_environment(info)}.",
            "",
            "| Setting | Type | Default | Description |",
            "|:--------|:-----|:--------|:------------|",
            *rows,
        ]
    )


def settings_of(schema: Mapping[str, Any], around: str = "") -> Iterator[Setting]:
    """Yield the settings of a JSON Schema, each before its parts.

    Args:
        schema: The schema.
        around: The name of the setting whose parts it describes.
    """
    for name, setting in schema.get("properties", {}).items():
        path = f"{around}.{name}" if around else name
        if name in schema.get("required", ()):
            default = "required"
        elif setting.get("default") is not None:
            default = json.dumps(setting["default"], ensure_ascii=False)
        else:
            default = ""
        choices = [str(choice) for choice in setting.get("enum", ()) if choice is not None]
        yield Setting(
            path,
            f"one of {', '.join(choices)}" if choices else _type(setting),
            default,
            " ".join(setting.get("description", "").split()),
        )
        yield from settings_of(setting, path)


def _type(setting: Mapping[str, Any]) -> str:
    return type_words(setting.get("type") or setting.get("anyOf") or setting.get("oneOf") or [])


def _default(setting: Setting) -> str:
    if setting.default in ("", "required"):
        return setting.default
    return f"{setting.default} by default"


def _markdown_default(default: str) -> str:
    return default if default in ("", "required") else f"`{_cell(default)}`"


def _cell(text: str) -> str:
    """Return a text that does not end the cell of a table it stands in."""
    return text.replace("|", "\\|")


def _pythons(info: AboutInfo) -> str:
    return f"Runs on Python {', '.join(info.supported_python_versions or ())}."


def _environment(info: AboutInfo) -> str:
    return (
        f"In the environment, each name is in capitals after {info.env_var_prefix}, "
        f"such as {info.env_var_prefix}API_TOKEN"
    )


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        USUAL_COLUMNS,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )

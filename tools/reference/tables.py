"""Settings and decisions as Markdown tables, and what tables of all kinds are made of."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from tools.reference.settings import Plugin, Setting


def settings_in_short(tap: Plugin, target: Plugin) -> str:
    """Return the settings as the README shows them: the SDK's by their names only."""
    sdk = sorted({s.name.split(".")[0] for s in (*tap.sdk_settings, *target.sdk_settings)})
    names = ", ".join(f"`{name}`" for name in sdk)
    return (
        _by_plugin(tap, target, _short_table)
        + f"\n\nAnd from the Singer SDK: {names}. Types, limits and allowed values of all of them: "
        "[settings](docs/settings.md)."
    )


def settings_in_full(tap: Plugin, target: Plugin) -> str:
    """Return the settings as the reference page shows them."""
    sdk = (
        f"## From the Singer SDK: `{plugin.name}`\n\n{_long_table(plugin.sdk_settings)}"
        for plugin in (tap, target)
    )
    return "\n\n".join([_by_plugin(tap, target, _long_table, heading="##"), *sdk])


def decisions(folder: Path) -> str:
    """Return the list of decisions, with the first line of each."""
    lines = []
    for file in sorted(folder.glob("[0-9]*.md")):
        title = file.read_text("utf-8").splitlines()[0].removeprefix("# ")
        lines.append(f"- [{title}]({file.name})")
    return "\n".join(lines)


def _by_plugin(
    tap: Plugin, target: Plugin, table: Callable[[list[Setting]], str], heading: str = "###"
) -> str:
    theirs = {setting.name: setting for setting in target.own_settings}
    shared = [s for s in tap.own_settings if s.name in theirs and theirs[s.name] == s]
    names = {setting.name for setting in shared}
    parts = [f"{heading} Both plugins\n\n{table(shared)}"]
    for plugin in (tap, target):
        own = [setting for setting in plugin.own_settings if setting.name not in names]
        parts.append(f"{heading} `{plugin.name}`\n\n{table(own)}")
    return "\n\n".join(parts)


def _short_table(settings: list[Setting]) -> str:
    rows = [
        f"| `{s.name}` | {_default(s)} | {cell(_first_sentence(s.description))} |" for s in settings
    ]
    return "\n".join(["| setting | default | what it does |", "|---|---|---|", *rows])


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=\.) (?=[A-Z`])", text)[0]


def _long_table(settings: list[Setting]) -> str:
    rows = [
        f"| `{s.name}` | {_type(s)} | {_default(s)} | {cell(s.description)} |" for s in settings
    ]
    return "\n".join(["| setting | type | default | what it does |", "|---|---|---|---|", *rows])


def _default(setting: Setting) -> str:
    value = setting.schema.get("default")
    if value is None:
        return "required" if setting.secret else ""
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def _type(setting: Setting) -> str:
    words = " or ".join(setting.types)
    if setting.options:
        words = " or ".join(f"`{value}`" for value in setting.options)
    elif setting.types == ["array"]:
        words = array_of(setting.schema.get("items", {}))
    elif setting.kind == "date_iso8601":
        words = "date-time"
    low, high = setting.schema.get("minimum"), setting.schema.get("maximum")
    if low is not None:
        words += f", {low} to {high}" if high is not None else f", {low} or more"
    return f"{words}, **secret**" if setting.secret else words


def array_of(items: Mapping[str, Any]) -> str:
    """Return the words for an array, by the schema of its items."""
    kind = items.get("type", [])
    kinds = [word for word in ([kind] if isinstance(kind, str) else kind) if word != "null"]
    return f"array of {kinds[0]}s" if kinds else "array"


def code(names: Iterable[str]) -> str:
    """Return names as code, with commas between them."""
    return ", ".join(f"`{name}`" for name in names)


def cell(text: str) -> str:
    """Return text that may stand in a cell of a table."""
    # A bare <cluster> in a description would be read as a tag.
    return re.sub(r"<([^>]+)>", r"`<\1>`", text).replace("|", "\\|")

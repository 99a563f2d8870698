"""Settings, models and decisions as Markdown tables."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from planhat_sync.models import Model
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


def models_in_short(models: Iterable[Model]) -> str:
    """Return a table with one line for each model."""
    rows = [
        f"| `{m.name}` | {_code(m.keyables)} | {_reading(m)} | {_code(m.bulk_required)} |"
        for m in models
    ]
    head = "| stream | matched by | read | needed to create one |\n|---|---|---|---|"
    return "\n".join([head, *rows]) + "\n\nEvery property: [models](docs/models.md)."


def models_in_full(models: Iterable[Model]) -> str:
    """Return every property of every model."""
    return "\n\n".join(_model(model) for model in models)


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
        f"| `{s.name}` | {_default(s)} | {_cell(_first_sentence(s.description))} |"
        for s in settings
    ]
    return "\n".join(["| setting | default | what it does |", "|---|---|---|", *rows])


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=\.) (?=[A-Z`])", text)[0]


def _long_table(settings: list[Setting]) -> str:
    rows = [
        f"| `{s.name}` | {_type(s)} | {_default(s)} | {_cell(s.description)} |" for s in settings
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
        words = _array_of(setting.schema.get("items", {}))
    elif setting.kind == "date_iso8601":
        words = "date-time"
    low, high = setting.schema.get("minimum"), setting.schema.get("maximum")
    if low is not None:
        words += f", {low} to {high}" if high is not None else f", {low} or more"
    return f"{words}, **secret**" if setting.secret else words


def _array_of(items: Mapping[str, Any]) -> str:
    kind = items.get("type", [])
    kinds = [word for word in ([kind] if isinstance(kind, str) else kind) if word != "null"]
    return f"array of {kinds[0]}s" if kinds else "array"


def _model(model: Model) -> str:
    schema_rows = "\n".join(_property_row(model, name) for name in model.properties)
    scope = "".join(
        f" `{keyable}` is unique only within one `{owner}`."
        for keyable, owner in model.keyable_scope.items()
    )
    more = model.bulk_required and model.bulk_required != model.required
    bulk = f" (in a bulk upsert: {_code(model.bulk_required)})" if more else ""
    return f"""## {model.name}

- path: `{model.path}`
- matched by: {_code(model.keyables)}, in this order.{scope}
- read: {_reading(model)}; at most {model.page_limit:,} a page
- needed to create one: {_code(model.required)}{bulk}; {_writing(model)}

| property | type | written | what it is |
|---|---|---|---|
{schema_rows}"""


def _property_row(model: Model, name: str) -> str:
    schema = model.properties[name]
    kind = schema.get("type", "any")
    kinds = [kind] if isinstance(kind, str) else [word for word in kind if word != "null"]
    words = _array_of(schema.get("items", {})) if kinds == ["array"] else " or ".join(kinds)
    words = schema.get("format", words)
    written = "no" if name in model.read_only else "yes"
    return f"| `{name}` | {words} | {written} | {_cell(schema.get('description', ''))} |"


def _reading(model: Model) -> str:
    key, possible = model.replication_key, model.possible_replication_key
    if key:
        return f"incremental on `{key}`"
    return "in full, every time" + (
        f", or incremental on `{possible}` on request" if possible else ""
    )


def _writing(model: Model) -> str:
    if model.bulk_limit is None:
        return "written one by one"
    return f"at most {model.bulk_limit:,} a request"


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _cell(text: str) -> str:
    # A bare <cluster> in a description would be read as a tag.
    return re.sub(r"<([^>]+)>", r"`<\1>`", text).replace("|", "\\|")

"""The settings as a page of the reference: a section with an anchor for each.

The anchor of a setting is the kind of the plugin, a hyphen and its name, such as `tap-page_size`
and `target-match_on`; a setting of both plugins has one of each.
"""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planhat_singer.sdk_settings import DESCRIPTIONS
from planhat_sync import DeleteOptions, Planhat, WriteOptions
from tools.reference.setting_notes import EXAMPLES, MORE
from tools.reference.tables import array_of, code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tools.reference.settings import Plugin, Setting

CONNECTORS = {"tap-planhat": "source-planhat", "target-planhat": "destination-planhat"}
CODE = re.compile(
    r"`[^`]+`|https://[\w-]+(?:\.[\w-]+)+|\[[^\]]*\]|\{[^}]*\}"
    r"|(?:tap|target|source|destination)-planhat(?: --\w+)?|--[a-z]+"
    r"|(?<![\w/])(?:_?[A-Za-z]+(?:_[A-Za-z]+)+|_id|[a-z]+[A-Z]\w*|_{1,2})(?![\w(])"
    r"|\b(?:extid|srcid)-…"
)
"""What is code in a description, which is plain text: addresses, JSON, names of several words."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One section of the page.

    Attributes:
        name: Name of the setting.
        parts: The setting; several for an object of the SDK's, whose parts are known.
        plugins: The plugins that have it.
    """

    name: str
    parts: Sequence[Setting]
    plugins: Sequence[str]

    @property
    def anchors(self) -> list[str]:
        """The anchors, one for each plugin."""
        return [anchor(plugin, self.name) for plugin in self.plugins]


def anchor(plugin: str, name: str) -> str:
    """Return the anchor of a setting.

    Args:
        plugin: The plugin, such as `tap-planhat`.
        name: The setting.
    """
    return f"{plugin.partition('-')[0]}-{name}"


def sections(tap: Plugin, target: Plugin, connectors: Mapping[str, Sequence[Setting]]) -> str:
    """Return the sections of all settings.

    Args:
        tap: The tap.
        target: The target.
        connectors: The settings of the Airbyte connectors, by their names.
    """
    own = _entries(tap, target, lambda plugin: plugin.own_settings)
    of_sdk = _entries(tap, target, lambda plugin: plugin.sdk_settings)
    groups = {
        "Both plugins": [each for each in own if len(each.plugins) > 1],
        "`tap-planhat`": [each for each in own if each.plugins == (tap.name,)],
        "`target-planhat`": [each for each in own if each.plugins == (target.name,)],
        "Singer SDK": of_sdk,
    }
    names = {
        plugin.name: {setting.name.partition(".")[0] for setting in plugin.settings}
        for plugin in (tap, target)
    }
    return "\n\n".join(
        "\n\n".join(
            [
                f"## {heading}",
                ", ".join(f"[`{each.name}`](#{each.anchors[0]})" for each in entries),
                *(_section(each, names[each.plugins[0]], connectors) for each in entries),
            ]
        )
        for heading, entries in groups.items()
    )


def _entries(
    tap: Plugin, target: Plugin, settings_of: Callable[[Plugin], Iterable[Setting]]
) -> list[Entry]:
    """Return the settings of both plugins, in the order of the tap and then of the target."""
    of_tap, of_target = _by_name(settings_of(tap)), _by_name(settings_of(target))
    shared = {name for name, parts in of_tap.items() if of_target.get(name) == parts}
    both, only_tap, only_target = (tap.name, target.name), (tap.name,), (target.name,)
    return [
        *(Entry(n, parts, both if n in shared else only_tap) for n, parts in of_tap.items()),
        *(Entry(n, parts, only_target) for n, parts in of_target.items() if n not in shared),
    ]


def _by_name(settings: Iterable[Setting]) -> dict[str, list[Setting]]:
    found: dict[str, list[Setting]] = {}
    for setting in settings:
        found.setdefault(setting.name.partition(".")[0], []).append(setting)
    return found


def _section(entry: Entry, names: set[str], connectors: Mapping[str, Sequence[Setting]]) -> str:
    """Return the section of a setting.

    Args:
        entry: The setting.
        names: The settings to which its description links.
        connectors: The settings of the Airbyte connectors, by their names.
    """
    first, *others = entry.anchors
    links = {name: anchor(entry.plugins[0], name) for name in names - {entry.name}}
    theirs = {
        connector: setting
        for plugin in entry.plugins
        for connector in [CONNECTORS[plugin]]
        for setting in connectors[connector]
        if setting.name == entry.name
    }
    parts = [
        f"### `{entry.name}` {{ #{first} }}",
        *(f'<a id="{each}"></a>' for each in others),
    ]
    facts = []
    if entry.parts[0].of_sdk:
        parts.append(_of_sdk(DESCRIPTIONS[entry.name]))  # `parts` may be those of an object
        facts += [
            f"type: {_type(part)}"
            if part.name == entry.name
            else f"`{part.name.removeprefix(f'{entry.name}.')}`: {_type(part)}. "
            f"{_of_sdk(part.description)}"
            for part in entry.parts
        ]
    else:
        (setting,) = entry.parts
        parts += [
            marked(setting.description, links),
            *(
                f"In `{connector}`: {marked(other.description, links)}"
                for connector, other in theirs.items()
                if other.description != setting.description
            ),
        ]
        facts += [f"type: {_type(setting)}", *_default(setting)]
    facts += [
        *_example(entry),
        f"in the environment: {_variables(entry)}",
        f"programs: {code([*entry.plugins, *theirs])}{_python(entry)}",
    ]
    if first in MORE:
        facts.append(f"more: {MORE[first]}")
    return "\n\n".join([*parts, "\n".join(f"- {fact}" for fact in facts)])


def marked(text: str, links: Mapping[str, str]) -> str:
    """Return a description, which is plain text, as Markdown.

    Args:
        text: The description.
        links: The anchors of the settings to which it may link, by name.
    """

    def mark(found: re.Match[str]) -> str:
        span = found[0] if found[0].startswith("`") else f"`{found[0]}`"
        name = found[0].strip("`")
        return f"[{span}](#{links[name]})" if name in links else span

    return CODE.sub(mark, text)


def _of_sdk(description: str) -> str:
    """Return a description of the SDK's, which is Markdown with bare addresses."""
    return re.sub(r"(?<!\()https://\S+", r"<\g<0>>", description)


def _type(setting: Setting) -> str:
    words = " or ".join(setting.types)
    if setting.options:
        words = f"one of {code(map(str, setting.options))}"
    elif setting.types == ["array"]:
        words = array_of(setting.schema.get("items", {}))
    elif setting.kind == "date_iso8601":
        words = "date or date-time"
    low, high = setting.schema.get("minimum"), setting.schema.get("maximum")
    if low is not None:
        words += f", {low:,} to {high:,}" if high is not None else f", {low:,} or more"
    return f"{words}; **secret**" if setting.secret else words


def _default(setting: Setting) -> list[str]:
    value = setting.schema.get("default")
    if value is None:
        return ["**required**"] if setting.secret else []
    return [f"default: `{value if isinstance(value, str) else json.dumps(value)}`"]


def _example(entry: Entry) -> list[str]:
    if entry.anchors[0] not in EXAMPLES:
        return []
    return [f'example: `"{entry.name}": {json.dumps(EXAMPLES[entry.anchors[0]])}`']


def _variables(entry: Entry) -> str:
    value = ""
    if entry.anchors[0] in EXAMPLES:
        example: Any = EXAMPLES[entry.anchors[0]]
        is_plain = isinstance(example, (str, int))
        value = f"={example}" if is_plain else f"='{json.dumps(example)}'"
    names = (f"{plugin}_{entry.name}".upper().replace("-", "_") for plugin in entry.plugins)
    return code(f"{name}{value}" for name in names)


def _python(entry: Entry) -> str:
    """Return which arguments of the Python class are this setting."""
    parameters = {
        "Planhat": inspect.signature(Planhat).parameters,
        "read": inspect.signature(Planhat.read).parameters,
        "write": WriteOptions.__optional_keys__,
        "delete": DeleteOptions.__optional_keys__,
    }
    for_reading = {"Planhat", "read"}
    wanted = {
        ("tap-planhat", "target-planhat"): {"Planhat"},
        ("tap-planhat",): for_reading,
        ("target-planhat",): parameters.keys() - for_reading,
    }[tuple(entry.plugins)]
    calls = [
        f"{function}({entry.name}=…)"
        for function, names in parameters.items()
        if function in wanted and entry.name in names
    ]
    return f"; in Python {code(calls)}" if calls else ""

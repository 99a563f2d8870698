"""A plugin as YAML, in the formats of meltano.yml and Meltano Hub."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, Any

import yaml

from planhat_sync.models import load_models

if TYPE_CHECKING:
    from tools.reference.settings import Plugin, Setting

# What the Hub's schema allows (github.com/meltano/hub, schemas/common/*_specific.schema.json);
# the plugins may have more capabilities than the Hub knows.
HUB_CAPABILITIES = {
    "tap-planhat": (
        *("about", "activate-version", "batch", "catalog", "discover", "log-based", "properties"),
        *("schema-flattening", "state", "stream-maps", "structured-logging", "test"),
    ),
    "target-planhat": (
        *("about", "activate-version", "batch", "datatype-failsafe", "hard-delete"),
        *("schema-flattening", "soft-delete", "stream-maps", "target-schema", "validate-records"),
    ),
}
# What a user needs to know before trying it; shown at the end of its page on the Hub.
USAGE = {
    "tap-planhat": (
        "Each of Planhat's models is a stream; `select` names those that are read. Issues are read "
        "incrementally on `updatedAt`, all others in full by default. Every record that exists "
        "throughout a full read is emitted exactly once, whatever is inserted, changed or deleted "
        "meanwhile. No account is needed to try it: `planhat-sandbox` is a local fake of the "
        "Planhat API."
    ),
    "target-planhat": (
        "A stream is written if it has the name of one of Planhat's models, such as `companies` or "
        "`issues`; `mappings` turn other streams into these. "
        "Records are matched by their keyables (`match_on`) and sent in bulk upserts. A record "
        "without any keyable is rejected, since every run would create it again. A rejected record "
        "ends the run, or is written to `rejects_path` (`on_reject: continue`), a Singer stream "
        "that can be replayed. A state is printed only when everything before it is in Planhat or "
        "in that file."
    ),
}


def for_project(plugin: Plugin) -> str:
    """Return the generated part of a plugin's entry in meltano.yml: capabilities, settings."""
    entry = {
        **_select(plugin),
        "capabilities": list(plugin.capabilities),
        # `kind: password` is deprecated in meltano.yml; `sensitive` replaces it.
        "settings": [_entry(setting, secret_kind="string") for setting in plugin.settings],  # noqa: S106 - a kind, not a secret
    }
    return indent(_yaml(entry, width=94), "    ")


def for_page(plugin: Plugin) -> str:
    """Return the settings of a plugin, one line each, as a page's meltano.yml declares them.

    Names, kinds and what is sensitive: without these Meltano does not pass a setting on, passes it
    on as text, or shows it.
    """
    kept = ("name", "kind", "sensitive", "options")
    lines = []
    for setting in plugin.settings:
        entry = _entry(setting, secret_kind="string")  # noqa: S106 - a kind, not a secret
        short = {key: entry[key] for key in kept if key in entry}
        flow = yaml.safe_dump(short, sort_keys=False, default_flow_style=True, width=1000)
        lines.append(f"- {flow}")
    return indent("".join(lines), "    ")


def for_hub(plugin: Plugin) -> str:
    """Return a plugin's definition for Meltano Hub."""
    entry = {
        "name": plugin.name,
        "variant": "planhat-sync",
        "namespace": plugin.name.replace("-", "_"),
        "label": "Planhat",
        "description": "Customer platform",
        "domain_url": "https://www.planhat.com",
        "pip_url": "planhat-sync",
        "executable": plugin.name,
        **_select(plugin),
        "capabilities": [c for c in plugin.capabilities if c in HUB_CAPABILITIES[plugin.name]],
        "keywords": ["api", "meltano_sdk"],
        "maintenance_status": "beta",
        "quality": "unknown",
        "supported_python_versions": list(plugin.pythons),
        "settings": [_entry(setting, secret_kind="password") for setting in plugin.settings],  # noqa: S106 - a kind, not a secret
        "settings_group_validation": [["api_token"]],
        "usage": USAGE[plugin.name],
    }
    return _yaml(entry, width=98)


def _select(plugin: Plugin) -> dict[str, Any]:
    """Return what Meltano is to select: it selects every stream where nothing is said."""
    if plugin.name != "tap-planhat":
        return {}
    models = load_models().values()
    return {"select": [f"{model.name}.*" for model in models if model.selected_by_default]}


def _entry(setting: Setting, *, secret_kind: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": setting.name,
        "label": setting.label,
        "kind": secret_kind if setting.secret else setting.kind,
    }
    if setting.secret:
        entry["sensitive"] = True
    if setting.options:
        entry["options"] = [
            {"label": _label(str(value)), "value": value} for value in setting.options
        ]
    if setting.schema.get("default") is not None:
        entry["value"] = setting.schema["default"]
    return {**entry, "description": setting.description}


def _label(option: str) -> str:
    """Return an option for people; names of Planhat's properties stay as they are."""
    is_name = option != option.lower()
    return option if is_name else option.replace("_", " ").capitalize()


def _yaml(value: object, *, width: int) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=width))

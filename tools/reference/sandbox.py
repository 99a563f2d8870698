"""The sandbox's faults, behaviours and control routes as Markdown tables."""

from __future__ import annotations

import dataclasses

from planhat_sandbox.faults.effects import EFFECTS
from planhat_sandbox.planhat.behaviours import Behaviours
from planhat_sandbox.server.control_actions import CONTROLS

FACTS = "planhat-facts.md"


def faults() -> str:
    """Return every fault with its options and their defaults."""
    rows = [
        f"| `{effect.name}` | {effect.description} | {_options(effect.options)} |"
        for effect in EFFECTS.values()
    ]
    return "\n".join(["| fault | what it does | options |", "|---|---|---|", *rows])


def behaviours() -> str:
    """Return every behaviour with its values, the default first, and the fact behind it."""
    rows = []
    for field in dataclasses.fields(Behaviours):
        choices = field.metadata["choices"] or (_value(field.default),)
        default = _value(field.default)
        values = [default, *(choice for choice in choices if choice != default)]
        shown = ", ".join(f"`{value}`" for value in values if value)
        fact = field.metadata["fact"]
        link = f"[{fact}]({FACTS}#{fact})"
        rows.append(
            f"| `{field.name}` | {field.metadata['description']} | {shown or 'empty'} | {link} |"
        )
    head = "| behaviour | what it controls | values, default first | fact |"
    return "\n".join([head, "|---|---|---|---|", *rows])


def controls() -> str:
    """Return every control route with what it does."""
    rows = [
        f"| `{method} /_sandbox/{name}{control.path}` | {control.description} |"
        for (method, name), control in CONTROLS.items()
    ]
    return "\n".join(["| route | what it does |", "|---|---|", *rows])


def _options(options: object) -> str:
    if not isinstance(options, dict) or not options:
        return ""
    return ", ".join(f"`{name}={_value(value)}`" for name, value in options.items())


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

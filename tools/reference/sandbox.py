"""The sandbox's models, faults, behaviours and control routes as Markdown tables."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from planhat_sandbox.faults.effects import EFFECTS
from planhat_sandbox.planhat.behaviours import Behaviours
from planhat_sandbox.planhat.models import MODELS
from planhat_sandbox.server.control_actions import CONTROLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planhat_sandbox.planhat.model import SandboxModel

FACTS = "planhat-facts.md"


def models() -> str:
    """Return every model with its keys, limits, lists and what is peculiar to it."""
    head = "| model | found by | needed to create | rows of a page | company filter | peculiar |"
    return "\n".join([head, "|---|---|---|---|---|---|", *map(_model, MODELS)])


def _model(model: SandboxModel) -> str:
    prefixes = {key: prefix for prefix, key in model.prefixes.items()}
    keyables = dict.fromkeys((*model.keyables, *prefixes))
    found_by = ", ".join(
        f"`{key}` ({'path only, ' if key not in model.keyables else ''}`{prefixes[key]}`)"
        if key in prefixes
        else f"`{key}`"
        for key in keyables
    )
    required = ", ".join(f"`{name}`" for name in model.required) or "nothing"
    if model.one_of:
        required += f" and one of {', '.join(f'`{name}`' for name in model.one_of)}"
    if set(model.bulk_required) > set(model.required):
        more = [name for name in model.bulk_required if name not in model.required]
        required += f"; in bulk also {', '.join(f'`{name}`' for name in more)}"
    rows = f"{model.default_limit:,}, at most {model.maximum_limit:,}"
    several = ", several ids" if model.several_companies else ", one id"
    names = ", ".join(f"`{name}`" for name in model.company_filters)
    companies = f"{names}{several}" if names else "none"
    peculiar = "; ".join(_peculiar(model))
    return f"| `{model.name}` | {found_by} | {required} | {rows} | {companies} | {peculiar} |"


def _peculiar(model: SandboxModel) -> list[str]:
    said = {
        "a tenant may lack it (`absent_models`)": model.uncertain,
        f"listed by `{model.order}`": model.order != "_id",
        f"a list without `select` has {len(model.listed or ())} properties": model.listed,
        f"no {', '.join(sorted(model.undocumented_routes))}": model.undocumented_routes,
        f"silently dropped without `{model.silently_dropped_without}`": (
            model.silently_dropped_without
        ),
        f"its company is `{model.company_reference}`": (
            model.company_reference not in (None, "companyId")
        ),
        "a delete returns the record": model.delete_returns_record,
        "`validationErrors` in the response to a bulk upsert": model.has_validation_errors,
        "`POST /timeentries/duplicate`": model.name == "timeentries",
        f"times only with `{model.undocumented_times}`": model.undocumented_times,
    }
    return [*_filters(model), *_properties(model), *(text for text, holds in said.items() if holds)]


def _filters(model: SandboxModel) -> Iterator[str]:
    for one in model.filters:
        default = f" (default: {one.default})" if one.default else ""
        yield f"`?{one.parameter}=`{default}: {one.description}"


def _properties(model: SandboxModel) -> Iterator[str]:
    for name, shown in model.shown_as.items():
        yield f"`{name}` comes back as `{shown}`"
    for kind, text in (("days", "days since 1970"), ("midnight", "the beginning of a day")):
        of_kind = [f"`{name}`" for name, each in model.properties.items() if each == kind]
        if of_kind:
            yield f"{', '.join(of_kind)}: {text}"


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

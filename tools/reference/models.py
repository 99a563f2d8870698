"""The models as Markdown tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.reference.tables import array_of, cell, code

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planhat_sync.model import Model
    from planhat_sync.model_file import Evidence

FACTS = "planhat-facts.md"
EVIDENCE: dict[Evidence, str] = {
    "documented": "the vendor's page",
    "transcribed": "copies of the vendor's page in public repositories",
    "client code": "other programs that use the API",
    "guess": "likeness to other models",
}


def table(models: Iterable[Model]) -> str:
    """Return a table with one line for each model, in cells that a phone can show."""
    rows = [
        f"| [`{m.name}`](models.md#{m.name}) | {_read(m)} | {_written(m)} | {code(m.keyables)} | "
        f"{_needed(m)} |"
        for m in models
    ]
    head = "| object | read | written | keyables | to create one |\n|---|---|---|---|---|"
    uncertain = [f"[`{m.name}`](models.md#{m.name})" for m in models if m.is_uncertain]
    return "\n".join([head, *rows]) + (
        f"\n\nThe vendor documents no requests for {', '.join(uncertain)}: those that are sent are "
        "known from other programs that use the API."
    )


def sections(models: Iterable[Model]) -> str:
    """Return a section for each model: its properties, and what is known of it."""
    return "\n\n".join(_model(model) for model in models)


def _read(model: Model) -> str:
    if not model.is_read:
        return "no"
    possible = model.possible_replication_key
    how = "incremental" if model.replication_key else "on request" if possible else "in full"
    return how if model.get_by_id else f"{how}, no `detect_deletes`"


def _written(model: Model) -> str:
    if not model.is_written:
        return "no"
    can_archive = model.archive_flag in model.properties.keys() - model.read_only
    return "all modes, archive" if can_archive else "all modes"


def _needed(model: Model) -> str:
    if not model.is_written:
        return ""
    return code(model.bulk_required) or "nothing"


def _model(model: Model) -> str:
    rows = "\n".join(_property_row(model, name) for name in model.properties)
    facts = ", ".join(f"[{fact}]({FACTS}#{fact})" for fact in model.facts)
    scope = "".join(
        f" `{keyable}` is unique only within one `{owner}`."
        for keyable, owner in model.keyable_scope.items()
    )
    return f"""### {model.name}

- made from: {EVIDENCE[model.evidence]}{f" ({facts})" if facts else ""}
- path: `{model.path}`
- matched by: {code(model.keyables)}, in this order.{scope}
- read: {_reading(model)}{_listing(model) if model.is_read else ""}
- written: {_writing(model) if model.is_written else "no"}

| property | type | written | what it is |
|---|---|---|---|
{rows}"""


def _property_row(model: Model, name: str) -> str:
    schema = model.properties[name]
    kind = schema.get("type", "any")
    kinds = [kind] if isinstance(kind, str) else [word for word in kind if word != "null"]
    words = array_of(schema.get("items", {})) if kinds == ["array"] else " or ".join(kinds)
    words = schema.get("format", words)
    written = "no" if name in model.read_only or not model.is_written else "yes"
    return f"| `{name}` | {words} | {written} | {cell(schema.get('description', ''))} |"


def _reading(model: Model) -> str:
    key, possible = model.replication_key, model.possible_replication_key
    if not model.is_read:
        return "no"
    if key:
        return f"incremental on `{key}`"
    return "in full, every time" + (
        f", or incremental on `{possible}` on request" if possible else ""
    )


def _listing(model: Model) -> str:
    lists = [code(f"{name}={value}" for name, value in each.items()) for each in model.lists]
    with_ = f"; listed with {', and with '.join(lists)}" if any(lists) else ""
    return f"{with_}; at most {model.page_limit:,} a page"


def _writing(model: Model) -> str:
    limit = model.bulk_limit
    how = "one by one" if limit is None else f"at most {limit:,} a request"
    constants = "".join(f"; always with `{n}` `{v}`" for n, v in model.constants.items())
    more = model.bulk_required and model.bulk_required != model.required
    bulk = f" (in a bulk upsert: {code(model.bulk_required)})" if more else ""
    needed = f"; needed to create one: {code(model.required)}{bulk}" if model.required else ""
    return f"{how}{constants}{needed}"

"""The target's coercions as a Markdown table, from the list that the target uses."""

from __future__ import annotations

from planhat_sync.writing.records.coercions import COERCIONS, DAYS

_NAMES = {name: f"`{name}`" for name in ("string", "number", "integer", "array", "object")}
_NAMES[DAYS] = "`integer` of days"


def table() -> str:
    """Return every coercion, with its examples."""
    rows = []
    for coercion in COERCIONS:
        declared = " or ".join(text for name, text in _NAMES.items() if name in coercion.declared)
        examples = "<br>".join(
            f"`{given}` → " + (f"`{sent}`" if sent is not None else "*reject*")
            for given, sent in coercion.examples
        )
        rows.append(f"| {coercion.given} | {declared} | {coercion.becomes} | {examples} |")
    head = "| the record has | the model says | what is sent | examples |\n|---|---|---|---|"
    return "\n".join([head, *rows])

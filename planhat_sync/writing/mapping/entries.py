"""What one property or custom field is made of: the closed vocabulary of `set`.

Each kind of entry becomes a function that takes a record and returns the value, None for null, or
ABSENT if the record does not have what the entry names.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from planhat_sync.identifiers import COMPANY_PREFIXES, is_blank
from planhat_sync.writing.mapping.expressions import (
    ABSENT,
    EvaluationError,
    InvalidExpressionError,
    compiled,
)
from planhat_sync.writing.mapping.rich_text import text_of
from planhat_sync.writing.records.coercions import UNCHANGED, number_text
from planhat_sync.writing.records.exact_json import UnsendableError, encode, json_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planhat_sync.writing.mapping.expressions import Evaluate


def evaluator(entry: Any, *, omit_nulls: bool) -> Evaluate:  # noqa: ANN401 - any entry
    """Compile an entry that has been checked against its schema.

    Args:
        entry: The entry, as the user wrote it.
        omit_nulls: Whether nulls count as absent.

    Raises:
        InvalidExpressionError: An expression in it cannot be used.
    """
    evaluate = _evaluator(entry, omit_nulls=omit_nulls)
    return _without_nulls(evaluate) if omit_nulls else evaluate


def source_of(entry: Any) -> str:  # noqa: ANN401 - any entry
    """Return the expressions of an entry as the user wrote them, for people."""
    if isinstance(entry, str):
        return entry
    if isinstance(entry, list):
        return ", ".join(map(source_of, entry))
    if "value" in entry:
        return encode(entry["value"]).decode()
    return str(next(entry[word] for word in ("from", "text", *COMPANY_PREFIXES) if word in entry))


def _evaluator(entry: Any, *, omit_nulls: bool) -> Evaluate:  # noqa: ANN401
    if isinstance(entry, str):
        return compiled(entry)
    if isinstance(entry, list):
        return _list_of([evaluator(item, omit_nulls=omit_nulls) for item in entry])
    _check_constants(entry)
    if "value" in entry:
        return _constant(entry["value"])
    text = source_of(entry)
    source = compiled(text)
    if "text" in entry:
        return _rich_text(source)
    if "from" not in entry:
        return _company(text, source, COMPANY_PREFIXES[next(iter(entry))])
    return (
        _listed(text, source, entry["map"], entry.get("else", ABSENT)) if "map" in entry else source
    )


def _check_constants(entry: Mapping[str, Any]) -> None:
    """Check that what an entry gives without looking at a record can be sent."""
    try:
        encode(json_value([entry.get(word) for word in ("value", "map", "else")]))
    except UnsendableError as error:
        raise InvalidExpressionError(str(error)) from None


def _without_nulls(evaluate: Evaluate) -> Evaluate:
    def without_nulls(record: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
        value = evaluate(record)
        return ABSENT if value is None else value

    return without_nulls


def _constant(value: Any) -> Evaluate:  # noqa: ANN401
    return lambda _: value


def _list_of(items: Sequence[Evaluate]) -> Evaluate:
    """Return what makes a list of entries: without nulls, and with the items of other lists."""

    def list_of(record: Mapping[str, Any]) -> Any:  # noqa: ANN401
        values = [value for evaluate in items if (value := evaluate(record)) is not ABSENT]
        if not values:
            return ABSENT
        parts = (value if isinstance(value, list) else [value] for value in values)
        return [item for part in parts for item in part if item is not None]

    return list_of


def _rich_text(source: Evaluate) -> Evaluate:
    return lambda record: text_of(source(record))


def _listed(text: str, source: Evaluate, table: Mapping[str, Any], default: Any) -> Evaluate:  # noqa: ANN401
    """Return what looks a value up in a table; ABSENT as default rejects what is not there."""

    def listed(record: Mapping[str, Any]) -> Any:  # noqa: ANN401
        value = source(record)
        if value is ABSENT:
            return ABSENT
        key = _key(value)
        found = default if key is None else table.get(key, default)
        if found is ABSENT:
            raise EvaluationError(
                text, "gives a value that map does not list, and there is no else"
            )
        return found

    return listed


def _key(value: Any) -> str | None:  # noqa: ANN401
    """Return a value as a key of JSON, which is always text; None if it has no such form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = number_text(value) if isinstance(value, (int, float, Decimal)) else value
    return text if isinstance(text, str) else None


def _company(text: str, source: Evaluate, prefix: str) -> Evaluate:
    """Return what refers to a company, or to each company of a list."""

    def reference(value: Any) -> str | None:  # noqa: ANN401
        if is_blank(value):
            return None
        identifier = value if isinstance(value, str) else number_text(value)
        if identifier is UNCHANGED:
            raise EvaluationError(text, "gives neither text nor a number, so it names no company")
        return f"{prefix}{identifier}"

    def company(record: Mapping[str, Any]) -> Any:  # noqa: ANN401
        value = source(record)
        if value is ABSENT:
            return ABSENT
        return [reference(item) for item in value] if isinstance(value, list) else reference(value)

    return company

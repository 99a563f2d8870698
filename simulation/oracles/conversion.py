"""What a record asks for, by docs/writing.md, docs/coercions.md and docs/rejects.md.

Owns no state: it does not know what Planhat has. A record with two mistakes may be rejected for
either of them, so plans put at most one into a record.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.oracles.shapes import Shape

DELETED_AT: Final = "_sdc_deleted_at"
CUSTOM_COLUMN: Final = "custom__"
DEEPEST: Final = 100
_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")

Operation = Literal["upsert", "create", "archive", "delete"]


@dataclass(frozen=True)
class Request:
    """A record that is to be written.

    Attributes:
        operation: What is asked for.
        item: The properties that are sent, `_id` among them if it is.
        keys: Its keyables by name, the strongest first.
    """

    operation: Operation
    item: Mapping[str, Any]
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Rejected:
    """A record that is not written, and the codes that its reject may have."""

    codes: frozenset[str]


@dataclass(frozen=True)
class Skipped:
    """A record that is left alone on purpose."""


def convert(
    shape: Shape, record: Mapping[str, Any], settings: Mapping[str, Any]
) -> Request | Rejected | Skipped:
    """Return what a record asks for.

    Args:
        shape: Its model.
        record: The record as it was read.
        settings: The settings of the target.
    """
    deleted, deletes = record.get(DELETED_AT), settings.get("deletes", "ignore")
    if deleted is None:
        return _upsert(shape, record, settings)
    if not (isinstance(deleted, str) and _DATE_TIME.fullmatch(deleted)):
        return _rejected("wrong_type")
    return Skipped() if deletes == "ignore" else _removal(shape, record, settings)


def _upsert(
    shape: Shape, record: Mapping[str, Any], settings: Mapping[str, Any]
) -> Request | Rejected:
    item = _properties(shape, record, settings)
    if isinstance(item, Rejected):
        return item
    keys = _keys(shape, item, settings)
    if isinstance(keys, Rejected):
        return keys
    if settings.get("write_mode") == "create" and any(item.get(n) is None for n in shape.needed):
        return _rejected("missing_required")  # it can create nothing, whatever Planhat has
    return Request("upsert" if keys else "create", _keyed(shape, item, keys), keys)


def _removal(
    shape: Shape, record: Mapping[str, Any], settings: Mapping[str, Any]
) -> Request | Rejected:
    """Return what a deletion asks for: only its keyables count, and `missing_key` does not."""
    names = {*shape.keyables, *shape.within.values()}
    known = {name: value for name, value in record.items() if name in names}
    asked = _upsert(shape, known, {**settings, "write_mode": "upsert"})
    if isinstance(asked, Rejected):
        return asked
    if not asked.keys:
        return _rejected("missing_key")
    operation: Operation = "archive" if settings["deletes"] == "archive" else "delete"
    return Request(operation, asked.item, asked.keys)


def _keyed(shape: Shape, item: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    """Return an item without the keyables that are not sent."""
    return {n: value for n, value in item.items() if n in keys or n not in shape.keyables}


def match_on(shape: Shape, settings: Mapping[str, Any]) -> Sequence[str]:
    """Return the keyables by which records of a model are matched, the preferred one first."""
    wanted = settings.get("match_on") or shape.keyables
    return [name for name in wanted if name in shape.keyables]


def _properties(
    shape: Shape, record: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, Any] | Rejected:
    names = [name for name in record if not name.startswith("_sdc_")]
    columns = {name: record[name] for name in names if name.startswith(CUSTOM_COLUMN)}
    known = {"_id", *shape.kinds}
    item = {name: record[name] for name in names if name in known}
    is_strict = settings.get("unknown_properties") == "reject"
    if is_strict and any(name not in known and name not in columns for name in names):
        return _rejected("unknown_property")
    if columns:
        fields = dict(item.get("custom") or {})
        for name, value in columns.items():
            if fields.setdefault(name.removeprefix(CUSTOM_COLUMN), value) != value:
                return _rejected("conflicting_custom")
        item["custom"] = fields
    if any(map(_is_unsendable, item.values())):
        return _rejected("unsendable")
    try:
        return {
            name: None if value is None else _coerced(shape.kinds.get(name, "text"), value)
            for name, value in item.items()
        }
    except ValueError:
        return _rejected("wrong_type")


def _coerced(kind: str, value: Any) -> Any:  # noqa: ANN401 - JSON, C901 - one branch a type
    if isinstance(value, bool):
        fits = kind == "boolean"
    elif isinstance(value, (int, float)):
        if kind in {"text", "company"}:
            return json.dumps(value)
        fits = kind == "number"
    elif isinstance(value, str):
        if kind == "number" and _NUMBER.fullmatch(value):
            return json.loads(value)
        if kind in {"companies", "object"}:
            return _coerced(kind, json.loads(value))
        fits = kind in {"text", "company"}
    else:
        fits = kind == ("companies" if isinstance(value, list) else "object")
    if not fits:
        raise ValueError(kind)
    return value


def _keys(
    shape: Shape, item: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, str] | Rejected:
    present = {
        name: item[name]
        for name in shape.keyables
        if isinstance(item.get(name), str) and item[name].strip()
    }
    matched = match_on(shape, settings)
    if not any(name in present for name in matched):
        creates = settings.get("missing_key") == "create"
        if not creates or settings.get("write_mode") == "update":
            return _rejected("missing_key")
    # "An `_id` is assigned by Planhat": it counts only if `match_on` prefers it to what else there
    # is; in its place among the keyables by default.
    if "_id" in present:
        before = matched[: matched.index("_id")] if "_id" in matched else shape.keyables
        if any(name in present for name in before if name != "_id"):
            del present["_id"]
    scoped = [name for name in present if name in shape.within]
    if scoped and len(scoped) == len(present):
        company = item.get(shape.within[scoped[0]])
        if not (isinstance(company, str) and company.strip()):
            return _rejected("ambiguous_key")
    return present


def _is_unsendable(value: object, depth: int = 1) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, str):
        return any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, Mapping):
        inner: Sequence[object] = [*value.keys(), *value.values()]
    elif isinstance(value, list):
        inner = value
    else:
        return False
    return depth > DEEPEST or any(_is_unsendable(each, depth + 1) for each in inner)


def _rejected(*codes: str) -> Rejected:
    return Rejected(frozenset(codes))

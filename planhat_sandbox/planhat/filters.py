"""The filters of lists: query parameters that keep some of the records."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


FilterKind = Literal[
    "equals", "contains", "ids", "flag", "includes", "only", "from", "to", "days-back"
]


class Condition(NamedTuple):
    """What a record must fulfil.

    Attributes:
        prop: A property.
        test: ``is``, ``is-not``, ``contains``, ``from``, ``to``, or ``holds`` (a list of objects,
            one of which has one of these ids).
        value: What to compare it with.
    """

    prop: str
    test: Literal["is", "is-not", "contains", "from", "to", "holds"]
    value: Any

    def is_met_by(self, fields: Mapping[str, Any]) -> bool:
        """Return whether a record fulfils it.

        Args:
            fields: The record.
        """
        held = fields.get(self.prop)
        if self.test == "is-not":
            return bool(held != self.value)
        if self.test == "holds":
            return any(each.get("id") in self.value for each in held or ())
        if self.test == "is":
            return bool(held == self.value)
        if not isinstance(held, str):
            return False
        if self.test == "contains":
            return bool(self.value in held.casefold())
        return (
            bool(held >= self.value)
            if self.test == "from"
            else held[: len(self.value)] <= self.value
        )


class Filter(NamedTuple):
    """A filter of a list (list-filters, enduser-archived).

    Attributes:
        parameter: The query parameter.
        prop: The property that it is about.
        kind: ``equals``, ``contains``, ``ids`` (of objects in a list, with commas), ``flag`` (true
            or false), ``includes`` (true adds the records that have the property set), ``only``
            (only or excluded), ``from`` and ``to`` (days), or ``days-back``.
        default: What is taken if the parameter is not sent; empty for none.
        description: What it does, for the documentation.
    """

    parameter: str
    prop: str
    kind: FilterKind
    default: str
    description: str

    def read(self, text: str, now: float) -> Condition | None:
        """Read the value of the parameter.

        Args:
            text: Its value.
            now: Seconds since 1970.

        Returns:
            What a record must fulfil; None if every record is listed.
        """
        return _READ[self.kind](self.prop, text, now)


def _equals(prop: str, text: str, _now: float) -> Condition:
    return Condition(prop, "is", text)


def _contains(prop: str, text: str, _now: float) -> Condition:
    return Condition(prop, "contains", text.casefold())


def _ids(prop: str, text: str, _now: float) -> Condition:
    return Condition(prop, "holds", frozenset(text.split(",")))


def _flag(prop: str, text: str, _now: float) -> Condition:
    return Condition(prop, "is" if text == "true" else "is-not", True)


def _includes(prop: str, text: str, _now: float) -> Condition | None:
    return None if text == "true" else Condition(prop, "is-not", True)


def _only(prop: str, text: str, _now: float) -> Condition | None:
    if text not in {"only", "excluded"}:
        return None
    return Condition(prop, "is" if text == "only" else "is-not", True)


def _days_back(prop: str, text: str, now: float) -> Condition:
    """Return the condition that a time is at most so many days old; none for an odd number."""
    try:
        day = datetime.fromtimestamp(now, timezone.utc) - timedelta(days=int(text))
    except (ValueError, OverflowError):
        return Condition(prop, "from", "")
    return Condition(prop, "from", day.strftime("%Y-%m-%d"))


_READ: Mapping[FilterKind, Callable[[str, str, float], Condition | None]] = {
    "equals": _equals,
    "contains": _contains,
    "ids": _ids,
    "flag": _flag,
    "includes": _includes,
    "only": _only,
    "from": lambda prop, text, _now: Condition(prop, "from", text),
    "to": lambda prop, text, _now: Condition(prop, "to", text),
    "days-back": _days_back,
}


def read_conditions(
    filters: tuple[Filter, ...], query: Mapping[str, str], now: float, *, defaults: bool
) -> tuple[Condition, ...]:
    """Read the filters of a list.

    Args:
        filters: Those that the list has.
        query: Decoded parameters.
        now: Seconds since 1970.
        defaults: Whether a filter that was not sent has its default (enduser-archived).

    Returns:
        What a record must fulfil.
    """
    conditions = []
    for one in filters:
        text = query.get(one.parameter) or (one.default if defaults else "")
        condition = one.read(text, now) if text else None
        if condition is not None:
            conditions.append(condition)
    return tuple(conditions)

"""Decodes the answer to a write; `outcomes` decides what it means.

The documented envelope is `created`, `createdErrors`, `insertsKeys`, `updated`, `updatedErrors`,
`updatesKeys`, `nonupdates`, `modified`, `upsertedIds`, `permissionErrors`, and for some models
`validationErrors` (facts bulk-envelope and bulk-absent-arrays). Any of them may be missing, and the
body may be a text or empty (fact error-body).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from planhat_sync.redaction import redact

LONGEST_REASON = 500
_REASON_NAMES = ("message", "error", "reason", "errmsg", "msg", "description", "errors")
_PROPERTY = "el"
"""Names the property that Planhat refuses, beside the reason (fact bulk-error-entries)."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many payloads were accepted, by what Planhat did with them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    @property
    def total(self) -> int:
        """The sum of the three."""
        return self.created + self.updated + self.unchanged

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One element of an array of errors.

    Attributes:
        forbidden: Whether it came in `permissionErrors`.
        value: The element, of any shape.
    """

    forbidden: bool
    value: object


class Envelope:
    """The parts of an answer to a write; each is decoded when it is first used.

    Args:
        body: The answer's body, of any content.
    """

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._parts: dict[str, msgspec.Raw] | None = _value(body, dict[str, msgspec.Raw])

    @property
    def is_object(self) -> bool:
        """Whether the body is a JSON object."""
        return self._parts is not None

    @cached_property
    def identifier(self) -> str | None:
        """The `_id` of the record, if the answer is one record."""
        value = _value(self._parts["_id"]) if self._parts and "_id" in self._parts else None
        return value if isinstance(value, str) else None

    @cached_property
    def entries(self) -> list[Entry]:
        """The elements of the arrays whose names end in "Errors"."""
        return [
            Entry("permission" in name.lower(), value)
            for name in self._parts or ()
            if name.lower().endswith("errors")
            for value in self._array(name) or ()
        ]

    @cached_property
    def inserts(self) -> list[Any]:
        """Elements that name payloads that were created."""
        return [*(self._array("insertsKeys") or ()), *(self._array("upsertedIds") or ())]

    @cached_property
    def updates(self) -> list[Any]:
        """Elements that name payloads that were updated."""
        return [*(self._array("updatesKeys") or ()), *(self._array("modified") or ())]

    @cached_property
    def claims(self) -> tuple[Counts, ...]:
        """What the counts may mean: sources differ on whether `updated` includes `nonupdates`."""
        created = self._count("created", "insertsKeys")
        updated = self._count("updated", "updatesKeys")
        unchanged = self._count("nonupdates", "")
        if created is updated is None or -1 in (created, updated, unchanged):
            return ()
        created, updated, unchanged = created or 0, updated or 0, unchanged or 0
        apart = Counts(created, updated, unchanged)
        if 0 < unchanged <= updated:
            return apart, Counts(created, updated - unchanged, unchanged)
        return (apart,)

    @property
    def names_fewer_than_it_counts(self) -> bool:
        """Whether it names fewer payloads as written than its counts say."""
        arrays = (("created", "insertsKeys"), ("updated", "updatesKeys"))
        return any(
            (elements := self._array(array)) is not None
            and len(elements) < (self._count(name, array) or 0)
            for name, array in arrays
        )

    @cached_property
    def message(self) -> str:
        """Planhat's message about the request itself, empty if there is none."""
        if self._parts is not None:
            parts = self._parts
            return reason({name: _value(parts[name]) for name in _REASON_NAMES if name in parts})
        try:
            value = msgspec.json.decode(self._body)
        except (ValueError, RecursionError):
            value = self._body[: 4 * LONGEST_REASON].decode("utf-8", "replace")
            value = "" if re.match(r"\s*[<{\[]", value) else value  # markup, or JSON cut short
        return reason(value)

    def _count(self, name: str, array: str) -> int | None:
        """Return a count, or the length of the array that stands for it if there is no count.

        Returns:
            None if there is neither, -1 if the value is not a count.
        """
        if self._parts is None or name not in self._parts:
            elements = self._array(array)
            return None if elements is None else len(elements)
        value = _value(self._parts[name])
        is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return value if is_count else -1

    def _array(self, name: str) -> list[Any] | None:
        value = _value(self._parts[name]) if self._parts and name in self._parts else None
        return value if isinstance(value, list) else None


def reason(value: object, depth: int = 4) -> str:
    """Return Planhat's message in an error, without secrets.

    Args:
        value: A text, an object with a text under a usual name, or a list of these. Other
            properties are not read, since they may echo the item that was sent.
        depth: How many levels deep to look.

    Returns:
        One line, with the property that is refused, if it is named; empty if there is no message.
    """
    if isinstance(value, str):
        # Before it is cut: half a token is still a secret.
        return redact(" ".join(value.split()))[:LONGEST_REASON]
    if isinstance(value, list) and depth:
        found = (reason(inner, depth - 1) for inner in value[:LONGEST_REASON])
        return "; ".join(filter(None, found))[:LONGEST_REASON]
    if isinstance(value, dict) and depth:
        for name in _REASON_NAMES:
            if text := reason(value.get(name), depth - 1):
                element = value.get(_PROPERTY)
                named = f"{element}: {text}" if isinstance(element, str) and element else text
                return redact(named)[:LONGEST_REASON]
    return ""


def _value(text: bytes | msgspec.Raw, kind: Any = Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value of a JSON text, None if it is not JSON or not of its kind."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (ValueError, RecursionError):  # also raised for bytes that are not UTF-8
        return None

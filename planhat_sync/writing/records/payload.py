"""What a record becomes: a payload, a reject, or a record that is skipped.

Owns no decision: `convert` makes these from records.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

Operation = Literal["upsert", "create", "archive", "delete"]
"""What Planhat is asked to do.

`upsert`: one item of a bulk PUT that carries a keyable. `create`: one item that carries none, so
that Planhat makes a new record. `archive`: set `archived` on the record that the keyables identify,
if it exists. `delete`: remove that record, if it exists.
"""


class RejectCode(str, Enum):
    """Why a record was not written; the `code` of a line of the reject file."""

    WRONG_TYPE = "wrong_type"
    """A value does not fit the model's schema and no coercion is certain."""
    UNSENDABLE = "unsendable"
    """A value has no JSON form: NaN, Infinity, half a surrogate pair, or nesting that is too deep
    (over 100 levels)."""
    UNKNOWN_PROPERTY = "unknown_property"
    """`unknown_properties: reject`, and the model has no such property."""
    CONFLICTING_CUSTOM = "conflicting_custom"
    """`custom` and a column `custom__<name>` hold different values under one name."""
    MISSING_KEY = "missing_key"
    """None of the keyables of `match_on` is present."""
    AMBIGUOUS_KEY = "ambiguous_key"
    """A keyable that is unique only within its company, and no company."""
    UNKNOWN_ID = "unknown_id"
    """An `_id` that no record in Planhat has, and no other keyable."""
    UNKNOWN_COMPANY = "unknown_company"
    """A company that Planhat does not have, neither in its list nor when it is asked for it."""
    MISSING_REQUIRED = "missing_required"
    """A create without a property that a create needs."""
    REFUSED = "refused"
    """Planhat refused this payload; the message has Planhat's reason."""
    FORBIDDEN = "forbidden"
    """The token does not permit this for this record."""
    TOO_LARGE = "too_large"
    """Planhat refused the payload for its size, although it was sent alone."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """The answer to a create without keyables was lost. The record may exist, so it was not sent
    again."""
    NEWER_IN_PLANHAT = "newer_in_planhat"
    """A replayed record that Planhat has changed since it was rejected."""
    MAPPING_FAILED = "mapping_failed"
    """An expression of `mappings` or `stream_maps` fails on the record."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Why a record is not written.

    Attributes:
        code: The reason, for programs.
        message: The reason in one sentence, with at most a short excerpt of a value.
        property: The property at fault, None if it is the record as a whole.
    """

    code: RejectCode
    message: str
    property: str | None = None


class ConversionError(Exception):
    """Carries a reject out of the steps of a conversion."""

    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.message)
        self.reject = reject


def missing_required(name: str) -> Reject:
    """Return the reject of a create that lacks a property."""
    return Reject(RejectCode.MISSING_REQUIRED, f"a new record needs {name}", name)


def unclear_deletion(column: str) -> Reject:
    """Return the reject of a record of which it is not clear whether it was deleted.

    Args:
        column: The column in which its source says so.
    """
    message = (
        f"{column} has to be a date-time if the record was deleted, such as 2024-01-31T10:15:30Z, "
        "and null if it was not"
    )
    return Reject(RejectCode.WRONG_TYPE, message, column)


class Skipped(Enum):
    """Why a record is deliberately not written, as users read it behind a number of records."""

    DELETED_IN_SOURCE = "deleted in the source (deletes is set to ignore)"
    NOT_IN_PLANHAT = "not in Planhat (write_mode is set to update)"
    IN_PLANHAT = "already in Planhat (write_mode is set to create)"
    NOTHING_TO_ARCHIVE = "to be archived but not in Planhat"
    NOTHING_TO_DELETE = "to be deleted but not in Planhat"
    ARCHIVED = "to be archived but archived already"
    UNCHANGED = "already in Planhat with the same values"
    """This one is counted as unchanged."""
    LEFT_OUT = "left out by `when` of the mapping"
    FILTERED = "left out by the stream map"
    NOT_MAPPED = "of a stream that is not mapped"


class Payload(msgspec.Struct, eq=False, gc=False):
    """A record as it is sent.

    One is made for each record, so it is a msgspec struct, which is made faster than a dataclass.
    Python's garbage collector can skip it: `earlier` always refers to an older payload, so payloads
    form no reference cycles.

    Attributes:
        line: Number of the line of stdin, from 1; 0 if there is none.
        raw: The line as received, or the row of a program, for a reject.
        item: The JSON object that is sent. If it has an `_id`, that comes first.
        keys: Value of each keyable as sent, in the order of `model.keyables`; None = not sent.
        scopes: The value of the property that each keyable is unique within, as in `keys.Keys`;
            `()` for a model whose keyables are all unique.
        operation: What Planhat is asked to do.
        earlier: The payload of the same identity that this one superseded in its batch.
        rejected_at: When an earlier run has rejected the record, in UTC. It is not written if
            Planhat has changed it since. None if that does not matter.
    """

    line: int
    raw: Any
    item: bytes
    keys: tuple[str | None, ...]
    scopes: tuple[str | None, ...] = ()
    operation: Operation = "upsert"
    earlier: Payload | None = None
    rejected_at: datetime | None = None

    @property
    def first_line(self) -> int:
        """Number of the line of the oldest record in it, those that it superseded included."""
        return min([self.line, *[version.line for version in self.earlier_versions()]])

    def earlier_versions(self) -> Iterator[Payload]:
        """Yield the payloads that this one superseded, the newest first."""
        version = self.earlier
        while version is not None:
            yield version
            version = version.earlier

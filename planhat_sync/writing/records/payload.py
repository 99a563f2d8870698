"""The words of the writing side: payload, reject, skip.

Owns no decision. `projection` makes these out of records, `batches` puts payloads in an
order that is safe to send, `destination` compares them with what Planhat holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

Operation = Literal["upsert", "create", "archive", "delete"]
"""What is asked of Planhat.

`upsert`: one item of a bulk PUT that carries a keyable. `create`: one item that carries none, so
that Planhat makes a new record of it. `archive`: set `archived` on the record that the keyables
name, if it is there. `delete`: remove that record, if it is there.
"""


class RejectCode(str, Enum):
    """Why a record was not written; the `code` of a line of the reject file."""

    WRONG_TYPE = "wrong_type"
    """A value does not fit the model's schema and no coercion is certain."""
    UNSENDABLE = "unsendable"
    """A value has no JSON: NaN, Infinity, half a surrogate pair, nesting beyond measure."""
    UNKNOWN_PROPERTY = "unknown_property"
    """`unknown_properties: reject`, and the model has no such property."""
    CONFLICTING_CUSTOM = "conflicting_custom"
    """`custom` and a column `custom__<name>` hold different values under one name."""
    MISSING_KEY = "missing_key"
    """None of the keyables of `match_on` is present."""
    AMBIGUOUS_KEY = "ambiguous_key"
    """A keyable that is unique only within its company, and no company."""
    UNKNOWN_ID = "unknown_id"
    """An `_id` that the destination does not hold, and no other keyable."""
    MISSING_REQUIRED = "missing_required"
    """A create without a property that a create needs."""
    REFUSED = "refused"
    """Planhat refused this payload; its own words are in the message."""
    FORBIDDEN = "forbidden"
    """The token may not do this with this record."""
    TOO_LARGE = "too_large"
    """Planhat refused the payload for its size, although it was sent alone."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """An unkeyed create whose answer was lost: it may exist, so it was not sent again."""
    MAPPING_FAILED = "mapping_failed"
    """An expression of `stream_maps` fails on the record."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that is not written, and why.

    Attributes:
        code: the reason, for machines.
        message: the reason, one sentence for people; never more than a glimpse of a value.
        property: the property at fault, None when it is the record as a whole.
    """

    code: RejectCode
    message: str
    property: str | None = None


def missing_required(name: str) -> Reject:
    """Say that a create lacks a property."""
    return Reject(RejectCode.MISSING_REQUIRED, f"a new record needs {name}", name)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that is left alone on purpose.

    Attributes:
        reason: one sentence for people, the same for every record of its kind.
    """

    reason: str


class Payload(msgspec.Struct, eq=False, gc=False):
    """A record as we send it.

    A msgspec struct and not a dataclass, because one is made for every record. The collector need
    not look at it: `earlier` is older than what holds it, so nothing can go round in a circle.

    Attributes:
        line: number of the stdin line, from 1; 0 where there is none.
        raw: the RECORD line as received, for the reject file.
        item: the JSON object that leaves. When `_id` is sent, it comes first.
        keys: value of each keyable as sent, in the order of `model.keyables`; None = not sent.
        scopes: as `keyables.Keys` has them: for a keyable that is unique only within something
            (an objective's `externalId` within its `companyId`), the value of that.
        operation: what is asked of Planhat.
        earlier: the payload of the same identity that this one superseded in its batch.
    """

    line: int
    raw: bytes
    item: bytes
    keys: tuple[str | None, ...]
    scopes: tuple[str | None, ...] = ()
    operation: Operation = "upsert"
    earlier: Payload | None = None

    def earlier_versions(self) -> Iterator[Payload]:
        """Yield the payloads that this one superseded, the newest first."""
        version = self.earlier
        while version is not None:
            yield version
            version = version.earlier

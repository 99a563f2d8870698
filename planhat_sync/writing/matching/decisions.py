"""What becomes of a payload once it is known which record of Planhat's it means, if any.

Pure: owns what the modes mean (`write_mode`, `skip_unchanged`, `deletes: archive`, and an `_id`
that the destination does not hold). What the destination holds is found out by `destination`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec.structs import replace

from planhat_sync.writing.matching.existing import DOUBT, Doubt
from planhat_sync.writing.records.exact_json import decode, encode
from planhat_sync.writing.records.keys import ID, Keyables
from planhat_sync.writing.records.payload import (
    Payload,
    Reject,
    RejectCode,
    Skipped,
    missing_required,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planhat_sync.models import Model
    from planhat_sync.writing.batching.batch import Batch
    from planhat_sync.writing.settings import WriteSettings

NOT_THERE: Final = Skipped("not in Planhat, and write_mode is set to update")
THERE: Final = Skipped("in Planhat already, and write_mode is set to create")
GONE: Final = Skipped("to be deleted, and not in Planhat any more")
ARCHIVED: Final = Skipped("to be archived, and archived already")
UNCHANGED: Final = Skipped("Planhat holds exactly this")

DOUBTFUL: Final = Reject(
    RejectCode.AMBIGUOUS_KEY,
    "whether Planhat holds it cannot be told: give it its _id or sourceId, or name its company by "
    "the company's _id",
)


class Found(Protocol):
    """A record of Planhat's that a payload means."""

    @property
    def name(self) -> object:
        """Something that is equal just for one record found twice."""

    @property
    def identifier(self) -> str | None:
        """Its `_id`, None if that is not known."""

    @property
    def at(self) -> int:
        """Place of the keyable that it was found by, among the model's."""

    def differing(self, item: Mapping[str, Any]) -> list[str]:
        """List the properties of an item whose value is not, or may not be, what it holds."""


@dataclass(slots=True)
class Partition:
    """A batch, sorted by what is to become of its payloads.

    Attributes:
        batch: What is to be sent, in order; None if nothing is.
        found: For each payload of `batch` the record that it means: None = there is none, so it
            will be created; DOUBT = not known, or never asked.
        later: Payloads that have to be sifted again once `batch` has its answer: the first of
            them means a record that one of `batch` means too, by another keyable.
        unchanged: Payloads that Planhat holds exactly.
        skipped: Payloads that are left alone, and why. What such a one superseded is left alone
            with it.
        rejects: Payloads that cannot be written, and why. What such a one superseded comes back.
    """

    batch: Batch | None = None
    found: Sequence[Found | Doubt | None] = ()
    later: Batch | None = None
    unchanged: list[Payload] = field(default_factory=list)
    skipped: list[tuple[Payload, Skipped]] = field(default_factory=list)
    rejects: list[tuple[Payload, Reject]] = field(default_factory=list)


class Decisions:
    """What the user's settings make of what is found.

    Args:
        model: The model.
        keyables: Its keyables.
        settings: The user's decisions.
    """

    def __init__(self, model: Model, keyables: Keyables, settings: WriteSettings) -> None:
        # In earnest it is Planhat's to say what a new record lacks; a dry run has to know.
        self._required = model.bulk_required if settings.dry_run else ()
        self._keyables = keyables
        self._mode = settings.write_mode
        self._comparing = settings.skip_unchanged or settings.dry_run
        self._id_at = model.id_position

    def judge(self, payload: Payload, found: Found | Doubt | None) -> Payload | Reject | Skipped:
        """Decide what becomes of a payload that carries a keyable.

        Args:
            payload: An upsert or an archive.
            found: The record that it means.

        Returns:
            The payload that is to be sent, or why none is; UNCHANGED if Planhat holds it already.
        """
        if payload.operation == "archive":
            return self._archived(payload, found)
        held = None if isinstance(found, Doubt) else found
        known = self._with_known_id(payload, held)
        if isinstance(known, Reject):
            is_not_there = self._mode == "update" and known.code is RejectCode.UNKNOWN_ID
            return NOT_THERE if is_not_there else known
        if held is None:
            return self._unfound(known, doubtful=found is DOUBT)
        if self._mode == "create":
            return THERE
        if self._comparing and not held.differing(values(known)):
            return UNCHANGED
        return self._named(known, held.identifier) if self._mode == "update" else known

    def _unfound(self, payload: Payload, *, doubtful: bool) -> Payload | Reject | Skipped:
        if doubtful:
            return payload if self._mode == "upsert" else DOUBTFUL
        if self._mode == "update":
            return NOT_THERE
        item = values(payload) if self._required else {}
        for name in self._required:
            if item.get(name) is None:
                return missing_required(name)
        return payload

    def _with_known_id(self, payload: Payload, held: Found | None) -> Payload | Reject:
        """Take an `_id` out of a payload if the destination does not hold it."""
        if self._id_at < 0 or payload.keys[self._id_at] is None:
            return payload
        if held is not None and held.at == self._id_at:
            return payload
        return self._keyables.without_id(payload)

    def _named(self, payload: Payload, identifier: str | None) -> Payload:
        """Put the `_id` of the record in front, so that Planhat cannot take it for a new one."""
        at = self._id_at
        if at < 0 or payload.keys[at] is not None or identifier is None:
            return payload
        return replace(
            payload,
            item=encode({ID: identifier, **decode(payload.item)}),
            keys=(*payload.keys[:at], identifier, *payload.keys[at + 1 :]),
        )

    def _archived(
        self, payload: Payload, found: Found | Doubt | None
    ) -> Payload | Reject | Skipped:
        if found is None:
            return GONE
        if isinstance(found, Doubt):
            return DOUBTFUL
        if not found.differing({"archived": True}):
            return ARCHIVED
        # Named by one keyable that the record is known to have, so that none is created or changed:
        # by its _id, or by what it was found by if it was created in this run.
        at, key = self._id_at, found.identifier
        if key is None or at < 0:
            at, key = found.at, payload.keys[found.at]
        item = {self._keyables.names[at]: key}
        scope = self._keyables.scope_names[at] if self._keyables.scope_names else None
        if scope is not None:
            item[scope] = payload.scopes[at]
        keys: list[str | None] = [None] * len(payload.keys)
        keys[at] = key
        return replace(payload, item=encode({**item, "archived": True}), keys=tuple(keys))


def values(payload: Payload) -> dict[str, Any]:
    """Read the item of a payload, its `_id` apart, which names the record and is none of it."""
    item: dict[str, Any] = decode(payload.item)
    item.pop(ID, None)
    return item

"""What is done with a payload once it is known whether Planhat has its record.

Pure: owns what the settings `write_mode`, `skip_unchanged`, `deletes: archive` and `dry_run` mean.
`needs` owns what has to be known, and `matcher` finds out what Planhat has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from planhat_sync.writing.batching.identity import scope_kind
from planhat_sync.writing.matching.existing import ExistingRecord, Unknown
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
    from collections.abc import Mapping

    from planhat_sync.model import Model
    from planhat_sync.writing.matching.existing import Existing
    from planhat_sync.writing.matching.update_times import UpdateTimes
    from planhat_sync.writing.settings import WriteSettings


class Decisions:
    """What is done with the payloads of one model.

    Args:
        model: The model.
        settings: The user's settings.
        times: In a replay of rejects, when the records were changed that this run has written.
    """

    def __init__(
        self, model: Model, settings: WriteSettings, times: UpdateTimes | None = None
    ) -> None:
        self._times = times
        self._compares = settings.skip_unchanged or settings.dry_run
        self._mode = settings.write_mode
        self._title = model.title.lower()
        self._keyables = Keyables(model, settings)
        # Planhat itself refuses a new record that lacks a property; only a dry run has to know.
        self._required = model.bulk_required if settings.dry_run else ()
        self._constants = model.constants
        self._archive_flag = model.archive_flag
        self._updates_by_id = model.is_updated_by_id

    def decide(
        self, payload: Payload, existing: Existing, values: Mapping[str, Any]
    ) -> Payload | Reject | Skipped:
        """Decide what is done with a payload.

        Args:
            payload: An upsert or an archive that carries a keyable.
            existing: The record that it refers to.
            values: Its values without its `_id`, as Planhat would store them; only used if
                they are needed.

        Returns:
            The payload to send, or why none is sent.
        """
        if (other := self._reject_if_other(existing)) is not None:
            return other
        if payload.operation == "archive":
            return self._archive(payload, existing)
        record = existing if isinstance(existing, ExistingRecord) else None
        known = self._with_known_id(payload, record)
        if isinstance(known, Reject):
            is_missing = self._mode == "update" and known.code is RejectCode.UNKNOWN_ID
            return Skipped.NOT_IN_PLANHAT if is_missing else known
        if record is None:
            is_unknown = isinstance(existing, Unknown)
            return self._decide_without_record(known, values, is_unknown=is_unknown)
        return self._decide_with_record(known, record, values)

    def objection(self, payload: Payload, record: ExistingRecord) -> Reject | None:
        """Return why a record must not be deleted, None if it may be.

        Args:
            payload: A delete.
            record: The record that it refers to.
        """
        return self._reject_if_other(record) or self._reject_if_newer(payload, record)

    def meant(self, payload: Payload, existing: Existing) -> Existing:
        """Return the record that a payload refers to, of those with its keyables.

        An upsert refers to the record that was found. An archive or delete whose `_id` does not
        exist refers to no record if `match_on` does not name the keyable that found one.

        Args:
            payload: A payload that carries a keyable.
            existing: The record with the strongest of its keyables.
        """
        if payload.operation == "upsert" or existing is None:
            return existing
        if isinstance(existing, ExistingRecord) and self._is_found_by_id(existing):
            return existing
        return None if self.matches_by_id_only(payload) else existing

    def id_of(self, payload: Payload) -> str | None:
        """Return the `_id` of a payload."""
        position = self._keyables.id_position
        return payload.keys[position] if position >= 0 else None

    def matches_by_id_only(self, payload: Payload) -> bool:
        """Return whether `match_on` names no keyable of a payload but its `_id`."""
        without_id = self._keyables.without_id(payload)
        return isinstance(without_id, Reject) and without_id.code is RejectCode.UNKNOWN_ID

    def cannot_tell(self, payload: Payload) -> Reject:
        """Return the reject of a payload of which it is not known whether its record exists."""
        unique = [
            name
            for name, scope_name in zip(
                self._keyables.names, self._keyables.scope_names, strict=True
            )
            if scope_name is None
        ]
        kinds = [scope_kind(scope) for scope in payload.scopes if scope]
        kind = next((kind for kind in kinds if kind != ID), None)
        if kind is None:
            why, advice = "Planhat finds no record by this key", f"send its {ID}"
        else:
            why = f"its company is given as {kind}…"
            advice = f"send {', '.join(unique)}, or the company's {ID}"
        return Reject(
            RejectCode.AMBIGUOUS_KEY,
            f"cannot tell whether this {self._title} exists, because {why}; {advice}",
        )

    def _reject_if_newer(self, payload: Payload, record: ExistingRecord) -> Reject | None:
        """Return why a replayed record is rejected again, None if it may be written."""
        return None if self._times is None else self._times.reject_if_newer(payload, record)

    def _reject_if_other(self, existing: Existing) -> Reject | None:
        """Return why a record cannot be written or deleted that is not one of the model.

        The path of a model with constants has other records too: a record of another type is none
        of them, and must not become one.
        """
        if not self._constants or not isinstance(existing, ExistingRecord):
            return None
        if not existing.contradicts(self._constants):
            return None
        return Reject(
            RejectCode.AMBIGUOUS_KEY,
            f"the record that has this key in Planhat is not a {self._title}: its "
            f"{' or '.join(self._constants)} is another one; write it to the model that it is of",
        )

    def _is_found_by_id(self, record: ExistingRecord) -> bool:
        return record.found_by == self._keyables.id_position

    def _decide_with_record(
        self, payload: Payload, record: ExistingRecord, values: Mapping[str, Any]
    ) -> Payload | Reject | Skipped:
        if self._mode == "create":
            return Skipped.IN_PLANHAT
        newer = self._reject_if_newer(payload, record)
        # What a replay wrote before it was killed is newer than its rejects, and has their values.
        if (self._compares or newer) and not record.differing(values):
            return Skipped.UNCHANGED
        if newer is not None:
            return newer
        by_id = self._mode == "update" or self._updates_by_id
        return self._with_id(payload, record.identifier) if by_id else payload

    def _decide_without_record(
        self, payload: Payload, values: Mapping[str, Any], *, is_unknown: bool
    ) -> Payload | Reject | Skipped:
        if is_unknown:
            may_be_older = payload.rejected_at is not None
            may_send = self._mode == "upsert" and not may_be_older and not self._updates_by_id
            return payload if may_send else self.cannot_tell(payload)
        if self._mode == "update":
            return Skipped.NOT_IN_PLANHAT
        for name in self._required:
            if values.get(name) is None:
                return missing_required(name)
        return payload

    def _with_known_id(self, payload: Payload, record: ExistingRecord | None) -> Payload | Reject:
        """Remove an `_id` that Planhat does not have from a payload."""
        if record is not None and self._is_found_by_id(record):
            return payload
        return self._keyables.without_id(payload)

    def _with_id(self, payload: Payload, identifier: str | None) -> Payload:
        """Put the `_id` of its record in front, so that Planhat cannot mistake it for a new one."""
        position = self._keyables.id_position
        if position < 0 or identifier is None or payload.keys[position] is not None:
            return payload
        return replace(
            payload,
            item=encode({ID: identifier, **decode(payload.item)}),
            keys=(*payload.keys[:position], identifier, *payload.keys[position + 1 :]),
        )

    def _archive(self, payload: Payload, existing: Existing) -> Payload | Reject | Skipped:
        if existing is None:
            return Skipped.NOTHING_TO_ARCHIVE
        if isinstance(existing, Unknown):
            return self.cannot_tell(payload)
        if not existing.differing({self._archive_flag: True}):
            return Skipped.ARCHIVED
        newer = self._reject_if_newer(payload, existing)
        if newer is not None:
            return newer
        # It carries the one keyable that the record certainly has, so that no record is created or
        # changed otherwise: its _id, or what found it if it was created in this run.
        position, key = self._keyables.id_position, existing.identifier
        if key is None or position < 0:
            position, key = existing.found_by, payload.keys[existing.found_by]
        item = {self._keyables.names[position]: key}
        scope_name = self._keyables.scope_names[position]
        if scope_name is not None:
            item[scope_name] = payload.scopes[position]
        keys: list[str | None] = [None] * len(payload.keys)
        keys[position] = key
        return replace(payload, item=encode({**item, self._archive_flag: True}), keys=tuple(keys))


def item_values(payload: Payload) -> dict[str, Any]:
    """Return the item of a payload without its `_id`, which is not one of the record's values."""
    item: dict[str, Any] = decode(payload.item)
    item.pop(ID, None)
    return item

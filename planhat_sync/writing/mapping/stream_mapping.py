"""What one mapping makes of a record: properties, a reject, or a record that is skipped."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planhat_sync.api.custom_fields import CUSTOM
from planhat_sync.runtime.plural import counted
from planhat_sync.writing.mapping.expressions import ABSENT, EvaluationError, compiled
from planhat_sync.writing.records.deletion import Deletion, parse_deletion
from planhat_sync.writing.records.payload import ConversionError, Reject, RejectCode, Skipped
from planhat_sync.writing.records.unknown_properties import printable_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planhat_sync.model import Model
    from planhat_sync.writing.mapping.expressions import Evaluate


@dataclass(frozen=True, slots=True)
class Entry:
    """What one property or custom field is made of.

    Attributes:
        name: The property, or the label of the custom field.
        place: The property; `custom.<label>` for a custom field.
        source: The expression as the user wrote it.
        evaluate: Returns the value for a record.
    """

    name: str
    place: str
    source: str
    evaluate: Evaluate


class StreamMapping:
    """What the records of a stream become.

    Args:
        model: The model.
        entries: The properties that are set.
        custom: The custom fields that are set.
        when: Decides which records are written; all of them if None.
        deleted_at: The column that says when a record was deleted; carried over if it is not set.

    Attributes:
        model: Name of the model.
        sources: The expression of each property as the user wrote it; those of custom fields under
            `custom.<label>`.
    """

    def __init__(
        self,
        model: Model,
        entries: Sequence[Entry],
        custom: Sequence[Entry] = (),
        when: Entry | None = None,
        *,
        deleted_at: str,
    ) -> None:
        self.model = model.name
        self.sources: Mapping[str, str] = {
            entry.place: entry.source for entry in (*entries, *custom)
        }
        identifying = {*model.keyables, *model.keyable_scope.values()}
        self._deleted_at = next(
            (entry for entry in entries if entry.name == deleted_at),
            Entry(deleted_at, deleted_at, deleted_at, compiled(deleted_at)),
        )
        self._properties = tuple(entry for entry in entries if entry.name != deleted_at)
        self._identifying = tuple(entry for entry in entries if entry.name in identifying)
        self._custom = tuple(custom)
        self._when = when
        self._undeleted = self._left_out = self._made = 0
        self._never_made = {*self.sources}

    def apply(self, record: Mapping[str, Any]) -> dict[str, Any] | Reject | Skipped:
        """Make a record of the model.

        Of a record that was deleted in its source, only the keyables are made: nothing else of it
        is needed, and often nothing else is there.

        Args:
            record: The record as `exact_json.decode` reads it.

        Returns:
            The properties to write, or why the record is rejected or skipped. A message names the
            property and the expression, never a value.
        """
        try:
            deletion = _values((self._deleted_at,), record)
            match parse_deletion(deletion.get(self._deleted_at.name)):
                case Deletion.UNCLEAR:
                    return deletion  # which the converter rejects
                case Deletion.DELETED:
                    self._never_made.discard(self._deleted_at.name)
                    return _values(self._identifying, record) | deletion
            self._undeleted += 1
            if self._when is not None and _is_no(_values((self._when,), record).get("when")):
                self._left_out += 1
                return Skipped.LEFT_OUT
            made = _values(self._properties, record)
            custom = _values(self._custom, record)
            if custom:
                made[CUSTOM] = custom
        except ConversionError as error:
            return error.reject
        made |= deletion
        self._made += 1
        if self._never_made:
            self._never_made.difference_update(made, (f"{CUSTOM}.{label}" for label in custom))
        return made

    def warning(self, stream: str) -> str | None:
        """Return what suggests that a field is misspelt: what no record has had so far.

        Args:
            stream: The stream or glob that the mapping is for.
        """
        if self._when is not None and 0 < self._left_out == self._undeleted:
            records = counted(self._left_out, "record")
            return (
                f"when ({printable_name(self._when.source)}) is false or null for every record of "
                f"{stream} ({records}): unless that is meant, check its spelling"
            )
        never = [
            f"{printable_name(place)} ({printable_name(source)})"
            for place, source in self.sources.items()
            if place in self._never_made
        ]
        if not self._made or not never:
            return None
        return (
            f"no mapped record of {stream} has a value for {', '.join(never)}: unless the source "
            "has none, check the spelling"
        )

    def keyables(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return what identifies a record that is rejected, as far as it can be made.

        Args:
            record: The record.
        """
        made: dict[str, Any] = {}
        for entry in self._identifying:
            with contextlib.suppress(ConversionError):
                made |= _values((entry,), record)
        return made


def _values(entries: Sequence[Entry], record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of entries by their names, without those that are absent."""
    made = {}
    for entry in entries:
        try:
            value = entry.evaluate(record)
        except EvaluationError as error:
            message = f"{printable_name(entry.place)}: {error}"
            raise ConversionError(Reject(RejectCode.MAPPING_FAILED, message, entry.place)) from None
        if value is not ABSENT:
            made[entry.name] = value
    return made


def _is_no(value: object) -> bool:
    """Return whether a record is left out: 0, "" and [] are values like others."""
    return value is None or value is False

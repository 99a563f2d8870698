"""Which record of Planhat a payload identifies: the keyables that are sent, or why there are none.

Owns the choice of keyables and the rejects that come with it. It does not compare payloads with
each other; `identity` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UnsetType
from msgspec.structs import replace

from planhat_sync.errors import ConfigurationError
from planhat_sync.identifiers import is_visible
from planhat_sync.writing.records.payload import Payload, Reject, RejectCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planhat_sync.model import Model
    from planhat_sync.writing.settings import WriteSettings

ID: Final = "_id"
"""The keyable that only Planhat assigns; it identifies a record, and is not a value of it."""

Absent = UnsetType | None
"""Stands for a keyable that a record does not have."""

EVERYWHERE: Final = ""
"""Scope of a keyable that is unique among all records of the model."""


class Keys(msgspec.Struct, frozen=True):
    """The keyables of one payload, as they are sent.

    Attributes:
        values: One for each keyable of the model, in the model's order; None = not sent.
        scopes: `()` for a model whose keyables are all unique. Otherwise one for each keyable: the
            value of the property that it is unique within, None if the record does not have it, and
            EVERYWHERE for a keyable without such a property.
    """

    values: tuple[str | None, ...]
    scopes: tuple[str | None, ...] = ()


class Keyables:
    """The keyables of one model, under the user's `match_on` and `missing_key`.

    Args:
        model: The model.
        settings: The user's settings.

    Attributes:
        names: The keyables, in the model's order.
        scope_names: For each keyable the property that it is unique within, None for a keyable that
            is unique among all records.
        are_scoped: Whether any keyable has such a property.
        match_on: The keyables of the setting that the model has, in the user's order.
        id_position: Position of `_id` among the keyables, -1 if it is not one of them.

    Raises:
        ConfigurationError: `match_on` has no keyable of this model.
    """

    def __init__(self, model: Model, settings: WriteSettings) -> None:
        self.names = model.keyables
        self.scope_names = tuple(model.keyable_scope.get(name) for name in model.keyables)
        self.are_scoped = bool(model.keyable_scope)
        self.match_on = tuple(
            name for name in settings.match_on or model.keyables if name in model.keyables
        )
        if not self.match_on:
            raise ConfigurationError(
                f"match_on names no keyable of {model.name}: it has {', '.join(model.keyables)}"
            )
        self.id_position = model.id_position
        self._match_positions = tuple(map(model.keyables.index, self.match_on))
        self._create_missing = settings.missing_key == "create" and settings.write_mode != "update"
        # Which keyables are sent depends only on which of them and of their scopes are present.
        self._choices: dict[tuple[bool, ...], tuple[bool, ...] | Reject] = {}

    def choose(
        self, values: tuple[str | Absent, ...], scopes: tuple[str | Absent, ...] = ()
    ) -> Keys | Reject:
        """Choose which of a record's keyables are sent.

        Null, an empty string and invisible text are not keyables. They are never sent, because a
        server that looks for "the record whose sourceId is null" may find one.

        Args:
            values: The record's keyables, in the model's order; text, or any false value.
            scopes: The values of `scope_names`, in the same way; `()` if no keyable has a scope.

        Returns:
            The keyables to send (all None for a create without any), or why the record cannot be
            written.
        """
        chosen: tuple[Any, ...] = values
        # As `is_blank`, without a call for a text that begins with a visible character of ASCII.
        present = tuple(
            [("!" <= key < "\x7f" or is_visible(key)) if key else False for key in chosen + scopes]
        )
        choice = self.choice(present)
        if isinstance(choice, Reject):
            return choice
        if not all(choice):
            pairs = zip(values, choice, strict=True)
            chosen = tuple([value if is_sent else None for value, is_sent in pairs])
        identifier = chosen[self.id_position] if self.id_position >= 0 else None
        if identifier and identifier != identifier.lower():
            # MongoDB reads the 24 hexadecimal digits of an id in either case.
            chosen = self._with_id(chosen, identifier.lower())
        if not scopes:
            return Keys(chosen)
        within: Any = zip(self.scope_names, scopes, present[len(values) :], strict=True)
        return Keys(
            chosen,
            tuple(
                [
                    (scope if is_present else None) if name else EVERYWHERE
                    for name, scope, is_present in within
                ]
            ),
        )

    def choice(self, present: tuple[bool, ...]) -> tuple[bool, ...] | Reject:
        """Choose which of a record's keyables are sent.

        Args:
            present: For each keyable, and then for each scope if there are any, whether the record
                has it.

        Returns:
            For each keyable whether it is sent; or why the record cannot be written.
        """
        choice = self._choices.get(present)
        if choice is None:
            choice = self._choices[present] = self._choice(present)
        return choice

    def without_id(self, payload: Payload) -> Payload | Reject:
        """Remove an `_id` that no record in Planhat has from a payload.

        Args:
            payload: A payload; without an `_id` it is returned as it is.

        Returns:
            The payload as its other keyables identify it, or a reject if they do not.
        """
        at = self.id_position
        identifier = payload.keys[at] if at >= 0 else None
        if identifier is None:
            return payload
        if not any(payload.keys[other] for other in self._match_positions if other != at):
            return Reject(
                RejectCode.UNKNOWN_ID,
                "Planhat has no record with this _id, and only Planhat assigns ids: remove the "
                "_id, or match on another keyable",
                ID,
            )
        keys = self._with_id(payload.keys, None)
        ambiguous = self._ambiguous([bool(key) for key in keys], payload.scopes)
        if ambiguous is not None:
            return ambiguous
        return replace(payload, item=b"{" + payload.item[_length_of_id(identifier) :], keys=keys)

    def missing_key(self, advice: str = "") -> Reject:
        """Return the reject of a record that has no keyable of `match_on`.

        The message does not suggest `missing_key: create`. Each run would then create the record
        again, which is wrong if the column merely has another name.

        Args:
            advice: What to do; by default, to send the identifier that the source has.
        """
        own = next((name for name in self.match_on if name != ID), "")
        advice = advice or (
            f"send the identifier that it has in its source as {own}, for instance with mappings"
            if own
            else f"send the {ID} that Planhat assigned to it, or match on another keyable"
        )
        return Reject(
            RejectCode.MISSING_KEY,
            f"the record has no {' or '.join(self.match_on)} to be matched by: {advice}",
        )

    def _choice(self, present: tuple[bool, ...]) -> tuple[bool, ...] | Reject:
        """Decide which keyables are sent, from which of them and of their scopes are present."""
        keys, scopes = present[: len(self.names)], present[len(self.names) :]
        matching = self._match_positions
        if not any(keys[at] for at in matching) and not self._create_missing:
            return self.missing_key()
        sent = list(keys)
        at = self.id_position
        if at >= 0:
            # Planhat matches on `_id` first, so it is left out if the user prefers another keyable
            # that the record has.
            preferred = matching[: matching.index(at)] if at in matching else range(len(keys))
            sent[at] = sent[at] and not any(keys[other] for other in preferred)
        return self._ambiguous(sent, scopes) or tuple(sent)

    def _with_id(
        self, keys: tuple[str | None, ...], identifier: str | None
    ) -> tuple[str | None, ...]:
        return (*keys[: self.id_position], identifier, *keys[self.id_position + 1 :])

    def _ambiguous(self, sent: Sequence[bool], scopes: Sequence[object]) -> Reject | None:
        """Reject a record whose keyables other records may have too."""
        positions = [at for at, is_sent in enumerate(sent) if is_sent]
        if not positions or any(not self.scope_names[at] or scopes[at] for at in positions):
            return None
        name, scope_name = self.names[positions[0]], self.scope_names[positions[0]]
        return Reject(
            RejectCode.AMBIGUOUS_KEY,
            f"{name} is unique only within one {scope_name}, which the record does not have: "
            f"send its {scope_name} as well, since Planhat could match another record",
        )


def _length_of_id(identifier: str) -> int:
    """Return how many bytes of an item `{"_id":"…",` takes."""
    return len(b'{"_id":') + len(msgspec.json.encode(identifier)) + len(b",")

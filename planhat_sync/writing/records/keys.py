"""Which record of Planhat's a payload means: the keyables that are sent, and when there are none.

Owns the choice of keyables and the two refusals that go with it. It compares no payloads with
one another; `identity` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UnsetType
from msgspec.structs import replace

from planhat_sync.errors import ConfigurationError
from planhat_sync.writing.records.payload import Payload, Reject, RejectCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planhat_sync.models import Model
    from planhat_sync.writing.settings import WriteSettings

ID: Final = "_id"
"""The keyable that is Planhat's to give: no property of the record, only a name for it."""


Absent = UnsetType | None
"""What stands for a keyable that a record does not have."""

EVERYWHERE: Final = ""
"""Scope of a keyable that is unique among all records of the model."""


def is_blank(value: object) -> bool:
    """Return whether a value names nothing: null, "" and blanks.

    Databases pad a CHAR column with blanks, also where it holds nothing.
    """
    return value is None or (isinstance(value, str) and not value.strip())


class Keys(msgspec.Struct, frozen=True):
    """The keyables of one payload, as they are sent.

    Attributes:
        values: One for each keyable of the model, in the model's order; None = not sent.
        scopes: `()` for a model whose every keyable is unique. Else one for each keyable: the
            value of the property that it is unique within, None if the record does not say it,
            EVERYWHERE for a keyable that needs none.
    """

    values: tuple[str | None, ...]
    scopes: tuple[str | None, ...] = ()


class Keyables:
    """The keyables of one model, under the user's `match_on` and `missing_key`.

    Args:
        model: The model.
        settings: The user's decisions.

    Raises:
        ConfigurationError: `match_on` names no keyable of this model.
    """

    def __init__(self, model: Model, settings: WriteSettings) -> None:
        self.names = model.keyables
        self.scope_names = (
            tuple(model.keyable_scope.get(name) for name in model.keyables)
            if model.keyable_scope
            else ()
        )
        self._match_on = _order_of(model, settings)
        self._create_missing = settings.missing_key == "create" and settings.write_mode != "update"
        self._id_at = model.id_position
        # Which keyables are sent depends on which are there, and on nothing else of a record.
        self._choices: dict[tuple[bool, ...], tuple[bool, ...] | Reject] = {}

    def choose(
        self, values: tuple[str | Absent, ...], scopes: tuple[str | Absent, ...] = ()
    ) -> Keys | Reject:
        """Choose what is sent of the keyables that a record has.

        Null, an empty string and blanks are not keyables. They are never sent, since a server that
        looks for "the record whose sourceId is null" may find one.

        Args:
            values: The record's keyables, in the model's order; text, or anything false.
            scopes: For each of `scope_names` the value of that property, in the same way.

        Returns:
            The keyables to send (all None for a create without any), or why the record cannot be
            written.
        """
        chosen: tuple[Any, ...] = values
        # As `is_blank`, without a call for each.
        there = tuple([not (not key or key.isspace()) for key in chosen + scopes])
        choice = self._choices.get(there)
        if choice is None:
            choice = self._choices[there] = self._choice(there)
        if isinstance(choice, Reject):
            return choice
        if not all(choice):
            pairs = zip(values, choice, strict=True)
            chosen = tuple([value if sent else None for value, sent in pairs])
        identifier = chosen[self._id_at] if self._id_at >= 0 else None
        if identifier and identifier != identifier.lower():
            # MongoDB reads the 24 hexadecimal digits of an id in either case.
            chosen = self._with_id(chosen, identifier.lower())
        if not scopes:
            return Keys(chosen)
        within: Any = zip(self.scope_names, scopes, there[len(values) :], strict=True)
        return Keys(
            chosen,
            tuple(
                [
                    (scope if is_there else None) if name else EVERYWHERE
                    for name, scope, is_there in within
                ]
            ),
        )

    def _choice(self, there: tuple[bool, ...]) -> tuple[bool, ...] | Reject:
        """Decide which keyables are sent, from which of them and of their scopes are there."""
        keys, scopes = there[: len(self.names)], there[len(self.names) :]
        if not any(keys[at] for at in self._match_on) and not self._create_missing:
            return self.missing()
        sent = list(keys)
        if self._id_at >= 0:
            # Planhat would match on `_id` first; the user may want another keyable to come first.
            before = (
                self._match_on[: self._match_on.index(self._id_at)]
                if (self._id_at in self._match_on)
                else range(len(keys))
            )
            sent[self._id_at] = sent[self._id_at] and not any(keys[at] for at in before)
        return self._ambiguous(sent, scopes) or tuple(sent)

    def without_id(self, payload: Payload) -> Payload | Reject:
        """Take an `_id` that the destination does not hold out of a payload.

        Args:
            payload: A payload whose `_id` is sent.

        Returns:
            The payload as its other keyables name it, or the reject that it becomes.
        """
        at = self._id_at
        identifier = payload.keys[at] if at >= 0 else None
        if identifier is None:
            return payload
        if not any(payload.keys[other] for other in self._match_on if other != at):
            return Reject(
                RejectCode.UNKNOWN_ID,
                "the destination holds no record with this _id, and Planhat alone gives ids: "
                "take the _id out, or match on another keyable",
                ID,
            )
        keys = self._with_id(payload.keys, None)
        ambiguous = self._ambiguous([bool(key) for key in keys], payload.scopes)
        if ambiguous is not None:
            return ambiguous
        item = b"{" + payload.item[_length_of_id(identifier) :]
        return replace(payload, item=item, keys=keys)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The keyables of `match_on` that the model has, in the user's order."""
        return tuple(self.names[at] for at in self._match_on)

    @property
    def wanted_scopes(self) -> tuple[str, ...]:
        """The properties within which keyables are unique."""
        return tuple(filter(None, self.scope_names))

    def missing(self, advice: str = "") -> Reject:
        """Say that a record has no keyable.

        It is not said that `missing_key: create` would let it pass: each run would then create the
        record again, which is not what somebody wants whose column has another name.

        Args:
            advice: What to do; by default, to send the identifier that the source has.
        """
        own = next((name for name in self.wanted if name != ID), "")
        advice = advice or (
            f"send the identifier that it has in its source as {own}, for instance with a stream "
            "map"
            if own
            else f"send the {ID} that Planhat gave it, or match on another keyable"
        )
        return Reject(
            RejectCode.MISSING_KEY,
            f"the record has no {' or '.join(self.wanted)} to be matched by: {advice}",
        )

    def _with_id(
        self, keys: tuple[str | None, ...], identifier: str | None
    ) -> tuple[str | None, ...]:
        return (*keys[: self._id_at], identifier, *keys[self._id_at + 1 :])

    def _ambiguous(self, sent: Sequence[bool], scopes: Sequence[object]) -> Reject | None:
        """Refuse a record that is named only by keyables that others may have too."""
        loose = [at for at, is_sent in enumerate(sent) if is_sent]
        if not loose or any(not self._scope_name(at) or scopes[at] for at in loose):
            return None
        name, scope_name = self.names[loose[0]], self._scope_name(loose[0])
        return Reject(
            RejectCode.AMBIGUOUS_KEY,
            f"{name} is unique only within one {scope_name}, and the record does not say which: "
            "Planhat could take another record for it",
        )

    def _scope_name(self, at: int) -> str | None:
        return self.scope_names[at] if self.scope_names else None


def _order_of(model: Model, settings: WriteSettings) -> tuple[int, ...]:
    if not settings.match_on:
        return tuple(range(len(model.keyables)))
    order = tuple(
        model.keyables.index(name) for name in settings.match_on if name in model.keyables
    )
    if not order:
        raise ConfigurationError(
            f"match_on names no keyable of {model.name}: it has {', '.join(model.keyables)}"
        )
    return order


def _length_of_id(identifier: str) -> int:
    """Count the bytes of `{"_id":"…",` before the rest of an item."""
    return len(b'{"_id":') + len(msgspec.json.encode(identifier)) + len(b",")

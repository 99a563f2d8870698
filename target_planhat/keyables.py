"""Which record of Planhat's a payload means: the keyables that are sent, and when there are none.

Owns the choice of keyables and the two refusals that go with it. It compares no payloads with
one another; `identity` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from planhat_api.errors import ConfigurationError
from target_planhat.payload import Payload, Reject, RejectCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planhat_api.model import Model
    from target_planhat.payload import Settings

ID: Final = "_id"
"""The keyable that is Planhat's to give: no property of the record, only a name for it."""


EVERYWHERE: Final = ""
"""Scope of a keyable that is unique among all records of the model."""


class Keys(NamedTuple):
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

    def __init__(self, model: Model, settings: Settings) -> None:
        self.names = model.keyables
        self.scope_names = (
            tuple(model.keyable_scope.get(name) for name in model.keyables)
            if model.keyable_scope
            else ()
        )
        self._match_on = _order_of(model, settings)
        self._create_missing = settings.missing_key == "create" and settings.write_mode != "update"
        self._id_at = model.keyables.index(ID) if ID in model.keyables else None
        # `_id` is sent only if no keyable that the user prefers is there: Planhat would match
        # on it first.
        self._before_id = (
            self._match_on[: self._match_on.index(self._id_at)]
            if (self._id_at in self._match_on)
            else None
        )

    def choose(
        self, values: Sequence[str | None], scopes: Sequence[str | None] = ()
    ) -> Keys | Reject:
        """Choose what is sent of the keyables that a record has.

        An empty string is no keyable, and neither is null: neither is ever sent, since a server
        that looks for "the record whose sourceId is null" may find one.

        Args:
            values: The record's keyables, in the model's order; None or "" = not there.
            scopes: For each of `scope_names` the value of that property; None where that is None.

        Returns:
            The keyables to send (all None for a create without any), or why the record cannot be
            written.
        """
        chosen = [value or None for value in values]
        present = any(chosen[at] for at in self._match_on)
        if self._id_at is not None and (identifier := chosen[self._id_at]):
            unwanted = self._before_id is None or any(chosen[at] for at in self._before_id)
            # MongoDB reads the 24 hexadecimal digits of an id in either case.
            chosen[self._id_at] = None if unwanted else identifier.lower()
        if not present and not self._create_missing:
            return self.missing()
        keys = Keys(
            tuple(chosen),
            tuple(
                scope or None if name else EVERYWHERE
                for name, scope in zip(self.scope_names, scopes, strict=True)
            ),
        )
        return self._ambiguous(keys) or keys

    def without_id(self, payload: Payload) -> Payload | Reject:
        """Take an `_id` that the destination does not hold out of a payload.

        Args:
            payload: A payload whose `_id` is sent.

        Returns:
            The payload as its other keyables name it, or the reject that it becomes.
        """
        at = self._id_at
        identifier = payload.keys[at] if at is not None else None
        if at is None or identifier is None:
            return payload
        if not any(payload.keys[other] for other in self._match_on if other != at):
            return Reject(
                RejectCode.UNKNOWN_ID,
                "the destination holds no record with this _id, and Planhat alone gives ids: "
                "take the _id out, or match on another keyable",
                ID,
            )
        keys = Keys((*payload.keys[:at], None, *payload.keys[at + 1 :]), payload.scopes)
        ambiguous = self._ambiguous(keys)
        if ambiguous is not None:
            return ambiguous
        return Payload(
            line=payload.line,
            raw=payload.raw,
            item=b"{" + payload.item[_length_of_id(identifier) :],
            keys=keys.values,
            scopes=keys.scopes,
            operation=payload.operation,
            earlier=payload.earlier,
        )

    def missing(self) -> Reject:
        """Say that a record has no keyable."""
        names = " or ".join(self.names[at] for at in self._match_on)
        return Reject(
            RejectCode.MISSING_KEY,
            f"the record has no {names}, so a second run would create it again: give it one, or "
            "set missing_key to create",
        )

    def _ambiguous(self, keys: Keys) -> Reject | None:
        if not keys.scopes:
            return None
        loose: str | None = None
        for at, value in enumerate(keys.values):
            if value is None:
                continue
            if keys.scopes[at] is not None:
                return None
            loose = loose or f"{self.names[at]} is unique only within one {self.scope_names[at]}"
        if loose is None:
            return None
        return Reject(
            RejectCode.AMBIGUOUS_KEY,
            f"{loose}, and the record does not say which: Planhat could take another record for it",
        )


def _order_of(model: Model, settings: Settings) -> tuple[int, ...]:
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

"""The keyables of all records that came from the source, in little memory.

Pure. A keyable takes twelve bytes, and its place in a hash table. It is not documented whether
Planhat itself compares keyables exactly, so what differs only in case, in white space around it or
in its Unicode form counts as the same here: a record that is kept by mistake can be removed later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from planhat_sync.writing.batching.identity import scope_kind
from planhat_sync.writing.matching.compact_map import CompactMap
from planhat_sync.writing.matching.references import (
    EVERYWHERE_REFERENCE,
    NONE,
    WIDTH,
    keyable_reference,
    scope_reference,
)
from planhat_sync.writing.records.keys import ID, is_blank

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planhat_sync.models import Model
    from planhat_sync.writing.records.payload import Payload


class SourceKeys:
    """The keyables of the records of one model that came.

    Args:
        model: The model.
    """

    def __init__(self, model: Model) -> None:
        self._names = model.keyables
        self._scope_names = tuple(model.keyable_scope.get(name) for name in model.keyables)
        self._keys = CompactMap(WIDTH)

    def add(self, payloads: Iterable[Payload]) -> None:
        """Add the keyables of records, and of those that they superseded.

        A record that the source has deleted, so that it is archived or deleted here, did not come.

        Args:
            payloads: What became of the records.
        """
        for payload in payloads:
            for version in (payload, *payload.earlier_versions()):
                if version.operation in ("upsert", "create"):
                    self._add(version)

    def have(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record of Planhat came, by any of its keyables.

        Args:
            record: Its keyables and their scopes, as Planhat lists them.
        """
        return any(
            reference in self._keys
            for position in range(len(self._names))
            for reference in self._references(position, record)
        )

    def identify(self, record: Mapping[str, Any], names: Iterable[str]) -> str | None:
        """Return the first of some keyables that identifies a record of Planhat.

        Args:
            record: Its keyables and their scopes, as Planhat lists them.
            names: The keyables.

        Returns:
            Its value; None if the record has none of them. One that is unique only within a company
            identifies no record without a company.
        """
        for name in names:
            value, scope_name = record.get(name), self._scope_names[self._names.index(name)]
            is_unique = scope_name is None or _is_id(record.get(scope_name))
            if is_unique and isinstance(value, str) and not is_blank(value):
                return value
        return None

    def _add(self, payload: Payload) -> None:
        for position, key in enumerate(payload.keys):
            if key is not None:
                scope = payload.scopes[position] if self._scope_names[position] else ""
                self._keys.set(keyable_reference(position, _normal(key), _scope_of(scope)))

    def _references(self, position: int, record: Mapping[str, Any]) -> list[bytes]:
        """Return what stands for a keyable of a record, whatever its company was called."""
        key, scope_name = record.get(self._names[position]), self._scope_names[position]
        if not isinstance(key, str):
            return []
        key = _normal(key)
        if scope_name is None:
            return [keyable_reference(position, key, EVERYWHERE_REFERENCE)]
        scopes = {NONE, _scope_of(record.get(scope_name))}
        return [keyable_reference(position, key, scope) for scope in scopes]


def _scope_of(scope: object) -> bytes:
    """Return what stands for a company; the same for all that are not given by their `_id`.

    Which company an `extid-…` means is not known here: it may be any.
    """
    if scope == "":
        return EVERYWHERE_REFERENCE
    return scope_reference(scope) if _is_id(scope) else NONE


def _is_id(scope: object) -> bool:
    return isinstance(scope, str) and not is_blank(scope) and scope_kind(scope) == ID


def _normal(key: str) -> str:
    return normalize("NFKC", key).strip().casefold()

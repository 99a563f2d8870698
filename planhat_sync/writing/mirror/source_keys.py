"""The keyables of all records that came from the source, in little memory.

Pure. A keyable takes twelve bytes, and its place in a hash table. It is not documented whether
Planhat itself compares keyables exactly, so what differs only in case, in white space around it or
in its Unicode form counts as the same here: a record that is kept by mistake can be removed later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from unicodedata import normalize

from planhat_sync.identifiers import is_blank
from planhat_sync.writing.batching.identity import scope_kind
from planhat_sync.writing.matching.compact_map import CompactMap
from planhat_sync.writing.matching.references import (
    EVERYWHERE_REFERENCE,
    NONE,
    WIDTH,
    keyable_reference,
    scope_reference,
)
from planhat_sync.writing.records.keys import EVERYWHERE, ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from planhat_sync.model import Model
    from planhat_sync.writing.records.payload import Payload

_BY_NAME: Final = b"\x01" * WIDTH
"""Stands for any company that was given by a name, and of which it is known which one it is."""


class SourceKeys:
    """The keyables of the records of one model that came.

    Args:
        model: The model.
        known_company: Returns the `_id` of a company that a record named as `extid-…` or `srcid-…`;
            None if it is not known.
    """

    def __init__(self, model: Model, known_company: Callable[[str], str | None]) -> None:
        self._known_company = known_company
        self._names = model.keyables
        self._returned = tuple(map(model.names_of, model.keyables))
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
        for position, scope_name in enumerate(self._scope_names):
            scopes: Sequence[bytes] = (EVERYWHERE_REFERENCE,)
            if scope_name is not None:
                scopes = (NONE, scope_reference(record.get(scope_name)))
            if any(self._has(position, record, scope) for scope in scopes):
                return True
        return False

    def uncertain_company(self, record: Mapping[str, Any]) -> str | None:
        """Return the company whose names decide whether a record of Planhat came; None if none do.

        Its keyable came within a company that was given by a name. That name meant another company,
        but a removal does not rest on that alone.

        Args:
            record: Its keyables and their scopes, as Planhat lists them.
        """
        for position, scope_name in enumerate(self._scope_names):
            company = record.get(scope_name) if scope_name is not None else None
            if _is_id(company) and self._has(position, record, _BY_NAME):
                return str(company)
        return None

    def have_by_name(self, record: Mapping[str, Any], names: Iterable[str]) -> bool:
        """Return whether a record of Planhat came within a company that was given by a name.

        Args:
            record: Its keyables, as Planhat lists them.
            names: The names of its company.
        """
        scopes = [scope_reference(_normal(name)) for name in names]
        return any(
            self._has(position, record, scope)
            for position, scope_name in enumerate(self._scope_names)
            if scope_name is not None
            for scope in scopes
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
                scope = payload.scopes[position] if self._scope_names[position] else EVERYWHERE
                for within in self._came_within(scope):
                    self._keys.set(keyable_reference(position, _normal(key), within))

    def _came_within(self, scope: str | None) -> Sequence[bytes]:
        """Return what stands for the companies that a keyable came for; NONE stands for any."""
        if scope == EVERYWHERE or _is_id(scope):
            return (scope_reference(scope),)
        if scope is None or is_blank(scope):
            return (NONE,)
        company = self._known_company(scope)
        if company is None:
            return (NONE,)
        return (_BY_NAME, scope_reference(_normal(scope)), scope_reference(company))

    def _has(self, position: int, record: Mapping[str, Any], within: bytes) -> bool:
        """Return whether a keyable of a record came within what stands for a company."""
        return any(
            isinstance(key := record.get(name), str)
            and keyable_reference(position, _normal(key), within) in self._keys
            for name in self._returned[position]
        )


def _is_id(scope: object) -> bool:
    return isinstance(scope, str) and not is_blank(scope) and scope_kind(scope) == ID


def _normal(key: str) -> str:
    return normalize("NFKC", key).strip().casefold()

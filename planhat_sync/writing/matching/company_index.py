"""Which `_id` each reference to a company means, as far as lists and answers show it.

Pure: `companies` reads the list, and decides whether it can be trusted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from planhat_sync.identifiers import COMPANY_PREFIXES, references_to
from planhat_sync.writing.batching.identity import normalized_scope
from planhat_sync.writing.matching.compact_map import CompactMap
from planhat_sync.writing.matching.existing import UNKNOWN, Unknown
from planhat_sync.writing.matching.references import WIDTH, reference_of
from planhat_sync.writing.records.keys import ID

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: Final = (ID, *COMPANY_PREFIXES.values())
"""The kinds of references, as `identity.scope_kind` returns them."""

MOST_SAMPLES: Final = 5
"""How many references of one kind are kept as text: enough that one of them is unique."""

_SEVERAL: Final = reference_of("more than one company, or not known which")
_ABSENT: Final = reference_of("no company")


class CompanyIndex:
    """The companies of one tenant, by the references that mean them, in little memory.

    A reference that several companies have means none of them. References and ids take twelve bytes
    each.
    """

    def __init__(self) -> None:
        self._companies = CompactMap(WIDTH, WIDTH)
        self._identifiers: dict[bytes, str] = {}
        self._samples: dict[str, list[str]] = {kind: [] for kind in KINDS}

    def __contains__(self, reference: str) -> bool:
        """Return whether it is settled what a reference means."""
        return _key(reference) in self._companies

    def get(self, reference: str) -> str | Unknown | None:
        """Return what a reference means.

        Args:
            reference: A reference that is in the index.

        Returns:
            The `_id` of its company; None if no company has it; UNKNOWN if several have it, or if
            it was set so.
        """
        company = self._companies.get(_key(reference))
        if company is None or company == _SEVERAL:
            return UNKNOWN
        return None if company == _ABSENT else self._identifiers.get(company, company.hex())

    def add(self, company: Mapping[str, Any]) -> None:
        """Add a company as a list shows it.

        Args:
            company: `_id`, and `externalId` and `sourceId` if it has them.
        """
        identifier = self._register(company[ID])
        for kind, reference in references_to(company).items():
            key = _key(reference)
            before = self._companies.get(key)
            self._companies.set(key, identifier if before in (None, identifier) else _SEVERAL)
            if before is None and len(self._samples[kind]) < MOST_SAMPLES:
                self._samples[kind].append(reference)

    def set(self, reference: str, company: str | Unknown | None) -> None:
        """Set what a reference means.

        Args:
            reference: The reference.
            company: The `_id` of its company; None if no company has it; UNKNOWN if that is not
                known.
        """
        value = self._register(company) if isinstance(company, str) else _ABSENT
        self._companies.set(_key(reference), _SEVERAL if company is UNKNOWN else value)

    def sample(self, kind: str) -> str | None:
        """Return a reference of a kind that means one company of the list; None if there is none.

        Args:
            kind: One of `KINDS`.
        """
        return next((each for each in self._samples[kind] if self.get(each) is not UNKNOWN), None)

    def agrees_with(self, company: Mapping[str, Any]) -> bool:
        """Return whether no key of a company means another company here.

        Args:
            company: A company as Planhat returned it alone.
        """
        return all(
            self.get(reference) in (company[ID], UNKNOWN)
            for reference in references_to(company).values()
            if reference in self
        )

    def _register(self, identifier: str) -> bytes:
        value = reference_of(identifier)
        if value.hex() != identifier:
            self._identifiers[value] = identifier
        return value


def _key(reference: str) -> bytes:
    return reference_of(normalized_scope(reference))

"""Finds out which company a reference means, once for all records of a run.

Owns when Planhat is asked, and what is believed: a list of companies only after one of its entries
was compared with the company itself, and an answer "not found" only after the same kind of request
has found a company. docs/adr/0055-companies-by-any-name.md explains why.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from planhat_sync.api.companies import COMPANIES, read_companies
from planhat_sync.errors import NotPermittedError, ProtocolError, RequestError
from planhat_sync.writing.batching.identity import normalized_scope, scope_kind
from planhat_sync.writing.matching.company_index import KEYS, CompanyIndex, references_to
from planhat_sync.writing.matching.existing import UNKNOWN, Unknown
from planhat_sync.writing.records.keys import ID, is_blank

if TYPE_CHECKING:
    import logging

    from planhat_sync.api.client import PlanhatClient

Company = dict[str, Any]


class Companies:
    """The companies that records refer to. Thread-safe.

    Nothing is requested before the first call of `find`. It costs the list (one request, or
    ⌈n / 4,999⌉ + 1 for n companies if there is only the list in pages) and one company; then each
    reference that is not in the list costs one request, once.

    Args:
        client: Planhat.
        logger: Receives a warning if references cannot be resolved.
        stop: Ends the reading of the list.
    """

    def __init__(
        self,
        client: PlanhatClient,
        logger: logging.Logger,
        *,
        stop: threading.Event | None = None,
    ) -> None:
        self._client = client
        self._logger = logger
        self._stop = stop
        self._lock = threading.Lock()
        self._is_learnt = False
        self._index: CompanyIndex | None = None
        self._are_found: dict[str, bool] = {}

    def find(self, reference: str) -> str | Unknown | None:
        """Return which company a reference means.

        Args:
            reference: An `_id`, or `extid-…` or `srcid-…`.

        Returns:
            The `_id` of the company; None if there is certainly no such company; UNKNOWN if it is
            not known which one is meant, or whether there is one.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        with self._lock:
            if not self._is_learnt:
                self._index = self._learn(reference)
                self._is_learnt = True
            index = self._index
            if index is None:
                return UNKNOWN
            if reference not in index:
                index.set(reference, self._look_up(reference, index))
            return index.get(reference)

    def _learn(self, reference: str) -> CompanyIndex | None:
        """Read the list of companies; return None if it cannot be read, or is wrong."""
        index = CompanyIndex()
        try:
            for companies in read_companies(self._client, self._stop):
                for each in companies:
                    keys = {"externalId": each.external_id, "sourceId": each.source_id}
                    index.add({ID: each.identifier, **keys})
        except (NotPermittedError, ProtocolError) as error:
            self._warn(f"Planhat's list of companies cannot be read: {error}")
            return None
        if not self._is_right(index, reference):
            self._warn("Planhat's list of companies contradicts what Planhat returns for one")
            return None
        return index

    def _is_right(self, index: CompanyIndex, wanted: str) -> bool:
        """Compare one entry of a list with the company itself, if possible the one wanted."""
        kinds = (scope_kind(wanted), *KEYS)
        samples = filter(None, map(index.sample, kinds))
        entry = wanted if index.get(wanted) is not UNKNOWN else next(samples, None)
        if entry is None:
            return True  # the list is empty
        identifier = index.get(entry)
        company = self._get(entry)
        self._are_found[scope_kind(entry)] = isinstance(company, dict)
        if not isinstance(company, dict):  # perhaps only an _id finds a company
            company = self._get(str(identifier))
        return (
            isinstance(company, dict)
            and company[ID] == identifier
            and entry in references_to(company).values()
            and index.agrees_with(company)
        )

    def _look_up(self, reference: str, index: CompanyIndex) -> str | Unknown | None:
        """Return which company a reference means that is not in the list."""
        kind = scope_kind(reference)
        if is_blank(reference.removeprefix(kind)):
            return UNKNOWN
        company = self._get(reference)
        if isinstance(company, dict):
            return str(company[ID])
        return None if company is None and self._finds(kind, index) else UNKNOWN

    def _finds(self, kind: str, index: CompanyIndex) -> bool:
        """Return whether a request for one company finds it by references of a kind."""
        if kind not in self._are_found:
            sample = index.sample(kind)
            self._are_found[kind] = sample is not None and isinstance(self._get(sample), dict)
        return self._are_found[kind]

    def _get(self, reference: str) -> Company | Unknown | None:
        """Request one company; UNKNOWN stands for an answer that says nothing about it."""
        try:
            company = self._client.get(COMPANIES, reference)
        except (RequestError, NotPermittedError, ProtocolError):
            return UNKNOWN
        if company is None:
            return None
        wanted = normalized_scope(reference)
        has_key = wanted in map(normalized_scope, references_to(company).values())
        return company if has_key else UNKNOWN

    def _warn(self, reason: str) -> None:
        self._logger.warning(
            "companies given as extid-… or srcid-… are compared as text, and not looked up: %s",
            reason,
        )

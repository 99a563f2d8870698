"""Finds out which company a reference means, once for all records of a run.

Owns when Planhat is asked, and what is believed: a list of companies only after an entry of it was
compared with the company itself, for each kind of reference; an answer "not found" only after the
same kind of request has found a company. docs/adr/0055-companies-by-any-name.md explains why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from planhat_sync.api.companies import COMPANIES, read_companies
from planhat_sync.errors import NotPermittedError, ProtocolError, RequestError
from planhat_sync.identifiers import is_blank, references_to
from planhat_sync.runtime.threads import Threads
from planhat_sync.writing.batching.identity import normalized_scope, scope_kind
from planhat_sync.writing.matching.company_index import CompanyIndex
from planhat_sync.writing.matching.existing import UNKNOWN, Unknown
from planhat_sync.writing.records.keys import ID

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Sequence

    from planhat_sync.api.client import PlanhatClient

Company = dict[str, Any]

_MISREAD: Final = frozenset("/\\%")
"""Characters that servers and proxies read in different ways although they are quoted (RFC 3986,
section 7.3): a company whose reference has one of them may exist although it is not found."""


class Companies:
    """The companies that records refer to. Thread-safe.

    Nothing is requested before the first call of `find`. It costs the list (one request, or
    ⌈n / 4,999⌉ + 1 for n companies if there is only the list in pages) and one company; a second
    company if another kind of reference comes, and the first one does not have that key. Then each
    reference that is not in the list costs one request, once.

    Args:
        client: Planhat.
        logger: Receives a warning if references cannot be resolved.
        stop: Ends the reading of the list.
        threads: Makes its lock, and starts the threads that read the list.
    """

    def __init__(
        self,
        client: PlanhatClient,
        logger: logging.Logger,
        *,
        stop: threading.Event | None = None,
        threads: Threads | None = None,
    ) -> None:
        self._client = client
        self._logger = logger
        self._stop = stop
        self._threads = threads or Threads()
        self._lock = self._threads.lock()
        self._is_read = False
        self._list: CompanyIndex | None = None
        self._answers = CompanyIndex()
        self._compared: set[str] = set()
        self._finds: dict[str, bool] = {}

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
            if not self._is_read:
                self._list = self._read()
                self._is_read = True
            if reference in self._answers:
                return self._answers.get(reference)
            if self._list is not None and not self._is_right(self._list, reference):
                self._list = None
                self._warn("Planhat's list of companies contradicts what Planhat returns for one")
            if self._list is None:
                return UNKNOWN
            if reference in self._list:
                return self._list.get(reference)
            self._answers.set(reference, self._look_up(reference, self._list))
            return self._answers.get(reference)

    def known(self, reference: str) -> str | None:
        """Return which company a reference means, if an earlier call of `find` has found that out.

        Args:
            reference: As for `find`.
        """
        with self._lock:
            for index in filter(None, (self._answers, self._list)):
                if reference in index and isinstance(company := index.get(reference), str):
                    return company
        return None

    def names_of(self, identifier: str) -> Sequence[str] | None:
        """Return the references that mean a company, as Planhat returns the company now.

        Args:
            identifier: Its `_id`.

        Returns:
            Its `_id` and its names; None if Planhat does not return it.

        Raises:
            PlanhatError: Planhat could not be asked.
        """
        with self._lock:
            company = self._get(identifier)
        return list(references_to(company).values()) if isinstance(company, dict) else None

    def _read(self) -> CompanyIndex | None:
        """Read the list of companies; return None if it cannot be read."""
        listed = CompanyIndex()
        try:
            for companies in read_companies(self._client, self._stop, threads=self._threads):
                for each in companies:
                    listed.add(each.record)
        except (NotPermittedError, ProtocolError) as error:
            self._warn(f"Planhat's list of companies cannot be read: {error}")
            return None
        return listed

    def _is_right(self, listed: CompanyIndex, wanted: str) -> bool:
        """Return whether the list is right as far as is known, for references of one kind.

        Once for each kind an entry is compared with the company itself, if possible the one that is
        wanted.
        """
        kind = scope_kind(wanted)
        if kind in self._compared:
            return True
        entry = wanted if listed.get(wanted) is not UNKNOWN else listed.sample(kind)
        if entry is None:
            return True  # it has no entry of this kind that could be wrong
        company = self._get(entry)
        self._finds[kind] = isinstance(company, dict)
        if not isinstance(company, dict):  # perhaps only an _id finds a company
            company = self._get(str(listed.get(entry)))
        if not isinstance(company, dict) or not listed.agrees_with(company):
            return False
        references = references_to(company)
        self._compared |= {
            kind for kind in references if listed.get(references[kind]) is not UNKNOWN
        }
        return entry in references.values()

    def _look_up(self, reference: str, listed: CompanyIndex) -> str | Unknown | None:
        """Return which company a reference means that is not in the list."""
        kind = scope_kind(reference)
        if is_blank(reference.removeprefix(kind)):
            return UNKNOWN
        company = self._get(reference)
        if isinstance(company, dict):
            return str(company[ID])
        if company is None and kind not in self._finds:
            sample = listed.sample(kind)
            self._finds[kind] = sample is not None and isinstance(self._get(sample), dict)
        is_certain = company is None and self._finds[kind]
        return None if is_certain and _MISREAD.isdisjoint(reference) else UNKNOWN

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

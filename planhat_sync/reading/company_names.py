"""How another tenant can know the companies of this one: by their externalId or their sourceId.

Owns the list of companies, which is read once for all streams of a run, and what is believed of it.
docs/adr/0059-companies-that-another-tenant-knows.md explains why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sync.api.companies import COMPANIES, read_companies
from planhat_sync.api.pagination.prefetch import Prefetch
from planhat_sync.errors import ProtocolError, RequestError
from planhat_sync.identifiers import COMPANY_PREFIXES, references_to
from planhat_sync.runtime.plural import counted
from planhat_sync.runtime.threads import Threads

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from planhat_sync.api.client import PlanhatClient

SHOWN_IDS = 3
"""How many companies without a name the warning shows."""


class CompanyNames:
    """The references to companies that another tenant understands: `extid-…` or `srcid-…`.

    They cost the list (one request, or ⌈n / 4,999⌉ + 1 for n companies if there is only the list in
    pages), and one company to compare it with.

    Args:
        key: `externalId` or `sourceId`.
        connect: Returns the client; not called before the list is read.
        stop: Ends the reading of the list.
        threads: Starts the threads that read it.
    """

    def __init__(
        self,
        key: str,
        connect: Callable[[], PlanhatClient],
        stop: threading.Event,
        threads: Threads | None = None,
    ) -> None:
        self._key = key
        self._connect = connect
        self._stop = stop
        self._threads = threads or Threads()
        self._names: dict[str, str] | None = None
        self._unnamed: set[str] = set()

    def read(self) -> None:
        """Read the companies, unless that has been done.

        Raises:
            Interrupted: The run was asked to stop.
            StopError: They cannot be read, or the list is wrong.
        """
        if self._names is None:
            # Not in this thread: a signal must find it waiting, and not in the network.
            with Prefetch(
                self._read, concurrency=1, stop=self._stop, threads=self._threads
            ) as prefetch:
                self._names = prefetch.page([self._connect()])

    def of(self, identifier: str) -> str:
        """Return how records refer to a company. May be called from any thread, after `read`.

        Args:
            identifier: Its `_id`.

        Returns:
            Its `extid-…` or `srcid-…`; its `_id` if it has none that is its alone.
        """
        name = (self._names or {}).get(identifier)
        if name is None:
            self._unnamed.add(identifier)
            return identifier
        return name

    @property
    def warning(self) -> str | None:
        """What to tell the user at the end of a run; None if every company had a name."""
        unnamed = self._unnamed.copy()  # after a signal, threads may still be adding to it
        if not unnamed:
            return None
        shown = ", ".join(sorted(unnamed)[:SHOWN_IDS])
        return (
            f"records refer to {counted(len(unnamed), 'company')} by _id, "
            f"because Planhat's list of companies shows no {self._key} that is theirs alone:"
            f" {shown}{', …' if len(unnamed) > SHOWN_IDS else ''}"
        )

    def _read(self, client: PlanhatClient) -> dict[str, str]:
        """Return the name of each company that has one."""
        kind = COMPANY_PREFIXES[self._key]
        names: dict[str, str] = {}
        owners: dict[str, set[str]] = {}
        for companies in read_companies(client, self._stop, threads=self._threads):
            for company in companies:
                if name := references_to(company.record).get(kind):
                    names[company.identifier] = name
                    # Whether Planhat tells names apart by case or by blanks is not known.
                    key = name.removeprefix(kind).strip().casefold()
                    owners.setdefault(key, set()).add(company.identifier)
        for several in owners.values():
            if len(several) > 1:
                for identifier in several:
                    names.pop(identifier, None)
        self._compare(client, names)
        return names

    def _compare(self, client: PlanhatClient, names: dict[str, str]) -> None:
        """Raise a ProtocolError if an entry of the list differs from the company itself."""
        identifier = next(iter(names), None)
        if identifier is None:
            return
        try:
            company = client.get(COMPANIES, identifier) or {}
        except RequestError:
            company = {}
        returned = references_to(company)
        if returned.get("_id") != identifier or names[identifier] not in returned.values():
            raise ProtocolError(
                "Planhat's list of companies contradicts what Planhat returns for one of them, so "
                "company_references could file records under a wrong company: run again, or set "
                "it to id"
            )

"""Reads Planhat's companies: all of them with the keys that other records name them by, or one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypedDict

import msgspec

from planhat_sync.api.http.exchange import Request
from planhat_sync.api.pagination.rows import read_pages
from planhat_sync.errors import GaveUpError, NotPermittedError, ProtocolError
from planhat_sync.models import load_model

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.api.http.exchange import Answer
    from planhat_sync.runtime.threads import Threads

COMPANIES: Final = load_model("companies")
"""The model whose records the records of other models refer to, whichever models a run has."""

LEAN_PATH = "/leancompanies"
"""Lists `_id`, `name`, `externalId` and `sourceId` of all companies in one body, without pages
(vendor's page: Company; fact: lean-companies)."""

LEAN_BUDGET_SECONDS = 30
"""Longest time to keep retrying that list, since there is another one."""


class Company(msgspec.Struct, gc=False):
    """One company of a list.

    Attributes:
        identifier: Its `_id`.
        external_id: Its `externalId`, as listed; None if it has none.
        source_id: Its `sourceId`, as listed; None if it has none.
    """

    identifier: str = msgspec.field(name="_id")
    external_id: Any = msgspec.field(name="externalId", default=None)
    source_id: Any = msgspec.field(name="sourceId", default=None)

    @property
    def record(self) -> dict[str, Any]:
        """Its keys by Planhat's names, as in a record of the model."""
        return {"_id": self.identifier, "externalId": self.external_id, "sourceId": self.source_id}


class _Identified(TypedDict):
    _id: str


class _Row(_Identified, total=False):
    """What is kept of a row, even if the server ignores `select`."""

    externalId: Any
    sourceId: Any


_decode_lean = msgspec.json.Decoder(list[Company]).decode
_decode_rows = msgspec.json.Decoder(list[_Row]).decode


def read_companies(
    client: PlanhatClient,
    stop: threading.Event | None = None,
    threads: Threads | None = None,
) -> Iterator[Sequence[Company]]:
    """Read all companies, from the list without pages or, if it cannot be used, page by page.

    The list without pages is one request. It is not used if Planhat refuses it, if it is not a list
    of companies, or if it shows no key of any company. The pages are ⌈n / 4,999⌉ requests for n
    companies, and one for the newest of them.

    Args:
        client: Sends the requests.
        stop: Ends the reading.
        threads: Starts the thread that fetches pages.

    Yields:
        Companies, in no particular order.

    Raises:
        StopError: They cannot be read; the token may lack the permission.
        Interrupted: The run was asked to stop.
    """
    if lean := _read_lean(client):
        yield lean
        return
    pages = read_pages(
        client,
        COMPANIES,
        select=("externalId", "sourceId"),
        stop=stop,
        threads=threads,
        decode=_decode_page,
    )
    for page in pages:
        yield [Company(row["_id"], row.get("externalId"), row.get("sourceId")) for row in page]


def _read_lean(client: PlanhatClient) -> Sequence[Company]:
    """Return the companies of the list without pages; none if it cannot be used."""
    try:
        companies = client.transport.send(
            Request("GET", LEAN_PATH),
            _lean_companies,
            accepted={200},
            budget_seconds=LEAN_BUDGET_SECONDS,
        )
    except (NotPermittedError, ProtocolError, GaveUpError):
        return ()
    has_keys = any(
        isinstance(key, str) and key.strip()
        for company in companies
        for key in (company.external_id, company.source_id)
    )
    return companies if has_keys else ()


def _lean_companies(answer: Answer) -> list[Company]:
    try:
        return _decode_lean(answer.body)
    except msgspec.ValidationError as error:  # it is JSON, so another attempt would not help
        raise ProtocolError(f"{LEAN_PATH} is not a list of companies") from error


def _decode_page(body: bytes) -> list[dict[str, Any]]:
    return _decode_rows(body)  # type: ignore[return-value]  # a TypedDict is a dict

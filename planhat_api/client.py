"""Planhat's routes: one method for each, and what may be repeated of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import msgspec

from planhat_api.errors import InvalidIdentifierError, RefusedError
from planhat_api.retry import Repeat
from planhat_api.wire import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planhat_api.model import Model
    from planhat_api.transport import Transport

T = TypeVar("T")

BULK_PATIENCE = 5
"""A bulk upsert may take this many times the usual timeout."""


class PlanhatClient:
    """The routes that every model has.

    Args:
        transport: Sends what the routes ask.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def list_page(
        self,
        model: Model,
        *,
        limit: int,
        offset: int,
        sort: str | None = None,
        select: Sequence[str] = (),
        company_ids: Sequence[str] = (),
        decode: Callable[[bytes], T],
    ) -> T:
        """Read one page of a model's records.

        Args:
            model: Whose records.
            limit: Most records the page may hold.
            offset: Records to pass over.
            sort: Property to sort by, with a leading ``-`` for the greatest first.
            select: Properties to send; all if empty.
            company_ids: Only records of these companies; all if empty.
            decode: Makes the page of the body; a ValueError means that it is none.
        """
        query = [f"limit={limit}", f"offset={offset}"]
        if sort is not None:
            query.append(f"sort={quote(sort, safe='')}")
        if select:
            query.append("select=" + _joined(select))
        if company_ids:
            query.append("companyId=" + _joined(company_ids))
        request = Request("GET", model.path, "&".join(query))
        return self.transport.send(
            request, lambda answer: decode(answer.body), taken={200}, repeat=Repeat.FREELY
        )

    def get(self, model: Model, identifier: str) -> dict[str, Any] | None:
        """Read one record, or None if there is none.

        Args:
            model: Whose record.
            identifier: Its ``_id``, ``srcid-…`` or ``extid-…``.
        """
        request = Request("GET", _record_path(model, identifier))

        def read(answer: Answer) -> dict[str, Any] | None:
            if answer.status == 404:  # noqa: PLR2004
                return None
            return msgspec.json.decode(answer.body, type=dict[str, Any])

        return self.transport.send(request, read, taken={200, 404}, repeat=Repeat.FREELY)

    def create(self, model: Model, body: bytes) -> Answer:
        """Create one record; never sent twice.

        Args:
            model: Whose record.
            body: A JSON object.
        """
        request = Request("POST", model.path, body=body)
        return self.transport.send(
            request, _as_it_is, taken={200, 201, 400, 403, 413}, repeat=Repeat.NEVER
        )

    def update(self, model: Model, identifier: str, body: bytes) -> Answer:
        """Change the properties of one record that the body names.

        Args:
            model: Whose record.
            identifier: Its ``_id``, ``srcid-…`` or ``extid-…``.
            body: A JSON object.
        """
        request = Request("PUT", _record_path(model, identifier), body=body)
        return self.transport.send(
            request,
            _as_it_is,
            taken={200, 400, 403, 404, 413},
            repeat=Repeat.WHEN_SETTLED,
        )

    def delete(self, model: Model, identifier: str) -> bool:
        """Delete one record.

        Args:
            model: Whose record.
            identifier: Its ``_id``.

        Returns:
            False if it was not there any more.
        """
        request = Request("DELETE", _record_path(model, identifier))

        def read(answer: Answer) -> bool:
            if answer.status == 400:  # noqa: PLR2004
                raise RefusedError("Planhat refuses to delete it", status=400)
            if answer.status == 404:  # noqa: PLR2004
                return answer.repeated
            reply = msgspec.json.decode(answer.body, type=dict[str, Any])
            return bool(reply.get("deletedCount", 1)) or answer.repeated

        return self.transport.send(request, read, taken={200, 400, 404}, repeat=Repeat.FREELY)

    def bulk_upsert(
        self,
        model: Model,
        body: bytes,
        *,
        repeatable: bool,
        retry_budget_seconds: float | None = None,
    ) -> Answer:
        """Create or update many records in one request.

        Args:
            model: Whose records.
            body: A JSON array of at most `model.bulk_limit` objects.
            repeatable: Whether every item carries a keyable that makes a second send harmless.
            retry_budget_seconds: Longest it is tried again; the connection's budget if None.

        Returns:
            An answer that speaks of the items: 200, 206, 400, 403, 413, or a 500 that outlived
            the budget.
        """
        request = Request("PUT", model.path, body=body, patience=BULK_PATIENCE)

        def read(answer: Answer) -> Answer:
            if answer.status in (200, 206):
                msgspec.json.decode(answer.body, type=dict[str, msgspec.Raw])
            return answer

        return self.transport.send(
            request,
            read,
            taken={200, 206, 400, 403, 413},
            repeat=Repeat.WHEN_SETTLED if repeatable else Repeat.NEVER,
            budget_seconds=retry_budget_seconds,
        )


def _as_it_is(answer: Answer) -> Answer:
    return answer


def _joined(values: Sequence[str]) -> str:
    return ",".join(quote(value, safe="") for value in values)


def _record_path(model: Model, identifier: str) -> str:
    if not identifier or re.fullmatch(r"(\.|%2e)+", identifier, re.IGNORECASE):
        raise InvalidIdentifierError("an identifier that is a dot segment or empty")
    try:
        return f"{model.path}/{quote(identifier, safe='')}"
    except UnicodeEncodeError as error:
        raise InvalidIdentifierError("an identifier that is not Unicode text") from error

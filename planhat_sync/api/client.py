"""Planhat's routes: one method each, the statuses that belong to it, what may be repeated of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from planhat_sync.api.http.paths import query_string, record_path
from planhat_sync.api.http.retry import Repeat
from planhat_sync.api.replies import read_any_object, read_deleted_count, read_record
from planhat_sync.errors import GaveUpError, RefusedError
from planhat_sync.exchange import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planhat_sync.api.http.transport import Transport
    from planhat_sync.models import Model

T = TypeVar("T")

BULK_PATIENCE = 5
"""A bulk upsert may take this many times the usual timeout."""

LIST_TAKES = frozenset({200})
GET_TAKES = frozenset({200, 400, 404})
DELETE_TAKES = frozenset({200, 400, 404})
BULK_TAKES = frozenset({200, 206, 400, 403, 413})
"""Which statuses speak of the records. Planhat documents 200, 206, 400, 403 and 500 for all its
requests (developer pages, "HTTP response codes"); 404 for a record that is not there and 413 for a
body that is too large are what HTTP says they are, and clients have met the first of them."""


class PlanhatClient:
    """The routes that every model has.

    Args:
        transport: Sends what the routes ask.

    Attributes:
        transport: As given.
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
            decode: Makes the page of the body. A ValueError from it means that the body is no
                page; the request is then made again, within the retry budget.

        Raises:
            StopError: No page can be had.
            Interrupted: The run was asked to stop while the request waited.
        """
        query = query_string(
            {
                "limit": limit,
                "offset": offset,
                "sort": sort,
                "select": select,
                "companyId": company_ids,
            }
        )
        return self.transport.send(
            Request("GET", model.path, query),
            lambda answer: decode(answer.body),
            taken=LIST_TAKES,
            repeat=Repeat.FREELY,
        )

    def get(self, model: Model, identifier: str) -> dict[str, Any] | None:
        """Read one record.

        Args:
            model: Whose record.
            identifier: Its ``_id``, ``srcid-…`` or ``extid-…``.

        Returns:
            The record, or None if there is none; numbers that no float can hold are Decimals.

        Raises:
            RejectError: The identifier is none that Planhat knows how to read.
            StopError: No answer can be had.
            Interrupted: The run was asked to stop while the request waited.
        """
        request = Request("GET", record_path(model, identifier))

        def read(answer: Answer) -> dict[str, Any] | None:
            if answer.status == HTTPStatus.NOT_FOUND:
                return None
            _refuse_400(answer, request)
            return read_record(answer.body)

        return self.transport.send(request, read, taken=GET_TAKES, repeat=Repeat.FREELY)

    def delete(self, model: Model, identifier: str) -> bool:
        """Delete one record.

        Args:
            model: Whose record.
            identifier: Its ``_id``.

        Returns:
            False if it was not there any more. A record that is gone when the request is made
            again, after a lost answer, counts as deleted by us.

        Raises:
            RejectError: Planhat refuses to delete this record.
            StopError: No answer can be had.
            Interrupted: The run was asked to stop while the request waited.
        """
        request = Request("DELETE", record_path(model, identifier))

        def read(answer: Answer) -> bool:
            if answer.status == HTTPStatus.NOT_FOUND:
                return answer.repeated
            _refuse_400(answer, request)
            return read_deleted_count(answer.body) > 0 or answer.repeated

        return self.transport.send(request, read, taken=DELETE_TAKES, repeat=Repeat.FREELY)

    def bulk_upsert(
        self,
        model: Model,
        body: bytes,
        *,
        repeatable: bool,
        retry_budget_seconds: float | None = None,
    ) -> Answer:
        """Create or update many records in one request.

        After a cut or a timeout the first attempt may still be at work, so the next one waits at
        least as long as it had run.

        Args:
            model: Whose records.
            body: A JSON array of at most `model.bulk_limit` objects.
            repeatable: Whether every item carries a keyable that makes a second send harmless.
            retry_budget_seconds: Longest that it is tried again; None for the connection's.

        Returns:
            An answer that speaks of the items: 200, 206, 400, 403, 413, or a 500 that outlived
            the budget.

        Raises:
            UnknownOutcomeError: It is not repeatable and its answer was lost.
            StopError: No answer can be had.
            Interrupted: The run was asked to stop while the request waited.
        """
        try:
            return self.transport.send(
                Request("PUT", model.path, body=body, patience=BULK_PATIENCE),
                _written,
                taken=BULK_TAKES,
                repeat=Repeat.WHEN_SETTLED if repeatable else Repeat.NEVER,
                budget_seconds=retry_budget_seconds,
            )
        except GaveUpError as error:
            if error.answer and error.answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                return error.answer
            raise


def _refuse_400(answer: Answer, request: Request) -> None:
    if answer.status == HTTPStatus.BAD_REQUEST:
        raise RefusedError(
            f"Planhat refuses {request.method} {request.path} (400)",
            status=answer.status,
            method=request.method,
            path=request.path,
        )


def _written(answer: Answer) -> Answer:
    """Pass an answer on; one that claims success must be the object that Planhat documents."""
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        read_any_object(answer.body)
    return answer

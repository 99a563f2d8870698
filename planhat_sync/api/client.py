"""Planhat's routes: a method for each, with the statuses that belong to it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from planhat_sync.api.http.exchange import Answer, Receiver, Repeat, Request
from planhat_sync.api.http.paths import query_string, record_path
from planhat_sync.api.http.status_errors import described
from planhat_sync.api.record_bodies import has_deleted, read_record
from planhat_sync.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planhat_sync.api.http.transport import Transport
    from planhat_sync.model import Model

T = TypeVar("T")

BULK_TIMEOUT_FACTOR = 5
"""A bulk upsert may take this many times the usual timeout."""

LIST_STATUSES = frozenset({200})
RECORD_STATUSES = frozenset({200, 400, 404})
BULK_STATUSES = frozenset({200, 206, 400, 403, 413})
"""Statuses whose answers are about the records. Planhat documents 200, 206, 400, 403 and 500 for
all requests (developer pages, "HTTP response codes"). 404 for a record that does not exist and 413
for a body that is too large follow HTTP; clients have met the former."""

WRITE_STATUSES = frozenset({200, 201, 400, 403, 404, 413})
"""The same for the creation or update of one record; 201 for a new one follows HTTP."""
DELETE_STATUSES = RECORD_STATUSES | {HTTPStatus.NO_CONTENT}

_check_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class PlanhatClient:
    """The routes that every model has.

    Args:
        transport: Sends the requests.

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
        parameters: Mapping[str, str] | None = None,
        decode: Callable[[Any], T],
        receive: Callable[[], Receiver] | None = None,
    ) -> T:
        """Read one page of records.

        Args:
            model: Their model.
            limit: Maximum number of records on the page.
            offset: How many records to skip.
            sort: Property to sort by, with a leading ``-`` for descending order.
            select: Properties to return; all if empty.
            company_ids: Return only records of these companies; of all if empty.
            parameters: What makes it one of the `lists` of the model; the first of them if None.
            decode: Makes the page of the body, or of its receiver; a ValueError leads to a retry.
            receive: Makes what takes the body while it arrives; None to wait for all of it.

        Raises:
            StopError: No usable page was received.
            Interrupted: The run was asked to stop while the request waited.
        """
        query = query_string(
            {
                "limit": limit,
                "offset": offset,
                "sort": sort,
                "select": select,
                "companyId": company_ids,
                **(model.lists[0] if parameters is None else parameters),
            }
        )
        return self.transport.send(
            Request("GET", model.path, query, receive=receive),
            lambda answer: decode(answer.received or answer.body),
            accepted=LIST_STATUSES,
        )

    def get(self, model: Model, identifier: str) -> dict[str, Any] | None:
        """Read one record.

        Args:
            model: The model of the record.
            identifier: Its ``_id``, ``srcid-…`` or ``extid-…``.

        Returns:
            The record, or None if it does not exist; a number that a float cannot represent
            exactly is a Decimal, and one that Python cannot represent is its JSON text.

        Raises:
            RequestError: The identifier is not valid.
            StopError: No usable answer was received.
            Interrupted: The run was asked to stop while the request waited.
        """
        request = Request("GET", record_path(model, identifier))

        def decode(answer: Answer) -> dict[str, Any] | None:
            if answer.status == HTTPStatus.NOT_FOUND:
                return None
            _raise_on_bad_request(answer, request)
            return read_record(answer.body)

        return self.transport.send(request, decode, accepted=RECORD_STATUSES)

    def delete(self, model: Model, identifier: str) -> bool:
        """Delete one record.

        Args:
            model: The model of the record.
            identifier: Its ``_id``.

        Returns:
            False if it no longer existed. A record that is gone when the request is repeated after
            a lost answer counts as deleted by this call. Planhat answers with counts, with the
            record, or, on other paths, perhaps with nothing (fact delete-answer).

        Raises:
            RequestError: Planhat refuses to delete this record.
            StopError: No usable answer was received.
            Interrupted: The run was asked to stop while the request waited.
        """
        request = Request("DELETE", record_path(model, identifier))

        def decode(answer: Answer) -> bool:
            if answer.status == HTTPStatus.NOT_FOUND:
                return answer.repeated
            _raise_on_bad_request(answer, request)
            return has_deleted(answer) or answer.repeated

        return self.transport.send(request, decode, accepted=DELETE_STATUSES)

    def write_record(
        self,
        model: Model,
        body: bytes,
        *,
        identifier: str | None = None,
        retry_budget_seconds: float | None = None,
    ) -> Answer:
        """Create or update one record.

        Args:
            model: The model of the record.
            body: A JSON object, without an ``_id``.
            identifier: The ``_id`` of the record to update; None to create one. A creation is not
                repeated if its answer is lost.
            retry_budget_seconds: Longest time to keep retrying, within the connection's budget.

        Returns:
            An answer about the record: 200, 201, 400, 403, 404 or 413, or 500 if the retry budget
            is spent.

        Raises:
            UnknownOutcomeError: It is a creation, and its answer was lost.
            RequestError: The identifier is not valid.
            StopError: No usable answer was received.
            Interrupted: The run was asked to stop while the request waited.
        """
        is_create = identifier is None
        request = Request(
            "POST" if is_create else "PUT",
            model.path if identifier is None else record_path(model, identifier),
            body=body,
            repeat=Repeat.NEVER if is_create else Repeat.WHEN_SETTLED,
        )
        return self.transport.send(
            request,
            _checked_write_answer,
            accepted=WRITE_STATUSES,
            accepted_at_last=(HTTPStatus.INTERNAL_SERVER_ERROR,),
            budget_seconds=retry_budget_seconds,
        )

    def bulk_upsert(
        self,
        model: Model,
        body: bytes,
        *,
        repeatable: bool,
        retry_budget_seconds: float | None = None,
    ) -> Answer:
        """Create or update many records in one request.

        After a cut or a timeout the first attempt may still be running, so the next one waits at
        least as long as it had run.

        Args:
            model: The model of the records.
            body: A JSON array of at most `model.bulk_limit` objects.
            repeatable: Whether every item has a keyable that makes a second attempt harmless.
            retry_budget_seconds: Longest time to keep retrying, within the connection's budget.

        Returns:
            An answer about the items: 200, 206, 400, 403 or 413, or 500 if the retry budget is
            spent.

        Raises:
            UnknownOutcomeError: It is not repeatable and its answer was lost.
            StopError: No usable answer was received.
            Interrupted: The run was asked to stop while the request waited.
        """
        request = Request(
            "PUT",
            model.path,
            body=body,
            repeat=Repeat.WHEN_SETTLED if repeatable else Repeat.NEVER,
            timeout_factor=BULK_TIMEOUT_FACTOR,
        )
        return self.transport.send(
            request,
            _checked_write_answer,
            accepted=BULK_STATUSES,
            accepted_at_last=(HTTPStatus.INTERNAL_SERVER_ERROR,),
            budget_seconds=retry_budget_seconds,
        )


def _raise_on_bad_request(answer: Answer, request: Request) -> None:
    if answer.status == HTTPStatus.BAD_REQUEST:
        what = f"{request.method} {request.path}"
        error = BadRequestError(f"Planhat rejects {what} as a bad request (400)")
        raise described(error, request, answer)


def _checked_write_answer(answer: Answer) -> Answer:
    """Return an answer as it is; raise a ValueError if it claims success and is not an object."""
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        _check_object(answer.body)
    return answer

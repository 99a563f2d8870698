"""What a method and a path mean, and what each route does when nothing goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planhat_sandbox.planhat.codec import decode, encode
from planhat_sandbox.planhat.envelope import envelope, status
from planhat_sandbox.planhat.items import Refusal, resolve
from planhat_sandbox.planhat.pages import Page, PageRequestError, read_page
from planhat_sandbox.planhat.single import create, prepare, update
from planhat_sandbox.planhat.upsert import BulkUpsert
from planhat_sandbox.server.wire import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.store import Collection
    from planhat_sandbox.planhat.tenants import Tenant

ROUTES: Mapping[tuple[str, bool], str] = {
    ("GET", False): "list",
    ("POST", False): "create",
    ("PUT", False): "bulk",
    ("GET", True): "get",
    ("PUT", True): "update",
    ("DELETE", True): "delete",
}
IDENTIFIER_FORMS = "Params identifier must be planhat _id OR start with extid- OR srcid-"
OBJECT_ID_LENGTH = 24


@dataclass(slots=True)
class Call:
    """One request that has found its tenant, model and route.

    Attributes:
        request: The request.
        number: Its number in the log.
        tenant: Whose it is.
        collection: The model's records.
        route: One of the values of `ROUTES`.
        identifier: What the path names, decoded; empty where it names no record.
        behaviours: How this Planhat behaves towards it.
        page: Rows of a list, once they are chosen; faults may change them.
        items: Items of the payload or rows of the answer.
    """

    request: Request
    number: int
    tenant: Tenant
    collection: Collection
    route: str
    identifier: str
    behaviours: Behaviours
    page: Page | None = None
    items: int | None = None


def answer(call: Call) -> Response:
    """Do what the request asks.

    Args:
        call: The request and what it is about.

    Returns:
        The answer.
    """
    limit = call.behaviours.body_limit_bytes
    if limit and len(call.request.body) > limit:
        return failure(413, "request entity too large", call.behaviours)
    with call.tenant.lock:
        try:
            return _WORK[call.route](call)
        except Refusal as refusal:
            return failure(403 if refusal.forbidden else 400, refusal.text, call.behaviours)


def failure(status_code: int, text: str, behaviours: Behaviours) -> Response:
    """Answer with an error that is not about items (error-body).

    Args:
        status_code: The status.
        text: What is wrong.
        behaviours: Whether the body is an object or a string.

    Returns:
        The answer.
    """
    body = text if behaviours.error_body == "string" else {"message": text}
    return Response(status_code, encode(body))


def _list(call: Call) -> Response:
    try:
        call.page = read_page(call.collection, call.request.query, call.behaviours)
    except PageRequestError as error:
        return failure(400, str(error), call.behaviours)
    call.items = len(call.page.rows)
    return Response(200, call.page.encoded())


def _get(call: Call) -> Response:
    identifier = _identified(call)
    if identifier is None:
        return failure(404, "not found", call.behaviours)
    return Response(200, call.collection.encoded(identifier, None))


def _create(call: Call) -> Response:
    fields = prepare(call.tenant, call.collection, _decoded(call), call.behaviours)
    model = call.collection.model
    call.items = 1
    record = create(
        call.tenant,
        call.collection,
        fields,
        call.behaviours,
        required=model.required,
        request=call.number,
    )
    shown = {name: record[name] for name in record if name not in model.created_answer_omits}
    return Response(200, encode(shown))


def _update(call: Call) -> Response:
    item = _decoded(call)
    identifier = _identified(call)
    call.items = 1
    if identifier is None:
        return failure(404, "not found", call.behaviours)
    fields = prepare(call.tenant, call.collection, item, call.behaviours)
    update(call.tenant, call.collection, identifier, fields, call.behaviours, request=call.number)
    return Response(200, call.collection.encoded(identifier, None))


def _delete(call: Call) -> Response:
    # The page documents deletes by _id alone (delete-by-id).
    identifier = call.identifier
    if identifier.startswith(("extid-", "srcid-")):
        return failure(400, IDENTIFIER_FORMS, call.behaviours)
    deleted = call.tenant.erase(call.collection, identifier, request=call.number)
    if not deleted and call.behaviours.missing_delete == "not-found":
        return failure(404, "not found", call.behaviours)
    count = int(deleted)
    return Response(200, encode({"n": count, "ok": 1, "deletedCount": count}))


def _bulk(call: Call) -> Response:
    items = _decoded(call)
    if not isinstance(items, list):
        return failure(400, "the payload must be an array", call.behaviours)
    call.items = len(items)
    if len(items) > call.behaviours.bulk_limit:
        text = f"the payload exceeds {call.behaviours.bulk_limit} items"
        return failure(400, text, call.behaviours)
    upsert = BulkUpsert(call.tenant, call.collection, call.behaviours, call.number)
    outcomes = upsert.apply(items)
    code = status(outcomes, call.behaviours)
    refusals = [outcome.refusal for outcome in outcomes if outcome.refusal is not None]
    if not refusals or call.behaviours.failure_answer == "arrays":
        body = envelope(call.collection.model, call.collection.records, outcomes, call.behaviours)
        return Response(code, encode(body))
    if call.behaviours.failure_answer == "server-error":
        return Response(500, encode("Internal Server Error"))
    if call.behaviours.failure_answer == "empty":
        return Response(400)
    return Response(400, encode(refusals[0].text))


def _decoded(call: Call) -> object:
    try:
        return decode(call.request.body)
    except ValueError:
        raise Refusal("the body is not JSON") from None


def _identified(call: Call) -> str | None:
    """Find the record a path names (identifier-forms); another form is refused."""
    identifier = call.identifier
    found = resolve(identifier, call.collection)
    if found is None and not (
        identifier.startswith(("extid-", "srcid-")) or len(identifier) == OBJECT_ID_LENGTH
    ):
        raise Refusal(IDENTIFIER_FORMS)
    return found


_WORK: Mapping[str, Callable[[Call], Response]] = {
    "list": _list,
    "get": _get,
    "create": _create,
    "update": _update,
    "delete": _delete,
    "bulk": _bulk,
}

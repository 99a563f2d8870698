"""What each route of the fake API does when nothing goes wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from planhat_sandbox.http_messages import Response
from planhat_sandbox.planhat.codec import decode, encode
from planhat_sandbox.planhat.envelope import choose_status, write_envelope
from planhat_sandbox.planhat.lean_companies import list_lean_companies
from planhat_sandbox.planhat.model import PREFIXES
from planhat_sandbox.planhat.pages import PageRequestError, read_page
from planhat_sandbox.planhat.references import resolve
from planhat_sandbox.planhat.refusal import DroppedItem, Refusal
from planhat_sandbox.planhat.single import create, prepare, update
from planhat_sandbox.planhat.upsert import BulkUpsert
from planhat_sandbox.planhat.user_roles import with_role_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.call import Call

IDENTIFIER_FORMS = "Params identifier must be planhat _id OR start with extid- OR srcid-"
OBJECT_ID_LENGTH = 24
WORDS = re.compile(r"[^\s,]+")


def perform(call: Call) -> Response:
    """Do what a request asks for.

    Args:
        call: The request.

    Returns:
        The response.
    """
    limit = call.behaviours.body_limit_bytes
    if limit and len(call.request.body) > limit:
        return failure(413, "request entity too large", call.behaviours)
    with call.tenant.lock:
        call.collection.show(call.behaviours)
        refused = _refuse_model(call)
        if refused is not None:
            return refused
        try:
            return _PERFORM[call.route](call)
        except Refusal as refusal:
            return failure(403 if refusal.forbidden else 400, refusal.text, call.behaviours)


def _refuse_model(call: Call) -> Response | None:
    """Return the response if the tenant lacks the model or the route, or may not use it."""
    behaviours, model = call.behaviours, call.collection.model
    if behaviours.absent_models and model.name in WORDS.findall(behaviours.absent_models):
        return failure(404, "not found", behaviours)
    if behaviours.forbidden_models and model.name in WORDS.findall(behaviours.forbidden_models):
        return failure(403, f"no permission for {model.name}", behaviours)
    if call.route in model.undocumented_routes and behaviours.undocumented_routes != "served":
        if behaviours.undocumented_routes == "refused":
            return failure(400, f"{model.name} cannot do this", behaviours)
        return failure(404, "no such route", behaviours)
    return None


def failure(status: int, text: str, behaviours: Behaviours) -> Response:
    """Make an error response that is not about single items (error-body).

    Args:
        status: The status code.
        text: What is wrong.
        behaviours: Whether the body is an object or a string.

    Returns:
        The response.
    """
    body = text if behaviours.error_body == "string" else {"message": text}
    return Response(status, encode(body))


def _list(call: Call) -> Response:
    try:
        now = call.tenant.store.now()
        call.page = read_page(call.collection, call.request.query, call.behaviours, now)
    except PageRequestError as error:
        return failure(400, str(error), call.behaviours)
    call.items = len(call.page.rows)
    if call.collection.model.name == "users" and call.behaviours.user_roles == "everywhere":
        rows = [with_role_objects(row) for row in decode(call.page.encoded())]
        return Response(200, encode(rows))
    return Response(200, call.page.encoded())


def _lean(call: Call) -> Response:
    status, answer = list_lean_companies(call.collection, call.request.query, call.behaviours)
    if isinstance(answer, str):
        return failure(status, answer, call.behaviours)
    call.items = len(answer)
    return Response(status, encode(answer))


def _get(call: Call) -> Response:
    identifier = _find_record(call)
    if identifier is None:
        return failure(404, "not found", call.behaviours)
    if call.collection.model.name == "users" and call.behaviours.user_roles != "nowhere":
        return Response(200, encode(with_role_objects(call.collection.records[identifier])))
    return Response(200, call.collection.encoded(identifier, None))


def _create(call: Call) -> Response:
    store = call.tenant.store
    fields = prepare(store, call.collection, _decode_body(call), call.behaviours)
    model = call.collection.model
    call.items = 1
    try:
        record = create(
            store,
            call.collection,
            fields,
            call.behaviours,
            required=model.required,
            request=call.number,
        )
    except DroppedItem:
        return failure(400, f"{model.silently_dropped_without} is required", call.behaviours)
    record = call.collection.shown(record)
    shown = {name: record[name] for name in record if name not in model.created_answer_omits}
    return Response(200, encode(shown))


def _update(call: Call) -> Response:
    item = _decode_body(call)
    identifier = _find_record(call)
    call.items = 1
    if identifier is None:
        return failure(404, "not found", call.behaviours)
    store = call.tenant.store
    fields = prepare(store, call.collection, item, call.behaviours)
    update(store, call.collection, identifier, fields, call.behaviours, request=call.number)
    return Response(200, call.collection.encoded(identifier, None))


def _delete(call: Call) -> Response:
    # The page documents deletes by _id only (delete-by-id).
    identifier = call.identifier
    if identifier.startswith(tuple(PREFIXES)):
        return failure(400, IDENTIFIER_FORMS, call.behaviours)
    record = call.collection.records.get(identifier)
    deleted = call.tenant.store.delete(call.collection, identifier, request=call.number)
    if not deleted and call.behaviours.missing_delete == "not-found":
        return failure(404, "not found", call.behaviours)
    if record is not None:
        documented = "record" if call.collection.model.delete_returns_record else "counts"
        answer = call.behaviours.delete_answer
        answer = documented if answer == "documented" else answer
        if answer == "empty":
            return Response(200)
        if answer == "record":
            return Response(200, encode(call.collection.shown(record)))
    count = int(deleted)
    return Response(200, encode({"n": count, "ok": 1, "deletedCount": count}))


def _bulk(call: Call) -> Response:
    items = _decode_body(call)
    if not isinstance(items, list):
        return failure(400, "the payload must be an array", call.behaviours)
    return _upsert(call, items)


def _duplicate(call: Call) -> Response:
    """Create each of the time entries that the body names once more."""
    sent = _decode_body(call)
    ids = sent.get("ids") if isinstance(sent, dict) else None
    if not isinstance(ids, list):
        return failure(400, "ids must be an array", call.behaviours)
    records, properties = call.collection.records, call.collection.model.properties
    return _upsert(
        call,
        [
            {name: value for name, value in records[each].items() if name in properties}
            for each in ids
            if each in records
        ],
    )


def _upsert(call: Call, items: list[Any]) -> Response:
    call.items = len(items)
    if len(items) > call.behaviours.bulk_limit:
        text = f"the payload exceeds {call.behaviours.bulk_limit} items"
        return failure(400, text, call.behaviours)
    upsert = BulkUpsert(call.tenant.store, call.collection, call.behaviours, call.number)
    outcomes = upsert.apply(items)
    status = choose_status(outcomes, call.behaviours)
    refusals = [outcome.refusal for outcome in outcomes if outcome.refusal is not None]
    if not refusals or call.behaviours.failure_answer == "arrays":
        collection = call.collection
        body = write_envelope(collection.model, collection.records, outcomes, call.behaviours)
        return Response(status, encode(body))
    if call.behaviours.failure_answer == "server-error":
        return Response(500, encode("Internal Server Error"))
    if call.behaviours.failure_answer == "empty":
        return Response(400)
    return Response(400, encode(refusals[0].text))


def _decode_body(call: Call) -> object:
    try:
        return decode(call.request.body)
    except ValueError:
        raise Refusal("the body is not JSON") from None


def _find_record(call: Call) -> str | None:
    """Return the `_id` of the record that the path names (identifier-forms); refuse other forms."""
    identifier = call.identifier
    has_prefix = identifier.startswith(tuple(PREFIXES))
    is_company = call.collection.model.name == "companies"
    if has_prefix and is_company and not call.behaviours.company_prefixes:
        return None
    found = resolve(identifier, call.collection)
    if found is None and not (has_prefix or len(identifier) == OBJECT_ID_LENGTH):
        raise Refusal(IDENTIFIER_FORMS)
    return found


_PERFORM: Mapping[str, Callable[[Call], Response]] = {
    "list": _list,
    "lean": _lean,
    "get": _get,
    "create": _create,
    "update": _update,
    "delete": _delete,
    "bulk": _bulk,
    "duplicate": _duplicate,
}

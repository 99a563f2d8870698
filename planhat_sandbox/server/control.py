"""Control routes under ``/_sandbox/``: what a test or a page does behind the API's back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from planhat_sandbox.faults.faults import as_json, read_fault
from planhat_sandbox.planhat.codec import decode, encode
from planhat_sandbox.seed import seed_tenant
from planhat_sandbox.server.wire import Request, Response

if TYPE_CHECKING:
    from planhat_sandbox.sandbox import Sandbox

_REQUESTS_DEPTH = 2
"""Segments of ``/_sandbox/requests``; one more is a request's number."""

Work = Callable[["Sandbox", Request, "dict[str, Any]"], object]


class Control(NamedTuple):
    """One control route.

    Attributes:
        path: What follows its name in the path.
        says: What it does, for the documentation.
        work: Does it, and gives the answer's JSON.
    """

    path: str
    says: str
    work: Work


class UnknownControlError(LookupError):
    """There is no such control route, tenant, model or record."""


def control(sandbox: Sandbox, request: Request) -> Response:
    """Answer a control request.

    Args:
        sandbox: What it controls.
        request: Its path begins with ``/_sandbox/``.

    Returns:
        JSON: 200, or 400 or 404 with a sentence.
    """
    name = request.segments[1] if len(request.segments) > 1 else ""
    found = CONTROLS.get((request.method, name))
    if found is None:
        known = ", ".join(f"{method} /_sandbox/{name}" for method, name in sorted(CONTROLS))
        return Response(404, encode({"message": f"there are {known}"}))
    try:
        return Response(200, encode(found.work(sandbox, request, _read_values(request))))
    except LookupError as error:
        return Response(404, encode({"message": f"not found: {error}"}))
    except (ValueError, TypeError) as error:
        return Response(400, encode({"message": str(error)}))


def _read_values(request: Request) -> dict[str, Any]:
    values = decode(request.body) if request.body else {}
    if not isinstance(values, dict):
        raise TypeError("the body must be a JSON object")
    return values


def _health(_sandbox: Sandbox, _request: Request, _values: dict[str, Any]) -> object:
    return {"ok": True}


def _reset(sandbox: Sandbox, _request: Request, _values: dict[str, Any]) -> object:
    sandbox.reset()
    return {"ok": True}


def _tenants(sandbox: Sandbox, _request: Request, _values: dict[str, Any]) -> object:
    return [
        {
            "alias": tenant.alias,
            "models": {model: len(tenant.collection(model).records) for model in tenant.models},
        }
        for tenant in sandbox.tenants
    ]


def _requests(sandbox: Sandbox, request: Request, _values: dict[str, Any]) -> object:
    after = int(request.query.get("after", "0"))
    return [entry.as_json() for entry in sandbox.requests if entry.number > after]


def _request(sandbox: Sandbox, request: Request, _values: dict[str, Any]) -> object:
    number = int(request.segments[2])
    for entry in sandbox.requests:
        if entry.number == number:
            body = entry.body.decode(errors="replace")
            return {**entry.as_json(), "headers": entry.headers, "body": body}
    raise UnknownControlError(f"there is no request {number}")


def _requests_or_one(sandbox: Sandbox, request: Request, values: dict[str, Any]) -> object:
    read = _request if len(request.segments) > _REQUESTS_DEPTH else _requests
    return read(sandbox, request, values)


def _records(sandbox: Sandbox, request: Request, _values: dict[str, Any]) -> object:
    tenant, model = _place(request)
    return sandbox.tenant(tenant).records(model)


def _history(sandbox: Sandbox, request: Request, _values: dict[str, Any]) -> object:
    tenant, model = _place(request)
    writes = sandbox.tenant(tenant).history(model, _record(request))
    return [write._asdict() for write in writes]


def _insert(sandbox: Sandbox, request: Request, values: dict[str, Any]) -> object:
    tenant, model = _place(request)
    return sandbox.tenant(tenant).insert(model, values)


def _update(sandbox: Sandbox, request: Request, values: dict[str, Any]) -> object:
    tenant, model = _place(request)
    return sandbox.tenant(tenant).update(model, _record(request), values)


def _delete(sandbox: Sandbox, request: Request, _values: dict[str, Any]) -> object:
    tenant, model = _place(request)
    return {"deleted": sandbox.tenant(tenant).delete(model, _record(request))}


def _seed(sandbox: Sandbox, _request: Request, values: dict[str, Any]) -> object:
    tenant = sandbox.tenant(values.pop("tenant"))
    return seed_tenant(tenant, **values)


def _faults(sandbox: Sandbox, _request: Request, _values: dict[str, Any]) -> object:
    return [as_json(armed) for armed in sandbox.faults.snapshot()]


def _add_fault(sandbox: Sandbox, _request: Request, values: dict[str, Any]) -> object:
    return as_json(sandbox.add_fault(read_fault(values)))


def _clear_faults(sandbox: Sandbox, request: Request, _values: dict[str, Any]) -> object:
    sandbox.faults.clear(request.query.get("name"))
    return {"ok": True}


def _behaviours(sandbox: Sandbox, _request: Request, _values: dict[str, Any]) -> object:
    return {
        tenant.alias: dataclasses.asdict(sandbox.tenancy.behaviours(tenant.alias))
        for tenant in sandbox.tenants
    }


def _behave(sandbox: Sandbox, _request: Request, values: dict[str, Any]) -> object:
    sandbox.behave(values.pop("tenant", None), **values)
    return {"ok": True}


def _refuse(sandbox: Sandbox, _request: Request, values: dict[str, Any]) -> object:
    # Later, so that this answer still gets through.
    sandbox.later(0.05, lambda: sandbox.refuse_connections(float(values.get("seconds", 1))))
    return {"ok": True}


def _place(request: Request) -> tuple[str, str]:
    """Read tenant and model from ``/_sandbox/records/<tenant>/<model>``."""
    try:
        _, _, tenant, model, *_ = request.segments
    except ValueError:
        raise UnknownControlError("the path must name a tenant and a model") from None
    return tenant, model


def _record(request: Request) -> str:
    """Read the record from ``/_sandbox/records/<tenant>/<model>/<_id>``."""
    try:
        _, _, _, _, identifier = request.segments
    except ValueError:
        raise UnknownControlError("the path must name a tenant, a model and an _id") from None
    return identifier


CONTROLS: Mapping[tuple[str, str], Control] = {
    ("GET", "health"): Control("", "Say that it listens.", _health),
    ("POST", "reset"): Control(
        "", "Forget records, requests, faults and switched behaviours.", _reset
    ),
    ("GET", "tenants"): Control(
        "", "List the tenants, and how many records of each model they hold.", _tenants
    ),
    ("GET", "requests"): Control(
        "[/NUMBER]",
        "List the requests, `?after=N` only newer ones; or give one with headers and body.",
        _requests_or_one,
    ),
    ("GET", "records"): Control("/TENANT/MODEL", "List all records.", _records),
    ("POST", "records"): Control(
        "/TENANT/MODEL", "Insert the record in the body, behind the API's back.", _insert
    ),
    ("PATCH", "records"): Control(
        "/TENANT/MODEL/ID", "Set the properties in the body, behind the API's back.", _update
    ),
    ("DELETE", "records"): Control(
        "/TENANT/MODEL/ID", "Delete a record, behind the API's back.", _delete
    ),
    ("GET", "history"): Control("/TENANT/MODEL/ID", "List every write to one record.", _history),
    ("POST", "seed"): Control(
        "",
        'Fill a tenant: `{"tenant": "alpha", "issues": 100, "objectives": 10, "seed": 1}`.',
        _seed,
    ),
    ("GET", "faults"): Control(
        "", "List the faults at work: how often each was in question and fired.", _faults
    ),
    ("POST", "faults"): Control(
        "", 'Switch a fault on: `{"name": "status", "status": 429, "every": 5}`.', _add_fault
    ),
    ("DELETE", "faults"): Control(
        "", "Switch the faults off; `?name=slow` only those of one name.", _clear_faults
    ),
    ("GET", "behaviours"): Control("", "Tell how it behaves towards each tenant.", _behaviours),
    ("POST", "behaviours"): Control(
        "", 'Switch behaviours: `{"custom": "replace"}`; with `"tenant"` for one only.', _behave
    ),
    ("POST", "refuse"): Control("", 'Refuse connections for a while: `{"seconds": 2}`.', _refuse),
}

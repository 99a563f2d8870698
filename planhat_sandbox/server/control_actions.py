"""What each control route does, and the table of them all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from planhat_sandbox.faults.active_fault import as_json
from planhat_sandbox.faults.fault import read_fault
from planhat_sandbox.seed import seed_tenant

if TYPE_CHECKING:
    from planhat_sandbox.faults.faults import Faults
    from planhat_sandbox.faults.injection import ServerActions
    from planhat_sandbox.http_messages import Request
    from planhat_sandbox.planhat.tenancy import Tenancy
    from planhat_sandbox.server.request_log import RequestLog

_REQUESTS_DEPTH = 2
"""Number of segments of ``/_sandbox/requests``; a third is the number of a request."""


@dataclass(frozen=True, slots=True)
class Controlled:
    """What the control routes read and change.

    Attributes:
        tenancy: The tenants and their behaviours.
        faults: The active faults.
        log: The requests so far.
        server: Refuses connections.
        reset: Removes records, requests, faults and changed behaviours.
    """

    tenancy: Tenancy
    faults: Faults
    log: RequestLog
    server: ServerActions
    reset: Callable[[], None]


Values = dict[str, Any]
Action = Callable[[Controlled, "Request", Values], object]


class ControlRoute(NamedTuple):
    """One control route.

    Attributes:
        path: What follows its name in the path.
        description: What it does, for the documentation.
        action: Does it; returns the JSON of the response.
    """

    path: str
    description: str
    action: Action


class UnknownControlError(LookupError):
    """The control route, tenant, model or record does not exist."""


def _health(_controlled: Controlled, _request: Request, _values: Values) -> object:
    return {"ok": True}


def _reset(controlled: Controlled, _request: Request, _values: Values) -> object:
    controlled.reset()
    return {"ok": True}


def _tenants(controlled: Controlled, _request: Request, _values: Values) -> object:
    return [
        {"alias": tenant.alias, "models": tenant.counts()} for tenant in controlled.tenancy.all()
    ]


def _requests(controlled: Controlled, request: Request, _values: Values) -> object:
    entries = controlled.log.snapshot()
    if len(request.segments) == _REQUESTS_DEPTH:
        after = int(request.query.get("after", "0"))
        return [entry.as_json() for entry in entries if entry.number > after]
    number = int(request.segments[2])
    for entry in entries:
        if entry.number == number:
            body = entry.body.decode(errors="replace")
            return {**entry.as_json(), "headers": entry.headers, "body": body}
    raise UnknownControlError(f"there is no request {number}")


def _records(controlled: Controlled, request: Request, _values: Values) -> object:
    tenant, model = _read_model(request)
    return controlled.tenancy.find(tenant).records(model)


def _history(controlled: Controlled, request: Request, _values: Values) -> object:
    tenant, model = _read_model(request)
    writes = controlled.tenancy.find(tenant).history(model, _read_identifier(request))
    return [write._asdict() for write in writes]


def _insert(controlled: Controlled, request: Request, values: Values) -> object:
    tenant, model = _read_model(request)
    return controlled.tenancy.find(tenant).insert(model, values)


def _update(controlled: Controlled, request: Request, values: Values) -> object:
    tenant, model = _read_model(request)
    return controlled.tenancy.find(tenant).update(model, _read_identifier(request), values)


def _delete(controlled: Controlled, request: Request, _values: Values) -> object:
    tenant, model = _read_model(request)
    return {"deleted": controlled.tenancy.find(tenant).delete(model, _read_identifier(request))}


def _seed(controlled: Controlled, _request: Request, values: Values) -> object:
    tenant = controlled.tenancy.find(values.pop("tenant"))
    return seed_tenant(tenant, **values)


def _faults(controlled: Controlled, _request: Request, _values: Values) -> object:
    return [as_json(active) for active in controlled.faults.snapshot()]


def _add_fault(controlled: Controlled, _request: Request, values: Values) -> object:
    return as_json(controlled.faults.add(read_fault(values)))


def _clear_faults(controlled: Controlled, request: Request, _values: Values) -> object:
    controlled.faults.clear(request.query.get("name"))
    return {"ok": True}


def _behaviours(controlled: Controlled, _request: Request, _values: Values) -> object:
    tenancy = controlled.tenancy
    return {
        tenant.alias: dataclasses.asdict(tenancy.behaviours(tenant.alias))
        for tenant in tenancy.all()
    }


def _behave(controlled: Controlled, _request: Request, values: Values) -> object:
    controlled.tenancy.behave(values.pop("tenant", None), values)
    return {"ok": True}


def _refuse(controlled: Controlled, _request: Request, values: Values) -> object:
    seconds = float(values.get("seconds", 1))
    server = controlled.server
    # With a short delay, so that the response to this request is still sent.
    server.defer(0.05, lambda: server.refuse(seconds))
    return {"ok": True}


def _read_model(request: Request) -> tuple[str, str]:
    """Read tenant and model from ``/_sandbox/records/<tenant>/<model>``."""
    try:
        _, _, tenant, model, *_ = request.segments
    except ValueError:
        raise UnknownControlError("the path must name a tenant and a model") from None
    return tenant, model


def _read_identifier(request: Request) -> str:
    """Read the `_id` from ``/_sandbox/records/<tenant>/<model>/<_id>``."""
    try:
        _, _, _, _, identifier = request.segments
    except ValueError:
        raise UnknownControlError("the path must name a tenant, a model and an _id") from None
    return identifier


CONTROLS: Mapping[tuple[str, str], ControlRoute] = {
    ("GET", "health"): ControlRoute("", "Answer that the sandbox is up.", _health),
    ("POST", "reset"): ControlRoute(
        "", "Remove records, requests, faults and changed behaviours; tenants stay.", _reset
    ),
    ("GET", "tenants"): ControlRoute(
        "", "List the tenants, with the number of records of each model.", _tenants
    ),
    ("GET", "requests"): ControlRoute(
        "[/NUMBER]",
        "List the requests, with `?after=N` only newer ones; or return one request with its "
        "headers and body.",
        _requests,
    ),
    ("GET", "records"): ControlRoute("/TENANT/MODEL", "List all records.", _records),
    ("POST", "records"): ControlRoute(
        "/TENANT/MODEL", "Insert the record in the body, bypassing the API.", _insert
    ),
    ("PATCH", "records"): ControlRoute(
        "/TENANT/MODEL/ID", "Set the properties in the body, bypassing the API.", _update
    ),
    ("DELETE", "records"): ControlRoute(
        "/TENANT/MODEL/ID", "Delete a record, bypassing the API.", _delete
    ),
    ("GET", "history"): ControlRoute(
        "/TENANT/MODEL/ID", "List every write to one record.", _history
    ),
    ("POST", "seed"): ControlRoute(
        "",
        "Fill a tenant with demo data: "
        '`{"tenant": "alpha", "issues": 100, "objectives": 10, "seed": 1}`.',
        _seed,
    ),
    ("GET", "faults"): ControlRoute(
        "",
        "List the active faults: how many requests each has matched, and how often it fired.",
        _faults,
    ),
    ("POST", "faults"): ControlRoute(
        "", 'Add a fault: `{"name": "status", "status": 429, "every": 5}`.', _add_fault
    ),
    ("DELETE", "faults"): ControlRoute(
        "", "Remove all faults, with `?name=slow` only those of one name.", _clear_faults
    ),
    ("GET", "behaviours"): ControlRoute("", "List the behaviours for each tenant.", _behaviours),
    ("POST", "behaviours"): ControlRoute(
        "",
        'Change behaviours: `{"custom": "replace"}`, with `"tenant"` for one tenant only.',
        _behave,
    ),
    ("POST", "refuse"): ControlRoute(
        "", 'Refuse connections for a while: `{"seconds": 2}`.', _refuse
    ),
}

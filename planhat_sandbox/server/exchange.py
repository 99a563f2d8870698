"""The way of one request through the sandbox: who, what, which faults, the work, the answer."""

from __future__ import annotations

import gzip
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from planhat_sandbox.faults.incidents import Incident
from planhat_sandbox.planhat.routes import ROUTES, Call, answer, failure
from planhat_sandbox.server.control import control
from planhat_sandbox.server.listener import is_loopback
from planhat_sandbox.server.request_log import LoggedRequest
from planhat_sandbox.server.wire import Request, Response
from planhat_sandbox.web.origin import is_from_elsewhere
from planhat_sandbox.web.page import is_page, page

if TYPE_CHECKING:
    from planhat_sandbox.faults.faults import ArmedFault
    from planhat_sandbox.sandbox import Sandbox, Watcher

GZIP_ABOVE_BYTES = 200


class Exchange:
    """Answers requests for a sandbox.

    Args:
        sandbox: Whose tenants, faults and log they meet.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._watchers_lock = threading.Lock()

    def answer(self, request: Request) -> Response:
        """Answer one request.

        Args:
            request: As it came over the wire.

        Returns:
            The answer, and how it goes out.
        """
        if not is_loopback(_host(request)):
            # A page in a browser may reach loopback under a name of its own.
            return Response(403, b'{"message":"the sandbox answers to loopback names only"}')
        if is_page(request):
            return page(self._sandbox, request)
        if request.segments[:1] == ("_sandbox",):
            return self._controlled(request)
        return self._logged(request)

    def _controlled(self, request: Request) -> Response:
        if is_from_elsewhere(request, origin_required=False):
            return Response(403, b'{"message":"a page of another origin may not control this"}')
        return control(self._sandbox, request)

    def _logged(self, request: Request) -> Response:
        entry = LoggedRequest(
            number=0,
            method=request.method,
            path=request.target.partition("?")[0],
            target=request.target,
            query=dict(request.query),
            headers={k: v for k, v in request.headers.items() if k != "authorization"},
            started=time.time(),
            body=request.body,
        )
        begun = time.perf_counter()
        self._sandbox.log.begin(entry)
        try:
            response = self._answered(request, entry)
        finally:
            entry.seconds = time.perf_counter() - begun
            self._sandbox.log.end()
        entry.status = None if response.delivery.reset else response.status
        return response

    def _answered(self, request: Request, entry: LoggedRequest) -> Response:
        tenant = self._sandbox.tenancy.authenticated(request.headers.get("authorization", ""))
        if tenant is None:
            # Wrong token: 401, by the clients that met it (wrong-token).
            return Response(401, b'{"message":"unauthorized"}')
        entry.tenant = tenant.alias
        behaviours = self._sandbox.tenancy.behaviours(tenant.alias)
        model, identifier = _path(request)
        collection = None if model is None else tenant.routed(model)
        route = ROUTES.get((request.method, identifier is not None))
        if collection is None or route is None:
            return failure(404, "no such route", behaviours)
        entry.model, entry.route = collection.model.name, route
        self._watched(self._sandbox.before_each_request, entry)
        call = Call(request, entry.number, tenant, collection, route, identifier or "", behaviours)
        response = self._worked(call, entry)
        entry.items = call.items
        self._watched(self._sandbox.after_each_request, entry)
        return _compressed(response, call)

    def _watched(self, watchers: list[Watcher], entry: LoggedRequest) -> None:
        with self._watchers_lock:
            for watcher in list(watchers):
                watcher(entry)

    def _worked(self, call: Call, entry: LoggedRequest) -> Response:
        due = self._sandbox.faults.due(call)
        entry.faults.extend(armed.fault.name for armed in due)
        response: Response | None = None
        for armed in due:
            if not armed.effect.after and response is None:
                response = self._met(armed, call, None)
        if response is None:
            response = answer(call)
        for armed in due:
            if armed.effect.after and not response.delivery.reset:
                response = self._met(armed, call, response) or response
        return response

    def _met(self, armed: ArmedFault, call: Call, response: Response | None) -> Response | None:
        incident = Incident(
            call=call,
            options=armed.options,
            random=armed.random,
            memory=armed.memory,
            wait=self._sandbox.wait,
            later=self._sandbox.later,
            refuse=self._sandbox.refuse_connections,
            response=response,
        )
        armed.effect.apply(incident)
        return incident.response


def _path(request: Request) -> tuple[str | None, str | None]:
    """Read model and identifier from a path; a path of another length names no model."""
    segments = request.segments
    if segments[-1:] == ("",):
        segments = segments[:-1]
    match segments:
        case (model,):
            return model, None
        case (model, identifier):
            return model, identifier
        case _:
            return None, None


def _host(request: Request) -> str:
    """Give the host a request names, without its port."""
    host = request.headers.get("host", "localhost")
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _compressed(response: Response, call: Call) -> Response:
    accepted = "gzip" in call.request.headers.get("accept-encoding", "")
    if not (call.behaviours.gzip and accepted and len(response.body) > GZIP_ABOVE_BYTES):
        return response
    headers = {**response.headers, "Content-Encoding": "gzip"}
    return replace(response, body=gzip.compress(response.body, 1), headers=headers)

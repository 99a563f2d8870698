"""One request to the fake API, from its token to its response, with the faults on the way."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING

from planhat_sandbox.faults.injection import Injection, ServerActions
from planhat_sandbox.http_messages import Request, Response
from planhat_sandbox.planhat.call import Call, find_route
from planhat_sandbox.planhat.routes import failure, perform
from planhat_sandbox.server.request_log import LoggedRequest, RequestLog

if TYPE_CHECKING:
    from planhat_sandbox.faults.active_fault import ActiveFault
    from planhat_sandbox.faults.faults import Faults
    from planhat_sandbox.planhat.behaviours import Behaviours
    from planhat_sandbox.planhat.tenancy import Tenancy

GZIP_ABOVE_BYTES = 200

Watcher = Callable[[LoggedRequest], object]


class Exchange:
    """Answers requests to the fake API, and logs them.

    Args:
        tenancy: Whose records they are about.
        faults: What can go wrong with them.
        log: Where they are noted.
        server: What a fault may ask of the server.
        clock: Returns seconds since 1970, for the `Date` of a response.
        before: Called with the log's entry before any work, one request at a time. The list may
            change between requests.
        after: Called so after the work, before the response is sent.
    """

    def __init__(
        self,
        tenancy: Tenancy,
        faults: Faults,
        log: RequestLog,
        server: ServerActions,
        *,
        clock: Callable[[], float],
        before: list[Watcher],
        after: list[Watcher],
    ) -> None:
        self._tenancy = tenancy
        self._faults = faults
        self._log = log
        self._clock = clock
        self._server = server
        self._before = before
        self._after = after
        self._watchers_lock = threading.Lock()

    def answer(self, request: Request) -> Response:
        """Answer one request.

        Args:
            request: As it was received.

        Returns:
            The response, and how it is to be delivered.
        """
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
        started = time.perf_counter()
        self._log.begin(entry)
        try:
            response = self._answer_logged(request, entry)
        finally:
            entry.seconds = time.perf_counter() - started
            self._log.end()
        entry.status = None if response.delivery.reset else response.status
        return response

    def _answer_logged(self, request: Request, entry: LoggedRequest) -> Response:
        tenant = self._tenancy.authenticate(request.headers.get("authorization", ""))
        if tenant is None:
            # Clients that met a wrong token report a 401 (wrong-token).
            return Response(401, b'{"message":"unauthorized"}')
        entry.tenant = tenant.alias
        behaviours = self._tenancy.behaviours(tenant.alias)
        segment, identifier = _split_path(request)
        path, route = find_route(request.method, segment or "", identifier)
        collection = None if segment is None else tenant.store.find_by_path(path)
        if collection is None or route is None:
            return failure(404, "no such route", behaviours)
        entry.model, entry.route = collection.model.name, route
        self._notify(self._before, entry)
        call = Call(request, entry.number, tenant, collection, route, identifier or "", behaviours)
        response = self._perform_with_faults(call, entry)
        entry.items = call.items
        self._notify(self._after, entry)
        return self._dated(_compress(response, call), behaviours)

    def _dated(self, response: Response, behaviours: Behaviours) -> Response:
        if not behaviours.date_header:
            return response
        date = formatdate(self._clock(), usegmt=True)
        return replace(response, headers={**response.headers, "Date": date})

    def _notify(self, watchers: list[Watcher], entry: LoggedRequest) -> None:
        with self._watchers_lock:
            for watcher in list(watchers):
                watcher(entry)

    def _perform_with_faults(self, call: Call, entry: LoggedRequest) -> Response:
        due = self._faults.due(call)
        entry.faults.extend(active.fault.name for active in due)
        response: Response | None = None
        for active in due:
            if not active.effect.after and response is None:
                response = self._inject(active, call, None)
        if response is None:
            response = perform(call)
        for active in due:
            if active.effect.after and not response.delivery.reset:
                response = self._inject(active, call, response) or response
        return response

    def _inject(
        self, active: ActiveFault, call: Call, response: Response | None
    ) -> Response | None:
        injection = Injection(
            call=call,
            options=active.options,
            random=active.random,
            state=active.state,
            server=self._server,
            response=response,
        )
        active.effect.apply(injection)
        return injection.response


def _split_path(request: Request) -> tuple[str | None, str | None]:
    """Return the first segment and the identifier of a path; None for a path of another length."""
    segments = request.segments
    if segments[-1:] == ("",):
        segments = segments[:-1]
    match segments:
        case (segment,):
            return segment, None
        case (segment, identifier):
            return segment, identifier
        case _:
            return None, None


def _compress(response: Response, call: Call) -> Response:
    accepted = "gzip" in call.request.headers.get("accept-encoding", "")
    if not (call.behaviours.gzip and accepted and len(response.body) > GZIP_ABOVE_BYTES):
        return response
    headers = {**response.headers, "Content-Encoding": "gzip"}
    return replace(response, body=gzip.compress(response.body, 1), headers=headers)

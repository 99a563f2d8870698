"""The routes of the page: ``/`` and ``/_page/…``.

GET changes nothing. A POST must come from the page itself, or it is refused: the sandbox listens on
loopback, where any web site that its user visits can send requests to it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from planhat_sandbox.http_messages import Request, Response
from planhat_sandbox.planhat.tenancy import UnknownTenantError
from planhat_sandbox.seed import seed_tenant
from planhat_sandbox.server.origin import is_cross_origin
from planhat_sandbox.web import fault_buttons, log, records
from planhat_sandbox.web.chart import draw
from planhat_sandbox.web.rendering import HEADERS, STATIC_FILES, content, html, static_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planhat_sandbox.faults.faults import Faults
    from planhat_sandbox.planhat.tenancy import Tenancy
    from planhat_sandbox.server.request_log import RequestLog

LATEST_REQUESTS = 12

Rendered = tuple[str, dict[str, Any]]
"""A template and its variables."""


class NotFoundError(LookupError):
    """The page has nothing to show at this address; the message says what is missing."""


def is_page(request: Request) -> bool:
    """Return whether a request is for the page and not for the fake API.

    Args:
        request: Any request.

    Returns:
        True for ``GET /`` and everything below ``/_page/``.
    """
    return request.segments[:1] == ("_page",) or (
        request.segments == ("",) and request.method in ("GET", "HEAD")
    )


class Page:
    """Answers requests for the page.

    Args:
        url: Where the sandbox listens.
        tenancy: The tenants to show and to fill.
        faults: The faults to show and to change.
        requests: The log to show.
    """

    def __init__(self, url: str, tenancy: Tenancy, faults: Faults, requests: RequestLog) -> None:
        self._url = url
        self._tenancy = tenancy
        self._faults = faults
        self._log = requests
        self._views: Mapping[str, Callable[[Request], Rendered]] = {
            "": self._overview,
            "requests": self._requests,
            "request": self._request,
            "tenant": self._tenant,
        }

    def answer(self, request: Request) -> Response:
        """Answer a request for the page.

        Args:
            request: One for which `is_page` holds.

        Returns:
            HTML, a static file, or a redirect after a button was pressed.
        """
        if request.method == "POST":
            return self._post(request)
        name = request.segments[1] if len(request.segments) > 1 else ""
        if name in STATIC_FILES:
            return static_file(name)
        try:
            return html(200, *self._views.get(name, _no_page)(request))
        except (NotFoundError, UnknownTenantError) as error:
            return html(404, "error.html", {**self._frame(request), "text": str(error)})

    def _post(self, request: Request) -> Response:
        if is_cross_origin(request):
            text = "this button was pressed on another site, and nothing was done"
            return content(403, text.encode(), "text/plain")
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        try:
            if request.segments[1:] == ("faults",):
                fault_buttons.press(self._faults, form)
            elif request.segments[1:] == ("seed",):
                tenant = self._tenancy.find(form.get("tenant", ""))
                seed_tenant(tenant, issues=500, objectives=100)
            else:
                return html(404, "error.html", {**self._frame(request), "text": "no such button"})
        except (ValueError, UnknownTenantError) as error:
            template, context = self._overview(request)
            return html(400, template, {**context, "problem": str(error), "form": form})
        return Response(303, headers={**HEADERS, "Location": "/#faults"})

    def _frame(self, request: Request) -> dict[str, Any]:
        """Return the variables that every template needs."""
        refresh = request.query.get("refresh", "")
        return {
            "url": self._url,
            "tenants": records.count(self._tenancy.all()),
            "refresh": int(refresh) if refresh.isascii() and refresh.isdigit() else None,
            "query": request.query,
        }

    def _overview(self, request: Request) -> Rendered:
        requests = self._log.snapshot()
        window = {"10": 600, "60": 3600}.get(request.query.get("minutes", ""), 120)
        return "overview.html", {
            **self._frame(request),
            "chart": draw(requests, time.time(), window),
            "requests": requests[: -LATEST_REQUESTS - 1 : -1],
            "total": len(self._log),
            "active_faults": fault_buttons.describe_active(self._faults),
            "buttons": fault_buttons.BUTTONS,
            "effects": fault_buttons.describe_effects(),
            "form": {},
        }

    def _requests(self, request: Request) -> Rendered:
        view = log.read(self._log.snapshot(), request.query)
        return "requests.html", {**self._frame(request), "log": view}

    def _request(self, request: Request) -> Rendered:
        _, _, number, *_ = (*request.segments, "")
        entry = log.find(self._log.snapshot(), number)
        if entry is None:
            raise NotFoundError(f"there is no request {number}, or it is no longer in the log")
        body = log.readable(entry.body)
        return "request.html", {**self._frame(request), "entry": entry, "body": body}

    def _tenant(self, request: Request) -> Rendered:
        try:
            _, _, alias, model, *rest = request.segments
            tenant = self._tenancy.find(alias)
            collection = tenant.store.collection(model)
        except (ValueError, KeyError):
            raise NotFoundError("the tenant does not serve this model") from None
        context = {**self._frame(request), "alias": tenant.alias, "model": model}
        if not rest:
            with tenant.lock:
                view = records.read(collection, request.query)
            return "records.html", {**context, "view": view}
        record = tenant.get(model, rest[0])
        history = tenant.history(model, rest[0])
        if record is None and not history:
            raise NotFoundError(f"{tenant.alias} has never had a {model} record {rest[0]}")
        shown = None if record is None else records.pretty(record)
        found = {"identifier": rest[0], "record": shown, "history": history[::-1]}
        return "record.html", {**context, **found}


def _no_page(_request: Request) -> Rendered:
    raise NotFoundError("there is no such page")

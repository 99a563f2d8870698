"""The sandbox's own page: what a person leaves open beside the pipe.

It owns the routes ``/`` and ``/_page/…``, and nothing of what they show: that is read by the other
``page_*`` modules and drawn by ``templates/``. GET changes nothing. POST comes from the page itself
or is refused: the sandbox listens on loopback, where any web site a person visits can send to it.
"""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from planhat_sandbox.planhat.tenancy import UnknownTenantError
from planhat_sandbox.seed import seed_tenant
from planhat_sandbox.server.wire import Request, Response
from planhat_sandbox.web import fault_buttons as page_faults
from planhat_sandbox.web import log as page_log
from planhat_sandbox.web import records as page_records
from planhat_sandbox.web.chart import draw
from planhat_sandbox.web.origin import is_from_elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import jinja2

    from planhat_sandbox.sandbox import Sandbox

TEMPLATES = Path(__file__).with_name("templates")
FILES = {"page.css": "text/css", "page.js": "text/javascript"}
LATEST_REQUESTS = 12
HEADERS = {
    "Cache-Control": "no-store",
    # No scripts but the page's own file, nothing from elsewhere, and no other page around it.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
NO_JINJA = b"""<!doctype html><html lang="en"><title>Planhat sandbox</title>
<p>The sandbox runs. Its page needs Jinja: <code>pip install 'planhat-sync[sandbox]'</code>"""


class NotFoundError(LookupError):
    """The page has no such thing to show; the text says what."""


def is_page(request: Request) -> bool:
    """Tell whether a request is for the page, and not for Planhat.

    Args:
        request: Any request.

    Returns:
        True for ``GET /`` and everything below ``/_page/``.
    """
    return request.segments[:1] == ("_page",) or (
        request.segments == ("",) and request.method in ("GET", "HEAD")
    )


def page(sandbox: Sandbox, request: Request) -> Response:
    """Answer a request for the page.

    Args:
        sandbox: What the page shows.
        request: One for which `is_page` holds.

    Returns:
        HTML, a file of the page, or a redirect after a button.
    """
    if request.method == "POST":
        return _post(sandbox, request)
    name = request.segments[1] if len(request.segments) > 1 else ""
    if name in FILES:
        return _answer(200, (TEMPLATES / name).read_bytes(), FILES[name])
    try:
        return _html(200, *_SHOWN.get(name, _nothing)(sandbox, request))
    except ImportError:
        return _answer(200, NO_JINJA, "text/html")
    except (NotFoundError, UnknownTenantError) as error:
        return _html(404, "error.html", {**_frame(sandbox, request), "text": str(error)})


def _post(sandbox: Sandbox, request: Request) -> Response:
    if is_from_elsewhere(request):
        text = "this button was pressed on another site: nothing was done"
        return _answer(403, text.encode(), "text/plain")
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    try:
        if request.segments[1:] == ("faults",):
            page_faults.press(sandbox, form)
        elif request.segments[1:] == ("seed",):
            seed_tenant(sandbox.tenant(form.get("tenant", "")), issues=500, objectives=100)
        else:
            return _html(404, "error.html", {**_frame(sandbox, request), "text": "no such button"})
    except (ValueError, UnknownTenantError) as error:
        template, context = _overview(sandbox, request)
        return _html(400, template, {**context, "problem": str(error), "form": form})
    return Response(303, headers={**HEADERS, "Location": "/#faults"})


def _frame(sandbox: Sandbox, request: Request) -> dict[str, Any]:
    """Give what every page shows around its own part."""
    refresh = request.query.get("refresh", "")
    return {
        "url": sandbox.url,
        "tenants": page_records.tenants(sandbox),
        "now": time.time(),
        "refresh": int(refresh) if refresh.isascii() and refresh.isdigit() else None,
        "query": request.query,
    }


def _overview(sandbox: Sandbox, request: Request) -> tuple[str, dict[str, Any]]:
    log = sandbox.requests
    window = {"10": 600, "60": 3600}.get(request.query.get("minutes", ""), 120)
    return "overview.html", {
        **_frame(sandbox, request),
        "chart": draw(log, time.time(), window),
        "requests": log[: -LATEST_REQUESTS - 1 : -1],
        "total": len(sandbox.log),
        "armed": page_faults.at_work(sandbox),
        "buttons": page_faults.BUTTONS,
        "effects": page_faults.effects(),
        "form": {},
    }


def _requests(sandbox: Sandbox, request: Request) -> tuple[str, dict[str, Any]]:
    shown = page_log.read_log(sandbox.requests, request.query)
    return "requests.html", {**_frame(sandbox, request), "log": shown}


def _request(sandbox: Sandbox, request: Request) -> tuple[str, dict[str, Any]]:
    number = request.segments[2] if len(request.segments) > 2 else ""  # noqa: PLR2004 - _page, request, number
    entry = page_log.find(sandbox.requests, number)
    if entry is None:
        raise NotFoundError(f"there is no request {number}, or it is forgotten")
    body = page_log.readable(entry.body)
    return "request.html", {**_frame(sandbox, request), "entry": entry, "body": body}


def _tenant(sandbox: Sandbox, request: Request) -> tuple[str, dict[str, Any]]:
    try:
        _, _, alias, model, *rest = request.segments
        tenant = sandbox.tenant(alias)
        collection = tenant.collection(model)
    except (ValueError, KeyError):
        raise NotFoundError("the tenant serves no such model") from None
    place = {**_frame(sandbox, request), "alias": tenant.alias, "model": model}
    if not rest:
        with tenant.lock:
            return "records.html", {**place, "view": page_records.read(collection, request.query)}
    record = tenant.get(model, rest[0])
    history = tenant.history(model, rest[0])
    if record is None and not history:
        raise NotFoundError(f"{tenant.alias} has no {model} record {rest[0]}, and never had one")
    shown = None if record is None else page_records.pretty(record)
    found = {"identifier": rest[0], "record": shown, "history": history[::-1]}
    return "record.html", {**place, **found}


def _nothing(_sandbox: Sandbox, _request: Request) -> tuple[str, dict[str, Any]]:
    raise NotFoundError("there is no such page")


_SHOWN: Mapping[str, Callable[[Sandbox, Request], tuple[str, dict[str, Any]]]] = {
    "": _overview,
    "requests": _requests,
    "request": _request,
    "tenant": _tenant,
}


def _html(status: int, template: str, context: Mapping[str, Any]) -> Response:
    text = _templates().get_template(template).render(context)
    return _answer(status, text.encode("utf-8", "replace"), "text/html")


def _answer(status: int, body: bytes, kind: str) -> Response:
    return Response(status, body, {**HEADERS, "Content-Type": f"{kind}; charset=utf-8"})


@functools.cache
def _templates() -> jinja2.Environment:
    import jinja2  # noqa: PLC0415 - of the extra `sandbox`; tests of the plugins go without it

    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["clock"] = page_log.clock
    templates.filters["iso"] = page_log.iso
    templates.filters["segment"] = lambda text: quote(str(text), safe="")
    templates.filters["spoken"] = page_log.spoken
    templates.filters["short"] = page_records.short
    templates.filters["kind"] = page_log.kind
    return templates

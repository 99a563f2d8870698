"""HTML from the templates, with the headers that every response of the page has."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from planhat_sandbox.http_messages import Response
from planhat_sandbox.web import log, records

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jinja2

TEMPLATES = Path(__file__).with_name("templates")
STATIC_FILES = {"page.css": "text/css", "page.js": "text/javascript"}
HEADERS = {
    "Cache-Control": "no-store",
    # No scripts but the page's own file, nothing from other origins, no page that frames this one.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
NO_JINJA = b"""<!doctype html><html lang="en"><title>Planhat sandbox</title>
<p>The sandbox is running. Its page needs Jinja: <code>pip install 'planhat-sync[sandbox]'</code>"""


def html(status: int, template: str, context: Mapping[str, Any]) -> Response:
    """Render a template.

    Args:
        status: HTTP status code.
        template: Name of the template.
        context: Its variables.

    Returns:
        The response; a note on how to install Jinja if it is missing.
    """
    try:
        text = _templates().get_template(template).render(context)
    except ImportError:
        return content(200, NO_JINJA, "text/html")
    return content(status, text.encode("utf-8", "replace"), "text/html")


def static_file(name: str) -> Response:
    """Return a static file.

    Args:
        name: A key of `STATIC_FILES`.
    """
    return content(200, (TEMPLATES / name).read_bytes(), STATIC_FILES[name])


def content(status: int, body: bytes, media_type: str) -> Response:
    """Return a text response.

    Args:
        status: HTTP status code.
        body: UTF-8 text.
        media_type: Such as ``text/html``.
    """
    return Response(status, body, {**HEADERS, "Content-Type": f"{media_type}; charset=utf-8"})


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
    templates.filters["clock"] = log.clock
    templates.filters["iso"] = log.iso
    templates.filters["segment"] = lambda text: quote(str(text), safe="")
    templates.filters["decoded"] = log.decoded
    templates.filters["short"] = records.short
    templates.filters["result"] = log.result
    return templates

"""Strikes secrets, and query strings, out of any text that is about to be shown."""

from __future__ import annotations

import base64
import json
import logging
import re
from urllib.parse import quote

MASK = "***"
SHORTEST_SECRET = 4
"""Anything shorter is no secret, and striking it out would leave nothing readable."""

_forms: tuple[str, ...] = ()


def add_secret(secret: str) -> None:
    """Strike a secret out of everything shown from now on, in each form it may take.

    Args:
        secret: The token as it is; its HTTP Basic form (base64 of the token and a colon), its
            percent-encoded, JSON and repr forms are hidden with it.
    """
    global _forms  # noqa: PLW0603 - what must not be shown is a matter of the whole process
    if len(secret) < SHORTEST_SECRET:
        return
    raw = secret.encode(errors="surrogatepass")
    forms = {
        secret,
        quote(raw, safe=""),
        quote(raw),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        base64.b64encode(raw + b":").decode(),
        base64.b64encode(raw).decode(),
    }
    # The longest first, or the rest of a longer form would stay behind.
    _forms = tuple(sorted({*_forms, *forms}, key=lambda form: (-len(form), form)))


def redact(text: str) -> str:
    """Replace every hidden secret in a text by ``***``."""
    for form in _forms:
        if form in text:
            text = text.replace(form, MASK)
    return text


class _WithoutQueries(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if "?" in text:
            record.msg, record.args = re.sub(r"\?[^\s\"')]*", "?…", text), ()
        record.exc_info = None  # urllib3 adds a traceback to its warning of an odd header
        return True


_without_queries = _WithoutQueries()


def strip_queries(*loggers: str) -> None:
    """Let loggers of libraries show paths only, since company ids are part of a query string.

    Args:
        loggers: Their names; a second call for the same one changes nothing.
    """
    for name in loggers:
        logging.getLogger(name).addFilter(_without_queries)

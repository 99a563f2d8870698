"""Removes secrets and query strings from texts that are about to be shown."""

from __future__ import annotations

import base64
import json
import logging
import re
from urllib.parse import quote

MASK = "***"
SHORTEST_SECRET = 4
"""A shorter text is not a secret, and removing it would make other texts unreadable."""

_forms: tuple[str, ...] = ()


def add_secret(secret: str) -> None:
    """Redact a secret from now on, in each form that it may take.

    Args:
        secret: The token itself; also redacted are its HTTP Basic form (base64 of the token and a
            colon) and its lowercase, percent-encoded, JSON and repr forms.
    """
    global _forms  # noqa: PLW0603 - the secrets of the process
    if len(secret) < SHORTEST_SECRET:
        return
    raw = secret.encode(errors="surrogatepass")
    forms = {
        secret,
        secret.lower(),  # as a host name, if it was set as api_url
        quote(raw, safe=""),
        quote(raw),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        base64.b64encode(raw + b":").decode(),
        base64.b64encode(raw).decode(),
    }
    # The longest first, or the rest of a longer form would remain.
    _forms = tuple(sorted({*_forms, *forms}, key=lambda form: (-len(form), form)))


def redact(text: str) -> str:
    """Return a text with every secret replaced by ``***``."""
    for form in _forms:
        if form in text:
            text = text.replace(form, MASK)
    return text


def _without_queries(record: logging.LogRecord) -> bool:
    text = record.getMessage()
    if "?" in text:
        record.msg, record.args = re.sub(r"\?[^\s\"')]*", "?…", text), ()
    record.exc_info = None  # urllib3 adds a traceback to its warning about a malformed header
    return True


def strip_queries(*loggers: str) -> None:
    """Remove query strings, which contain company ids, from the records of loggers.

    Args:
        loggers: Names of loggers; a second call for the same logger changes nothing.
    """
    for name in loggers:
        logging.getLogger(name).addFilter(_without_queries)

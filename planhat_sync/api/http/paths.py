"""Builds paths and query strings that address exactly the resource that is meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from planhat_sync.errors import InvalidIdentifierError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planhat_sync.model import Model

LONGEST_QUOTED_IDENTIFIER = 1500
"""Planhat documents no maximum URL length; many servers refuse 8 KB, and some 2 KB."""

_SEPARATOR = re.compile(r"[/\\]")


def record_path(model: Model, identifier: str) -> str:
    """Return the path of one record, with the identifier quoted as one segment.

    An identifier that would lead out of the model's path on a server that decodes it before it
    resolves ``..`` is refused, however often it is percent-encoded.

    Args:
        model: The model of the record.
        identifier: Its ``_id``, ``srcid-…`` or ``extid-…``.

    Raises:
        InvalidIdentifierError: It is empty, too long, not valid Unicode, or leads elsewhere.
    """
    if not identifier:
        raise InvalidIdentifierError("an empty identifier would mean all records")
    try:
        quoted = quote(identifier, safe="")
    except UnicodeEncodeError as error:
        raise InvalidIdentifierError("an identifier contains half a surrogate pair") from error
    if len(quoted) > LONGEST_QUOTED_IDENTIFIER:
        raise InvalidIdentifierError("an identifier is too long to be part of an address")
    if _leads_elsewhere(identifier):
        raise InvalidIdentifierError("an identifier contains . or .. as a step of a path")
    return f"{model.path}/{quoted}"


def _leads_elsewhere(identifier: str) -> bool:
    decoded = None
    while decoded != identifier:
        if any(step in (".", "..") for step in _SEPARATOR.split(identifier)):
            return True
        decoded, identifier = identifier, unquote(identifier)
    return False


def query_string(parameters: Mapping[str, Iterable[str] | str | int | None]) -> str:
    """Return a query string: lists joined with commas, None and empty lists left out.

    Args:
        parameters: Values by name.
    """
    parts = []
    for name, value in parameters.items():
        values = [str(value)] if isinstance(value, (str, int)) else list(value or ())
        if values:
            parts.append(f"{name}={','.join(quote(each, safe='') for each in values)}")
    return "&".join(parts)

"""Values that identify a record, and the references that mean a company."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from unicodedata import category

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPANY_PREFIXES: Final = {"externalId": "extid-", "sourceId": "srcid-"}
"""How Planhat refers to a company by another identifier (fact: company-reference)."""

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
"""Unicode categories of the characters that show nothing: control, format and separators."""


def is_blank(value: object) -> bool:
    """Return whether a value identifies nothing: null, "", and text without a visible character.

    Databases pad a CHAR column with blanks and a BINARY column with NUL, even if it is empty; a
    cell that somebody copied may hold nothing but a zero-width space.
    """
    return value is None or (isinstance(value, str) and not is_visible(value))


def is_visible(text: str) -> bool:
    """Return whether any character is other than white space, a control or a format character."""
    return "!" <= text < "\x7f" or any(category(each) not in _INVISIBLE for each in text)


def references_to(company: Mapping[str, Any]) -> dict[str, str]:
    """Return the references that mean a company, by their kind: `_id`, or the prefix.

    Args:
        company: `_id`, `externalId` and `sourceId`, of any type; what is not text, or is blank,
            identifies nothing.
    """
    keys = {"_id": company.get("_id")} | {
        prefix: company.get(name) for name, prefix in COMPANY_PREFIXES.items()
    }
    return {
        kind: key if kind == "_id" else kind + key
        for kind, key in keys.items()
        if isinstance(key, str) and not is_blank(key)
    }

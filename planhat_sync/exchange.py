"""One HTTP exchange as data: what is asked, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked.

    Attributes:
        method: HTTP method.
        path: Path below the API's address, quoted.
        query: Query string, quoted, without its question mark.
        body: The JSON that leaves, or None.
        patience: How many times the usual timeout it may take.
    """

    method: str
    path: str
    query: str = field(default="", repr=False)
    body: bytes | None = field(default=None, repr=False)
    patience: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole.

    Attributes:
        status: HTTP status.
        headers: Headers by lower-case name.
        body: The body, decompressed.
        repeated: Whether an earlier attempt of the same request may have been carried out.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    repeated: bool = False

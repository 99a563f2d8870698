"""Requests and answers of a Planhat in memory, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulation.plan import Change
    from simulation.story import Version


@dataclass(frozen=True, slots=True)
class Ask:
    """A request.

    Attributes:
        number: Its number among all requests that Planhat has received.
        method: HTTP method.
        path: Its path, quoted.
        query: Its query, quoted.
        body: Its content.
    """

    number: int
    method: str
    path: str
    query: str = ""
    body: bytes = b""

    @property
    def segments(self) -> tuple[str, ...]:
        """The segments of the path, decoded."""
        return tuple(unquote(segment) for segment in self.path.strip("/").split("/"))

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the query, decoded."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        status: HTTP status.
        body: Its content.
        headers: Headers by lower-case name.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Planhat(Protocol):
    """One tenant."""

    def answer(self, ask: Ask) -> Reply:
        """Do what a request asks for.

        Args:
            ask: The request.
        """
        ...

    def change(self, change: Change) -> str | None:
        """Make a change without a request.

        Args:
            change: What is changed.

        Returns:
            The `_id` of the record; None if there is none.
        """
        ...

    def records(self, model: str) -> list[dict[str, Any]]:
        """Return the records of a model as they are now, sorted by `_id`."""
        ...

    def versions(self, model: str) -> Mapping[str, Sequence[Version]]:
        """Return all versions of each record of a model by its `_id`, oldest first."""
        ...

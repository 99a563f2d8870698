"""Questions to a tenant, each of them one GET, and what came back."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Row = dict[str, Any]

NOT_JSON = object()
"""Stands for a body that is not JSON."""


@dataclass(frozen=True, slots=True)
class Question:
    """One GET.

    Attributes:
        path: Path below the API's address, quoted.
        query: Parameters in their order.
    """

    path: str
    query: tuple[tuple[str, str], ...] = ()

    @property
    def list_path(self) -> str:
        """The path without the identifier of a record, so that it can be shown."""
        return "/" + self.path.split("/")[1]

    @property
    def is_list(self) -> bool:
        """Whether many records are asked for, and not one."""
        return self.path == self.list_path


@dataclass(frozen=True, slots=True, eq=False)
class FollowUp:
    """A question that depends on what came back before.

    Attributes:
        after: The questions before it.
        make: Makes the question of their replies; None if they do not show what it needs.
        lacking: Why it cannot be asked then.
    """

    after: tuple[Asked, ...]
    make: Callable[..., Question | None]
    lacking: str


Asked = Question | FollowUp


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        question: What was asked.
        status: HTTP status.
        value: The body as a JSON value, `NOT_JSON` if it is something else.
        headers: Headers by lower-case name.
        size: Length of the body, decompressed.
        at: When it came: seconds since 1970-01-01 UTC, by the clock of this machine.
    """

    question: Question
    status: int = 200
    value: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    size: int = 0
    at: float = 0.0

    @property
    def is_ok(self) -> bool:
        """Whether it was answered as asked."""
        return self.status == HTTPStatus.OK

    @property
    def rows(self) -> list[Row]:
        """The records of a list; none if it is not one."""
        return [row for row in self.value if isinstance(row, dict)] if self.is_list else []

    @property
    def record(self) -> Row:
        """The record; empty if it is not one."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def is_list(self) -> bool:
        """Whether the body is a list."""
        return isinstance(self.value, list)

    @property
    def has_form(self) -> bool:
        """Whether the body is what was asked for: a list of objects, or an object."""
        if not self.question.is_list:
            return isinstance(self.value, dict)
        return self.is_list and len(self.rows) == len(self.value)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Stands for the reply to a question that was not asked, or had no usable answer.

    Attributes:
        reason: Why.
    """

    reason: str


def ask(path: str, **parameters: str | int) -> Question:
    """Return a question.

    Args:
        path: Path of a list, or of a record whose identifier needs no quoting.
        parameters: The query.
    """
    return Question(path, tuple((name, str(value)) for name, value in parameters.items()))


def ask_record(path: str, identifier: str) -> Question:
    """Return the question for one record.

    Args:
        path: Path of the list.
        identifier: What stands in the path, not quoted.
    """
    return Question(f"{path}/{quote(identifier, safe='')}")


def all_of(asked: Iterable[Asked]) -> frozenset[Asked]:
    """Return questions with all those before them, each once.

    Args:
        asked: The questions.
    """
    found: set[Asked] = set()
    for each in asked:
        found.add(each)
        if isinstance(each, FollowUp):
            found |= all_of(each.after)
    return frozenset(found)

"""What `target-planhat --check` says: whether the token is good, what it may read and write.

Nothing is created, changed or deleted to find out. Reading is tried with one row; writing with an
empty bulk upsert, to which 401 and 403 are a refusal and everything else is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from planhat_sync.errors import (
    AuthenticationError,
    NotPermittedError,
    StopError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.models import Model


@dataclass(frozen=True, slots=True)
class Rights:
    """What the token may do with one model.

    Attributes:
        model: Name of the model.
        reads: Whether it may read, in words.
        writes: Whether it may write, in words.
        good: Whether nothing was refused.
    """

    model: str
    reads: str
    writes: str
    good: bool

    def __str__(self) -> str:
        return f"{self.model}: reading {self.reads}, writing {self.writes}"


def rights(client: PlanhatClient, models: Iterable[Model]) -> Iterator[Rights]:
    """Try what the token may do.

    Args:
        client: Planhat.
        models: The models to try.

    Yields:
        One answer for each model.

    Raises:
        StopError: The token is not accepted, or Planhat cannot be reached.
    """
    for model in models:
        reads, may_read = _reading(client, model)
        writes, may_write = _writing(client, model)
        yield Rights(model.name, reads, writes, may_read and may_write)


def _reading(client: PlanhatClient, model: Model) -> tuple[str, bool]:
    try:
        client.list_page(model, limit=1, offset=0, select=("_id",), decode=bytes)
    except NotPermittedError:
        return "is refused (403)", False
    return "is permitted", True


def _writing(client: PlanhatClient, model: Model) -> tuple[str, bool]:
    try:
        answer = client.bulk_upsert(model, b"[]", repeatable=True, retry_budget_seconds=0)
    except (AuthenticationError, UnreachableError):
        raise
    except StopError as error:
        if error.status is None:
            raise
        return "is not refused", True
    if answer.status == HTTPStatus.FORBIDDEN:
        return "is refused (403)", False
    return "is not refused", True

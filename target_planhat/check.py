"""Finds out for `target-planhat --check` what the token may read and write.

Nothing is created, changed or deleted. Reading is tried with one row, and writing with an empty
bulk upsert, which is refused if the answer is 401 or 403, and only then.
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
        may_read: Whether it may read records.
        may_write: Whether writing was not refused.
    """

    model: str
    may_read: bool
    may_write: bool

    def __str__(self) -> str:
        read = "permitted" if self.may_read else "refused (403)"
        write = (
            "not refused (an empty upsert was accepted; single records may still be refused)"
            if self.may_write
            else "refused (403)"
        )
        return f"{self.model}: reading {read}; writing {write}"


def rights(client: PlanhatClient, models: Iterable[Model]) -> Iterator[Rights]:
    """Find out what the token may do.

    Args:
        client: Planhat.
        models: The models to try.

    Yields:
        The rights to each model.

    Raises:
        StopError: The token is not accepted, or Planhat cannot be reached.
    """
    for model in models:
        yield Rights(model.name, _may_read(client, model), _may_write(client, model))


def _may_read(client: PlanhatClient, model: Model) -> bool:
    try:
        client.list_page(model, limit=1, offset=0, select=("_id",), decode=bytes)
    except NotPermittedError:
        return False
    return True


def _may_write(client: PlanhatClient, model: Model) -> bool:
    try:
        answer = client.bulk_upsert(model, b"[]", repeatable=True, retry_budget_seconds=0)
    except (AuthenticationError, UnreachableError):
        raise
    except StopError as error:
        if error.status is None:
            raise
        return True
    return answer.status != HTTPStatus.FORBIDDEN

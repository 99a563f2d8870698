"""Finds out, before a run, what the token may read and write.

Nothing is created, changed or deleted. Reading is tried with one row, and writing with an empty
bulk upsert, which is refused if the answer is 401 or 403, and only then.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from planhat_sync.api.companies import COMPANIES
from planhat_sync.errors import (
    AuthenticationError,
    NotPermittedError,
    StopError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.model import Model


@dataclass(frozen=True, slots=True)
class Rights:
    """What a token may do with the records of one model.

    Attributes:
        reads: Whether it may read them.
        writes: Whether Planhat has not refused to have them written, although it may refuse single
            records; None where only a record itself would show it.
    """

    reads: bool
    writes: bool | None


def rights_of(client: PlanhatClient, model: Model) -> Rights:
    """Find out what the token may do with the records of a model.

    Args:
        client: Planhat.
        model: The model.

    Raises:
        StopError: The token is not accepted, or Planhat cannot be reached.
    """
    reads = _may_read(client, model)
    return Rights(reads, None if model.is_written_singly else _may_write(client, model))


def models_to_check(models: Mapping[str, Model], mapped: Collection[str]) -> list[Model]:
    """Return the models that a run probably writes; not every tenant has all of Planhat's.

    Args:
        models: The models by name.
        mapped: Names of the models that the mappings make records of.
    """
    return [each for each in models.values() if each.selected_by_default or each.name in mapped]


def refused_models(
    client: PlanhatClient, models: Iterable[Model], show: Callable[[str], object]
) -> list[str]:
    """Show what the token may do, one line for each model, and whether it may read companies.

    The token need not be allowed to read companies, so a refusal to do so is not an error.

    Args:
        client: Planhat.
        models: The models to try.
        show: Receives each line.

    Returns:
        The names of the models that it may not read, or not write.

    Raises:
        StopError: The token is not accepted, or Planhat cannot be reached.
    """
    refused = []
    is_any_accepted = False
    for model in models:
        rights = rights_of(client, model)
        is_any_accepted |= rights.writes is True
        show(f"{model.name}: reading {_words(rights.reads)}; writing {_WRITES[rights.writes]}")
        if not rights.reads or rights.writes is False:
            refused.append(model.name)
    can_read = _may_read(client, COMPANIES)
    identified = "" if can_read else ": only their _id identifies them in records"
    show(f"companies: reading {_words(can_read)}{identified}")
    if is_any_accepted:
        show(_NOT_REFUSED)
    return refused


_WRITES: Final = {
    True: "not refused",
    False: "refused (403)",
    None: "not tried (only a record can show it)",
}
_NOT_REFUSED: Final = "not refused: an empty upsert was accepted, but single records may be refused"


def _words(is_permitted: bool) -> str:  # noqa: FBT001 - its only argument
    return "permitted" if is_permitted else "refused (403)"


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

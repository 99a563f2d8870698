"""Fills an index from Planhat's own lists: of the records there are, and of those just created.

Owns which properties are asked for, and the ids in an answer to a bulk upsert.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from planhat_sync.api.pagination.scan import read_pages
from planhat_sync.writing.matching.index import Index
from planhat_sync.writing.records.exact_json import exact_number
from planhat_sync.writing.records.keys import ID

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from planhat_sync.api.client import PlanhatClient
    from planhat_sync.api.http.exchange import Answer
    from planhat_sync.models import Model

_CREATED: Final = ("insertsKeys", "upsertedIds")
_UPDATED: Final = ("updatesKeys", "modified")
_ROWS: Final = msgspec.json.Decoder(list[dict[str, Any]], float_hook=exact_number)


def read_index(
    client: PlanhatClient,
    model: Model,
    *,
    keyed: bool,
    compared: Sequence[str],
    stop: threading.Event | None,
) -> Index:
    """Read which records there are.

    Args:
        client: Planhat.
        model: Whose records.
        keyed: Whether they are to be found by other keyables than `_id`.
        compared: The properties whose values are to be compared.
        stop: Ends the reading.

    Raises:
        PlanhatError: The list could not be read to its end.
    """
    index = Index(model, keyed=keyed, properties=compared)
    keys = [*model.keyables, *model.keyable_scope.values()] if keyed else []
    pages = read_pages(
        client,
        model,
        select=tuple(dict.fromkeys([ID, *keys, *compared])),
        stop=stop,
        decode=_ROWS.decode,
    )
    for page in pages:
        for row in page:
            index.add(row)
    return index


def created_ids(answer: Answer) -> list[str]:
    """Read the ids of the records that were created, wherever an answer gives them.

    If the request was sent again, its first attempt may have created what is updated now.

    Args:
        answer: The answer to a bulk upsert.
    """
    try:
        body = msgspec.json.decode(answer.body)
    except ValueError:
        return []
    if not isinstance(body, dict):
        return []
    entries = [
        entry
        for name in (*_CREATED, *(_UPDATED if answer.repeated else ()))
        if isinstance(body.get(name), list)
        for entry in body[name]
    ]
    ids = [entry.get(ID) if isinstance(entry, dict) else entry for entry in entries]
    return [identifier for identifier in ids if isinstance(identifier, str)]

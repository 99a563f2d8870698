"""Reads an index from Planhat: from its list of records, and from the ids in its answers.

Owns which properties are selected, and where an answer to a bulk upsert has ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from planhat_sync.api.bulk.envelope import Envelope
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

_ROWS: Final = msgspec.json.Decoder(list[dict[str, Any]], float_hook=exact_number)


def load_index(
    client: PlanhatClient,
    model: Model,
    *,
    by_all_keyables: bool,
    compared: Sequence[str],
    stop: threading.Event | None,
) -> Index:
    """Read the records of a model into an index.

    Args:
        client: Planhat.
        model: The model.
        by_all_keyables: Whether records are to be found by other keyables than their `_id`.
        compared: The properties whose values are compared.
        stop: Ends the reading.

    Raises:
        PlanhatError: The list could not be read to its end.
    """
    index = Index(model, by_all_keyables=by_all_keyables, compared=compared)
    keys = [*model.keyables, *model.keyable_scope.values()] if by_all_keyables else []
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
    """Return the ids of created records that an answer contains.

    If the request was repeated, its first attempt may have created what the answer calls updated.

    Args:
        answer: The answer to a bulk upsert.
    """
    envelope = Envelope(answer.body)
    entries = [*envelope.inserts, *(envelope.updates if answer.repeated else ())]
    ids = [entry.get(ID) if isinstance(entry, dict) else entry for entry in entries]
    return [identifier for identifier in ids if isinstance(identifier, str)]

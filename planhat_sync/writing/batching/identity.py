"""Whether two payloads may mean the same record of Planhat's, judged by what they say of it.

Owns the comparison of keyables between payloads. What the destination holds is not asked: two
payloads that name one record by different keyables cannot be told from two that do not, so their
order is kept instead (see `batches`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.records.keys import EVERYWHERE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planhat_sync.writing.records.payload import Payload

Identity = tuple[int, str] | tuple[int, str, str]
"""Place of a keyable among the model's, its value and, where it is said, its scope: payloads
that share a token mean one record."""

NO_SCOPE: Final = "?"
"""Kind of a scope that a payload does not name."""


def scope_kind(scope: str | None) -> str:
    """Tell how a payload names a company: by `_id`, by `extid-`, by `srcid-`, or not at all.

    Two names of one kind are two companies if they differ; of two kinds, nobody can tell.
    """
    if scope is None:
        return NO_SCOPE
    prefix = scope[:6]
    return prefix if prefix in ("extid-", "srcid-") else "_id"


def identities(payload: Payload) -> list[Identity]:
    """List the names by which a payload calls its record."""
    scopes = payload.scopes
    if not scopes:
        return [(at, key) for at, key in enumerate(payload.keys) if key is not None]
    return [
        (at, key, normalized_scope(scope)) if (scope := scopes[at]) else (at, key)
        for at, key in enumerate(payload.keys)
        if key is not None
    ]


def scoped_keys(payload: Payload) -> list[tuple[Identity, str]]:
    """List the names of a payload that may be another one's too, although the tokens differ.

    Returns:
        The keyable with its value, and the kind of its scope. Of two payloads that share the
        former, with two kinds, nobody can tell whether they mean one record.
    """
    return [
        ((at, key), scope_kind(scope))
        for at, (key, scope) in enumerate(zip(payload.keys, payload.scopes, strict=False))
        if key is not None and scope != EVERYWHERE
    ]


def order_matters(payloads: Iterable[Payload]) -> bool:
    """Return whether payloads of one batch must be sent in their order, whatever Planhat holds.

    The order is free only if every payload carries the same single keyable. `{_id: 1}` and
    `{sourceId: s}` may mean one record. `{_id: 1, sourceId: t}` and `{_id: 2, sourceId: s}` mean
    two records, but the second may need a sourceId that the first gives up.

    Args:
        payloads: Payloads that share no identity.
    """
    profiles = {tuple([key is not None for key in payload.keys]) for payload in payloads}
    return len(profiles) > 1 or any(sum(profile) > 1 for profile in profiles)


def covers(later: Payload, earlier: Payload) -> bool:
    """Tell whether writing the later payload alone ends as writing both in turn.

    So it does if both are matched in the same way and the later one says everything that the
    earlier one said, whatever Planhat makes of objects (merge or replace) and of empty values
    (clear or ignore): every property, and inside objects every key, comes again, and none comes
    again emptied.
    """
    return (
        later.operation == earlier.operation == "upsert"
        and later.keys == earlier.keys
        and later.scopes == earlier.scopes
        and _covers(decode(later.item), decode(earlier.item))
    )


def _covers(later: object, earlier: object) -> bool:
    if isinstance(later, dict):
        return isinstance(earlier, dict) and all(
            name in later and _covers(later[name], value) for name, value in earlier.items()
        )
    if later in (None, "", []):
        return bool(later == earlier)
    return not isinstance(earlier, dict)


def normalized_scope(scope: str) -> str:
    """Write a company's id as MongoDB does, which reads its digits in either case."""
    return scope.lower() if scope_kind(scope) == "_id" else scope

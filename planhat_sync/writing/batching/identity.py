"""Whether two payloads may refer to the same record of Planhat, by their keyables alone.

Owns the comparison of keyables between payloads, and knows nothing of what Planhat holds. Two
payloads may refer to the same record by different keyables, which cannot be seen here, so `batcher`
keeps their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planhat_sync.writing.records.block import Block
from planhat_sync.writing.records.exact_json import decode
from planhat_sync.writing.records.keys import EVERYWHERE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from planhat_sync.writing.batching.batch import Part
    from planhat_sync.writing.records.payload import Payload

Identity = tuple[int, str] | tuple[int, str, str]
"""Position of a keyable among the model's, its value and, if the payload has it, its scope. Two
payloads that share an identity refer to the same record."""

ScopeKind = str
"""How a payload refers to a company: by `_id`, by `extid-`, by `srcid-`, or not at all."""

Profile = tuple[bool, ...]
"""For each keyable of the model whether a payload carries it."""

NO_SCOPE: Final = "?"
"""Kind of a scope that a payload does not have."""


def scope_kind(scope: str | None) -> ScopeKind:
    """Return how a payload refers to a company.

    Two references of one kind that differ are two companies. Two references of different kinds may
    be the same company.
    """
    if scope is None:
        return NO_SCOPE
    prefix = scope[:6]
    return prefix if prefix in ("extid-", "srcid-") else "_id"


def normalized_scope(scope: str) -> str:
    """Return a reference to a company with the digits of an `_id` in lower case.

    MongoDB reads them in either case.
    """
    return scope.lower() if scope_kind(scope) == "_id" else scope


def identities(part: Part) -> list[Identity]:
    """Return the identities of payloads, one for each keyable that each of them carries.

    Args:
        part: A payload, or a block.
    """
    if isinstance(part, Block):
        return [(at, key) for at, keys in enumerate(part.keys) if keys is not None for key in keys]
    payload, scopes = part, part.scopes
    if not scopes:
        return [(at, key) for at, key in enumerate(payload.keys) if key is not None]
    return [
        (at, key, normalized_scope(scope)) if (scope := scopes[at]) else (at, key)
        for at, key in enumerate(payload.keys)
        if key is not None
    ]


def scoped_keys(part: Part) -> list[tuple[Identity, ScopeKind]]:
    """Return the keyables of a payload that are unique only within a company; a block has none.

    Args:
        part: A payload, or a block.

    Returns:
        Each keyable without its company, and the kind of the reference to the company. Two payloads
        that share the keyable, with references of different kinds, may refer to the same record
        although they share no identity.
    """
    if isinstance(part, Block):
        return []
    payload = part
    return [
        ((at, key), scope_kind(scope))
        for at, (key, scope) in enumerate(zip(payload.keys, payload.scopes, strict=False))
        if key is not None and scope != EVERYWHERE
    ]


def profiles(payloads: Iterable[Payload]) -> set[Profile]:
    """Return which keyables payloads carry, without repetitions."""
    return {tuple([key is not None for key in payload.keys]) for payload in payloads}


def order_matters(carried: Collection[Profile]) -> bool:
    """Return whether payloads must be sent in their order, whatever Planhat holds.

    The order is free only if every payload carries the same single keyable. `{_id: 1}` and
    `{sourceId: s}` may refer to the same record. `{_id: 1, sourceId: t}` and `{_id: 2, sourceId:
    s}` refer to two records, but the second may need a sourceId that the first gives up.

    Args:
        carried: The profiles of payloads that share no identity.
    """
    return len(carried) > 1 or any(sum(profile) > 1 for profile in carried)


def covers(later: Payload, earlier: Payload) -> bool:
    """Return whether the later payload alone has the same effect as both, one after the other.

    This is so if both are matched in the same way and the later one has everything that the earlier
    one has: every property and every key of nested objects, none of them emptied. Then it does not
    matter whether Planhat merges or replaces objects, or whether it clears or ignores empty values.
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

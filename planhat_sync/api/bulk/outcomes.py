"""What Planhat did with each payload of one bulk upsert: read from the answer, never guessed.

An answer is *settled* when exactly one reading of it accounts for every payload (facts
bulk-counts and bulk-status-boundary). Otherwise the caller sends parts of the batch again
(`planhat_sync.writing.sending.bisection`); a request of one payload is always settled, if need be
as "outcome unknown".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from planhat_sync.api.bulk.entries import Register
from planhat_sync.api.bulk.envelope import LONGEST_REASON, Counts, Envelope, reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planhat_sync.api.bulk.entries import Sent
    from planhat_sync.api.bulk.envelope import Entry
    from planhat_sync.api.http.exchange import Answer

Kind = Literal["refused", "forbidden", "too_large", "outcome_unknown"]

NO_REASON = "Planhat refused it and gave no reason"
UNACCOUNTED = "Planhat's answer does not say what became of it; it may have been written"

_OK = 200
_PARTIAL = 206
_FORBIDDEN = 403
_TOO_LARGE = 413


@dataclass(frozen=True, slots=True)
class Refusal:
    """One payload that Planhat did not write, as far as it says.

    Attributes:
        kind: Why, for machines.
        message: Why, for people; Planhat's own words where it gave any.
        may_be_written: Whether it may have been written all the same.
    """

    kind: Kind
    message: str
    may_be_written: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """An answer that accounts for every payload.

    Attributes:
        counts: The payloads that were accepted.
        refusals: The others, by their place in the request.
    """

    counts: Counts
    refusals: Mapping[int, Refusal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An answer that leaves open what became of some payloads.

    Attributes:
        claims: What the answer's counts may mean; empty if it has none.
        created: Places of payloads that were created for certain.
        updated: Places of payloads that were updated for certain.
        suspects: Places that error entries seem to mean.
        explained: Whether any error entry came at all.
    """

    claims: tuple[Counts, ...] = ()
    created: frozenset[int] = frozenset()
    updated: frozenset[int] = frozenset()
    suspects: frozenset[int] = frozenset()
    explained: bool = False


def read_answer(
    keyables: Sequence[str], payloads: Sequence[Sent], answer: Answer
) -> Settled | Unsettled:
    """Read what became of the payloads of one bulk upsert.

    Args:
        keyables: The model's keyables, in the order of the payloads' `keys`.
        payloads: What was sent, in order; at least one.
        answer: An answer of status 200, 206, 400, 403 or 413.

    Returns:
        `Settled` if the answer accounts for every payload, which it always does for a single one;
        else `Unsettled`.
    """
    envelope = Envelope(answer.body)
    size = len(payloads)
    if answer.status == _OK and not envelope.entries:
        for claim in envelope.claims:
            if claim.total == size:
                return Settled(claim)
    if not envelope.is_object:
        return _settle_single(envelope, answer.status) if size == 1 else Unsettled()
    register = Register(keyables, payloads)
    created = {place for e in envelope.inserts if (place := register.written(e)) is not None}
    updated = {place for e in envelope.updates if (place := register.written(e)) is not None}
    if answer.status in (_OK, _PARTIAL) and not envelope.entries and len(created | updated) == size:
        # Each is named as written and none as failed; counts that say otherwise are wrong.
        return Settled(Counts(len(created), len(updated - created)))
    if size == 1:
        return _settle_single(envelope, answer.status, is_named=bool(created | updated))
    return _settle(envelope, register, created, updated, size)


def _settle(
    envelope: Envelope, register: Register, created: set[int], updated: set[int], size: int
) -> Settled | Unsettled:
    named: dict[int, list[Entry]] = {}
    for entry in envelope.entries:
        place = register.blamed(entry.value)
        if place is not None:
            named.setdefault(place, []).append(entry)
    written = created | updated
    if envelope.entries and written.isdisjoint(named):
        for claim in envelope.claims:
            left = set(range(size)) - written if claim.total == len(written) else set()
            # One left over is the one in error, whatever the entries look like. Of several, each
            # must be named: a server that stops at the first bad item leaves good ones over too.
            if left and (left == named.keys() or len(left) == 1):
                return Settled(claim, _refusals(left, named, envelope.entries))
    return Unsettled(
        claims=envelope.claims,
        created=frozenset(created - updated - named.keys()),
        updated=frozenset(updated - named.keys()),
        suspects=frozenset(named),
        explained=bool(envelope.entries),
    )


def _settle_single(envelope: Envelope, status: int, *, is_named: bool = False) -> Settled:
    """Settle a request of one payload that is not accepted beyond doubt.

    It is refused if nothing in the answer says that it was written. Anything between is told as
    it is: unknown.
    """
    if (
        is_named
        or any(claim.total for claim in envelope.claims)
        or (status == _OK and not envelope.entries)
    ):
        return Settled(Counts(), {0: Refusal("outcome_unknown", UNACCOUNTED, may_be_written=True)})
    refusal = (
        _refusal(envelope.entries)
        if envelope.entries
        else Refusal(_kind(forbidden=status == _FORBIDDEN), envelope.said or NO_REASON)
    )
    if status == _TOO_LARGE:
        refusal = Refusal("too_large", envelope.said or "Planhat refused it for its size")
    return Settled(Counts(), {0: refusal})


def _refusals(
    left: set[int], named: Mapping[int, list[Entry]], entries: list[Entry]
) -> dict[int, Refusal]:
    return {place: _refusal(named.get(place) or entries) for place in left}


def _refusal(entries: Sequence[Entry]) -> Refusal:
    reasons = dict.fromkeys(words for entry in entries if (words := reason(entry.value)))
    text = "; ".join(reasons)[:LONGEST_REASON] or NO_REASON
    return Refusal(_kind(forbidden=all(entry.forbidden for entry in entries)), text)


def _kind(*, forbidden: bool) -> Kind:
    return "forbidden" if forbidden else "refused"

"""Reads from the answer to a write what Planhat did with each payload, and never guesses.

An answer is *settled* when exactly one reading of it accounts for every payload (facts
bulk-counts and bulk-status-boundary). Otherwise the caller sends parts of the batch again
(`planhat_sync.writing.sending.bisection`). The answer to a single payload is always settled, if
need be as "outcome unknown".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

from planhat_sync.api.bulk.entries import SentPayloads
from planhat_sync.api.bulk.envelope import LONGEST_REASON, Counts, Envelope, reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planhat_sync.api.bulk.entries import SentPayload
    from planhat_sync.api.bulk.envelope import Entry
    from planhat_sync.api.http.exchange import Answer

Kind = Literal["refused", "forbidden", "too_large", "outcome_unknown"]

NO_REASON = "Planhat refused it and gave no reason"
GONE = "Planhat has no record with this _id any more"
UNACCOUNTED = "Planhat's answer does not say what happened to it; it may have been written"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One payload that Planhat did not write, or not for certain.

    Attributes:
        kind: The reason, as a code.
        message: The reason, as a sentence; Planhat's own message if there is one.
        may_be_written: Whether it may have been written nevertheless.
    """

    kind: Kind
    message: str
    may_be_written: bool = False


_UNKNOWN = Refusal("outcome_unknown", UNACCOUNTED, may_be_written=True)


@dataclass(frozen=True, slots=True)
class Settled:
    """An answer that accounts for every payload.

    Attributes:
        counts: The payloads that were accepted.
        refusals: The others, by their index in the request.
    """

    counts: Counts
    refusals: Mapping[int, Refusal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An answer that does not account for every payload.

    Attributes:
        claims: What the answer's counts may mean; empty if it has none.
        created: Indices of payloads that were certainly created.
        updated: Indices of payloads that were certainly updated.
        suspects: Indices of payloads that error entries seem to refer to.
        explained: Whether there is any error entry.
        uncertain: Whether the answer names fewer payloads as written than its counts say.
    """

    claims: tuple[Counts, ...] = ()
    created: frozenset[int] = frozenset()
    updated: frozenset[int] = frozenset()
    suspects: frozenset[int] = frozenset()
    explained: bool = False
    uncertain: bool = False


def read_answer(
    keyables: Sequence[str], payloads: Sequence[SentPayload], answer: Answer
) -> Settled | Unsettled:
    """Return what happened to the payloads of one bulk upsert.

    Args:
        keyables: The model's keyables, in the order of the payloads' `keys`.
        payloads: The payloads sent, in order; at least one.
        answer: An answer of status 200, 206, 400, 403 or 413.

    Returns:
        `Settled` if the answer accounts for every payload, as it always does for a single one;
        otherwise `Unsettled`.
    """
    envelope = Envelope(answer.body)
    size = len(payloads)
    if answer.status == HTTPStatus.OK and not envelope.entries:
        for claim in envelope.claims:
            if claim.total == size:
                return Settled(claim)
    if not envelope.is_object:
        return _settle_single(envelope, answer.status) if size == 1 else Unsettled()
    sent = SentPayloads(keyables, payloads)
    created = {at for e in envelope.inserts if (at := sent.find_written(e)) is not None}
    updated = {at for e in envelope.updates if (at := sent.find_written(e)) is not None}
    is_success = answer.status < HTTPStatus.MULTIPLE_CHOICES and not envelope.entries
    if is_success and len(created | updated) == size:
        # Every payload is named as written and none as failed, whatever the counts say.
        return Settled(Counts(len(created), len(updated - created)))
    if size == 1:
        return _settle_single(envelope, answer.status, is_named=bool(created | updated))
    return _settle(envelope, sent, created, updated, size)


def read_record_answer(answer: Answer, *, is_create: bool) -> Settled:
    """Return what happened to the one record of a request that is not a bulk upsert.

    Planhat answers with the record that it has written. An answer that claims success, and is not a
    record, is a refusal only if it gives a reason.

    Args:
        answer: An answer of status 200, 201, 400, 403, 404 or 413.
        is_create: Whether the record was to be created.
    """
    envelope = Envelope(answer.body)
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        if envelope.identifier is not None:
            return Settled(Counts(created=1) if is_create else Counts(updated=1))
        if envelope.message:
            return Settled(Counts(), {0: Refusal("refused", envelope.message)})
        return Settled(Counts(), {0: _UNKNOWN})
    if answer.status == HTTPStatus.NOT_FOUND and not is_create:
        return Settled(Counts(), {0: Refusal("refused", envelope.message or GONE)})
    return _settle_single(envelope, answer.status)


def _settle(
    envelope: Envelope, sent: SentPayloads, created: set[int], updated: set[int], size: int
) -> Settled | Unsettled:
    named: dict[int, list[Entry]] = {}
    for entry in envelope.entries:
        if (at := sent.find_refused(entry.value)) is not None:
            named.setdefault(at, []).append(entry)
    written = created | updated
    if envelope.entries and written.isdisjoint(named):
        for claim in envelope.claims:
            left = set(range(size)) - written if claim.total == len(written) else set()
            # A single payload that is left is the one in error, whatever the entries look like. Of
            # several, each must be named: a server that stops at the first invalid item also leaves
            # valid ones.
            if left and (left == named.keys() or len(left) == 1):
                entries = {at: named.get(at) or envelope.entries for at in left}
                return Settled(claim, {at: _refusal(entries[at]) for at in left})
    return Unsettled(
        claims=envelope.claims,
        created=frozenset(created - updated - named.keys()),
        updated=frozenset(updated - named.keys()),
        suspects=frozenset(named),
        explained=bool(envelope.entries),
        uncertain=envelope.names_fewer_than_it_counts,
    )


def _settle_single(envelope: Envelope, status: int, *, is_named: bool = False) -> Settled:
    """Settle a request of one payload that was not certainly accepted.

    It is refused if nothing in the answer says that it was written; otherwise its outcome is
    unknown.
    """
    if (
        is_named
        or any(claim.total for claim in envelope.claims)
        or (status == HTTPStatus.OK and not envelope.entries)
    ):
        return Settled(Counts(), {0: _UNKNOWN})
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        refusal = Refusal("too_large", envelope.message or "Planhat refused it because of its size")
    elif envelope.entries:
        refusal = _refusal(envelope.entries)
    else:
        kind = _kind(forbidden=status == HTTPStatus.FORBIDDEN)
        refusal = Refusal(kind, envelope.message or NO_REASON)
    return Settled(Counts(), {0: refusal})


def _refusal(entries: Sequence[Entry]) -> Refusal:
    reasons = dict.fromkeys(text for entry in entries if (text := reason(entry.value)))
    message = "; ".join(reasons)[:LONGEST_REASON] or NO_REASON
    return Refusal(_kind(forbidden=all(entry.forbidden for entry in entries)), message)


def _kind(*, forbidden: bool) -> Kind:
    return "forbidden" if forbidden else "refused"

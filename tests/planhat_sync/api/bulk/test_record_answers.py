"""What the answer to a write of one record says, by its status."""

from __future__ import annotations

import pytest

from planhat_sync.api.bulk.envelope import Counts
from planhat_sync.api.bulk.outcomes import GONE, NO_REASON, Refusal, Settled, read_record_answer
from planhat_sync.api.http.exchange import Answer


def read(status, body=b"", *, is_create):
    return read_record_answer(Answer(status, {}, body), is_create=is_create)


@pytest.mark.parametrize(
    ("status", "is_create", "kind", "message"),
    [
        (404, False, "refused", GONE),
        (404, True, "refused", NO_REASON),
        (400, False, "refused", NO_REASON),
        (400, True, "refused", NO_REASON),
        (403, False, "forbidden", NO_REASON),
        (403, True, "forbidden", NO_REASON),
    ],
)
def test_a_refusal_without_a_reason_has_that_of_its_status(status, is_create, kind, message):
    settled = read(status, is_create=is_create)
    assert settled == Settled(Counts(), {0: Refusal(kind, message)})


@pytest.mark.parametrize("is_create", [True, False])
def test_a_record_that_is_too_large_is_one_whatever_was_to_be_done_with_it(is_create):
    assert read(413, is_create=is_create).refusals[0].kind == "too_large"


@pytest.mark.parametrize(
    ("is_create", "counts"), [(True, Counts(created=1)), (False, Counts(updated=1))]
)
def test_a_record_in_an_answer_was_written(is_create, counts):
    assert read(200, b'{"_id":"a"}', is_create=is_create) == Settled(counts)

"""Planhat's own words in a bulk answer are shown and stored, and never contain the token."""

from __future__ import annotations

import json

import pytest

from planhat_sync import redaction
from planhat_sync.api.bulk.envelope import LONGEST_REASON, Envelope
from planhat_sync.api.bulk.outcomes import Settled, read_answer
from planhat_sync.api.http.exchange import Answer

TOKEN = "s3cr3t-t0k3n-0123"  # noqa: S105 - made up


@pytest.fixture(autouse=True)
def _secret(monkeypatch):
    monkeypatch.setattr(redaction, "_forms", ())
    redaction.add_secret(TOKEN)


class Payload:
    keys = (None, "a", None)
    item = b'{"sourceId":"a"}'


@pytest.mark.parametrize(
    "body",
    [
        f"bad token {TOKEN}",
        {"message": f"bad token {TOKEN}"},
        {"createdErrors": [{"error": f"bad token {TOKEN}", "index": 0}]},
        {"permissionErrors": [[f"bad token {TOKEN}"]]},
    ],
)
def test_the_reason_of_a_refusal_has_no_token_in_it(body):
    answer = Answer(400, {}, json.dumps(body).encode())
    reading = read_answer(("_id", "sourceId", "externalId"), [Payload()], answer)
    assert isinstance(reading, Settled)
    assert reading.refusals[0].message == "bad token ***"


@pytest.mark.parametrize("before", range(LONGEST_REASON - len(TOKEN), LONGEST_REASON + 1))
def test_a_reason_that_is_cut_short_ends_with_no_part_of_the_token(before):
    message = Envelope(json.dumps("x" * before + TOKEN).encode()).message
    assert len(message) <= LONGEST_REASON
    assert not set(message) - {"x", "*"}


@pytest.mark.parametrize(
    ("body", "fewer"),
    [
        ({"created": 0, "insertsKeys": []}, False),
        ({"created": 1, "insertsKeys": []}, True),
        (
            {"created": 1, "insertsKeys": [{"sourceId": "a"}], "updated": 0, "updatesKeys": []},
            False,
        ),
        ({"created": 0, "insertsKeys": [], "updated": 2, "updatesKeys": [{"sourceId": "a"}]}, True),
        ({"created": 1}, False),
    ],
)
def test_an_answer_names_fewer_than_it_counts_if_an_array_is_shorter_than_its_count(body, fewer):
    assert Envelope(json.dumps(body).encode()).names_fewer_than_it_counts is fewer

"""What a transport makes of each status, over a wire that answers from memory."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from planhat_sync.api.connection import Connection
from planhat_sync.api.http.exchange import Answer, Request
from planhat_sync.api.http.transport import Transport
from planhat_sync.errors import GaveUpError, StopError

CONNECTION = Connection("token-a", requests_per_minute=0, retry_budget_seconds=0)


class Statuses:
    """A wire that answers with the given statuses, one after the other."""

    def __init__(self, *statuses: int, **headers: str) -> None:
        self.left = list(statuses)
        self.headers = headers

    def exchange(self, _: Request) -> Answer:
        return Answer(self.left.pop(0), self.headers, b"")

    def close(self) -> None: ...


def send(clock, *statuses: int, connection=CONNECTION, **options) -> int:
    transport = Transport(connection, wire=Statuses(*statuses), clock=clock)
    return transport.send(Request("GET", "/issues"), lambda answer: answer.status, **options)


def outcome_of(clock, status: int) -> str:
    try:
        send(clock, status, accepted={200, 404})
    except GaveUpError:
        return "retried"
    except StopError:
        return "stops"
    return "accepted"


def test_a_status_is_accepted_or_retried_or_stops_the_run(clock):
    outcomes = {status: outcome_of(clock, status) for status in range(100, 600)}
    retried = {status for status, outcome in outcomes.items() if outcome == "retried"}
    accepted = {status for status, outcome in outcomes.items() if outcome == "accepted"}
    assert retried == {408, 425, 429, 500, 502, 503, 504}
    assert accepted == {200, 404}


def test_an_accepted_status_is_not_retried(clock):
    assert send(clock, 503, accepted={503}) == 503


def test_a_status_that_is_accepted_at_last_is_retried_as_long_as_the_budget_lasts(clock):
    connection = Connection("token-a", requests_per_minute=0, retry_budget_seconds=1)
    options = {"accepted": {200}, "accepted_at_last": {500}, "connection": connection}
    assert send(clock, 500, 500, 200, **options) == 200
    assert send(clock, *[500] * 9, **options) == 500
    with pytest.raises(GaveUpError, match="503"):
        send(clock, 500, *[503] * 9, **options)


@pytest.mark.parametrize(("budget", "connection_budget"), [(1, 60), (60, 1)])
def test_the_smaller_of_two_budgets_counts(clock, budget, connection_budget):
    began = clock.now()
    connection = Connection(
        "token-a", requests_per_minute=0, retry_budget_seconds=connection_budget
    )
    with pytest.raises(GaveUpError):
        send(clock, *[500] * 99, accepted={200}, connection=connection, budget_seconds=budget)
    assert clock.now() - began <= 1


@pytest.mark.parametrize(("ahead", "expected"), [(300, 300), (1.9, 0), (0, 0), (-300, 0)])
def test_only_a_clock_that_is_clearly_ahead_of_the_servers_is_said_to_be(clock, ahead, expected):
    date = formatdate(clock.epoch() - ahead, usegmt=True)
    transport = Transport(CONNECTION, wire=Statuses(200, date=date), clock=clock)
    assert transport.seconds_ahead() == 0
    transport.send(Request("GET", "/issues"), lambda answer: answer.status, accepted={200})
    assert transport.seconds_ahead() == pytest.approx(expected, abs=1)


def test_without_a_date_in_the_answer_no_clock_is_said_to_be_ahead(clock):
    transport = Transport(CONNECTION, wire=Statuses(200), clock=clock)
    transport.send(Request("GET", "/issues"), lambda answer: answer.status, accepted={200})
    assert transport.seconds_ahead() == 0

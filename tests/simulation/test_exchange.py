from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from planhat_sync.api.connection import Connection
from planhat_sync.api.http.bodies import WholeBody
from planhat_sync.api.http.exchange import Answer, Request
from planhat_sync.errors import (
    LostAnswerError,
    NotSentError,
    PlanhatError,
    UnreadableAnswerError,
)
from simulation.baton import Baton
from simulation.crash import Crash
from simulation.draws import Draws
from simulation.exchange import TOKEN, SimulatedWire
from simulation.faults import EXCHANGE_KINDS, exchange_fault
from simulation.plan import Plan, TenantPlan, changed
from simulation.seam import Seam
from simulation.story import Life, Observer
from simulation.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

COMPANY = "66b0c0de000000000000c001"
ITEM = {"sourceId": "s1", "title": "one", "companyIds": [COMPANY]}
BULK = Request("PUT", "/issues", body=json.dumps([ITEM]).encode(), timeout_factor=5)
LIST = Request("GET", "/issues", "limit=10&select=title")
TIMEOUT = 60
ISSUE = {"_id": "66b0c0de0000000000000001", "sourceId": "s0", "title": "zero"}


class Bench:
    """A life that only makes exchanges."""

    def __init__(self, **values: Any) -> None:
        records = {"companies": [{"_id": COMPANY, "name": "One"}], "issues": [ISSUE]}
        tenant = TenantPlan(records=records, **values.pop("tenant", {}))
        plan = changed(Plan(profile="", seed=1, steps=[], tenants={"copy": tenant}), **values)
        self.world = World(plan, Observer(), Path())
        self.life = Life(1, 0, 0, "target", "copy", 0)
        self.world.story.lives.append(self.life)
        self.baton = Baton(self.world.time, Draws(1).schedule, 0.5, 10_000.0)
        self.wire = SimulatedWire(
            Seam(self.world, self.life, self.baton),
            Connection(f"{TOKEN}copy", request_timeout_seconds=TIMEOUT),
        )
        self.raised: list[BaseException] = []

    def run(self, main: Callable[[], object]) -> None:
        def work() -> None:
            try:
                main()
            except (PlanhatError, Crash) as error:
                self.raised.append(error)

        self.baton.run(work)
        assert not self.baton.errors

    def send(self, request: Request = BULK) -> Answer | BaseException:
        answers: list[Any] = []
        self.run(lambda: answers.append(self.wire.exchange(request)))
        return (answers or self.raised)[0]

    def titles(self) -> list[str]:
        return [each["title"] for each in self.world.planhat["copy"].records("issues")]

    @property
    def now(self) -> float:
        return self.world.time.now


def failing(**fault: Any) -> Bench:
    return Bench(faults={"exchange 1": fault})


def test_an_exchange_is_carried_out_and_answered() -> None:
    bench = Bench()
    answer = bench.send()
    assert isinstance(answer, Answer)
    assert (answer.status, json.loads(answer.body)["created"]) == (200, 1)
    assert answer.headers["date"] == "Thu, 09 Oct 2025 08:53:20 GMT"
    assert bench.titles() == ["zero", "one"]
    assert 0 < bench.now < 0.5


def test_a_wrong_path_is_not_found() -> None:
    answer = Bench().send(Request("GET", "/issues/a/b"))
    assert isinstance(answer, Answer)
    assert answer.status == 404


WORKED, NOT_WORKED = ["zero", "one"], ["zero"]


@pytest.mark.parametrize(
    ("fault", "raised", "text", "titles"),
    [
        ({"kind": "refused"}, NotSentError, "the connection was refused", NOT_WORKED),
        ({"kind": "reset", "work": "done"}, LostAnswerError, "the connection was cut", WORKED),
        ({"kind": "reset", "work": "none"}, LostAnswerError, "the connection was cut", NOT_WORKED),
        ({"kind": "cut", "share": 0.5}, LostAnswerError, "the answer was cut short", WORKED),
        ({"kind": "garbled"}, UnreadableAnswerError, "cannot be decompressed", WORKED),
        ({"kind": "timeout", "work": "done"}, LostAnswerError, "no answer came in time", WORKED),
        ({"kind": "timeout", "work": "none"}, LostAnswerError, "no answer came in time", ["zero"]),
        ({"kind": "slow", "seconds": 300}, LostAnswerError, "no answer came in time", WORKED),
        (
            {"kind": "outage", "seconds": 9, "how": "reset"},
            LostAnswerError,
            "the connection was cut",
            NOT_WORKED,
        ),
    ],
)
def test_a_fault_raises_what_the_wire_raises(
    fault: dict[str, Any], raised: type[Exception], text: str, titles: list[str]
) -> None:
    bench = failing(**fault)
    error = bench.send()
    assert type(error) is raised
    assert text in str(error)
    assert bench.titles() == titles
    takes_all = fault["kind"] in ("timeout", "slow")
    assert (bench.now == 5 * TIMEOUT) if takes_all else (bench.now < 1)


@pytest.mark.parametrize(
    ("fault", "status", "body", "titles"),
    [
        ({"kind": "busy", "status": 503, "work": "none"}, 503, b'{"message":"busy"}', ["zero"]),
        ({"kind": "busy", "status": 500, "work": "done"}, 500, b'{"message":"busy"}', WORKED),
        ({"kind": "html", "work": "done"}, 200, b"<!doctype html>", WORKED),
        ({"kind": "html", "work": "none"}, 200, b"<!doctype html>", NOT_WORKED),
        ({"kind": "limited"}, 429, b'{"message":"busy"}', NOT_WORKED),
        ({"kind": "slow", "seconds": 200}, 200, b'{"created":1', WORKED),
        # A slow answer comes no sooner than Planhat has done the work.
        ({"kind": "slow", "seconds": 0}, 200, b'{"created":1', WORKED),
        ({"kind": "half", "share": 0.1}, 200, b'{"created":1', WORKED),
    ],
)
def test_a_fault_answers_something_else(
    fault: dict[str, Any], status: int, body: bytes, titles: list[str]
) -> None:
    bench = failing(**fault)
    answer = bench.send()
    assert isinstance(answer, Answer)
    assert answer.status == status
    assert answer.body.startswith(body)
    assert bench.titles() == titles


def test_half_a_body_looks_complete() -> None:
    answer = failing(kind="half", share=0.5).send()
    assert isinstance(answer, Answer)
    with pytest.raises(ValueError, match="char"):
        json.loads(answer.body)


@pytest.mark.parametrize(
    ("as_date", "value"), [(False, "90"), (True, "Thu, 09 Oct 2025 08:54:50 GMT")]
)
def test_retry_after_is_seconds_or_a_date(as_date: bool, value: str) -> None:  # noqa: FBT001
    answer = failing(kind="limited", retry_after=90, as_date=as_date).send()
    assert isinstance(answer, Answer)
    assert answer.headers["retry-after"] == value


def test_work_may_be_done_after_the_client_has_given_up_within_as_long_as_it_had_run() -> None:
    bench = failing(kind="timeout", work={"share": 0.5})
    assert isinstance(bench.send(), LostAnswerError)
    assert bench.titles() == NOT_WORKED
    bench.world.time.advance(1.5 * 5 * TIMEOUT)
    assert bench.titles() == WORKED
    assert "exchange 1 is carried out now: 200" in [e.text for e in bench.world.story.events]


def test_work_may_be_done_much_later() -> None:
    bench = failing(kind="reset", work={"seconds": 500})
    bench.send()
    bench.world.time.advance(499)
    assert bench.titles() == NOT_WORKED
    bench.world.time.settle()
    assert bench.titles() == WORKED


def test_an_outage_lasts_as_long_as_it_says() -> None:
    bench = failing(kind="outage", seconds=100, how="refused")
    seen: list[object] = []

    def main() -> None:
        for pause in (0, 50, 60):
            bench.baton.pause(deadline=bench.now + pause)
            try:
                seen.append(bench.wire.exchange(LIST).status)
            except NotSentError:
                seen.append("refused")

    bench.run(main)
    assert seen == ["refused", "refused", 200]
    assert bench.life.faults == 2


def test_a_receiver_is_handed_the_body() -> None:
    answer = Bench().send(Request("GET", "/issues", "select=title", receive=WholeBody))
    assert isinstance(answer, Answer)
    assert answer.body == b""
    assert isinstance(answer.received, WholeBody)
    rows = json.loads(answer.received.content())
    assert rows == [{"_id": ISSUE["_id"], "title": "zero"}]


def test_a_receiver_is_handed_a_part_of_a_body_that_is_cut() -> None:
    receivers: list[WholeBody] = []

    def receive() -> WholeBody:
        receivers.append(WholeBody())
        return receivers[-1]

    bench = failing(kind="cut", share=0.5)
    assert isinstance(bench.send(Request("GET", "/issues", receive=receive)), LostAnswerError)
    assert receivers[0].content().startswith(b'[{"_id"')
    assert not receivers[0].content().endswith(b"]")


@pytest.mark.parametrize("point", ["before exchange 1", "after exchange 1"])
def test_a_life_can_be_killed_before_and_after_an_exchange(point: str) -> None:
    bench = Bench(faults={point: {"kind": "crash", "share": 0.0}})
    bench.send()
    assert bench.life.crashed_at == point
    assert bench.titles() == (NOT_WORKED if "before" in point else WORKED)


def test_a_request_under_way_when_its_life_is_killed_may_still_be_carried_out() -> None:
    found = set()
    for seed in range(20):
        bench = Bench(seed=seed, switch=1.0)

        def main(bench: Bench = bench) -> None:
            bench.baton.start(lambda: bench.wire.exchange(BULK), "a")
            bench.baton.pause(deadline=0.001)

        bench.run(main)
        assert bench.titles() == NOT_WORKED
        bench.wire.abandon()
        bench.world.time.settle()
        found.add(len(bench.titles()))
    assert found == {1, 2}


def test_lists_may_lag_behind_writes_and_records_do_not() -> None:
    rows = set()
    for seed in range(20):
        bench = Bench(seed=seed, tenant={"lag_seconds": 60.0})

        def main(bench: Bench = bench, rows: set[int] = rows) -> None:
            bench.wire.exchange(BULK)
            rows.add(len(json.loads(bench.wire.exchange(LIST).body)))
            assert bench.wire.exchange(Request("GET", "/issues/srcid-s1")).status == 200

        bench.run(main)
        assert not bench.raised
    assert rows == {1, 2}


def test_behaviours_may_change_from_one_request_to_the_next() -> None:
    bench = Bench(tenant={"changing": {"error_body": ["object", "string"]}})
    bodies = set()

    def main() -> None:
        for _ in range(20):
            bodies.add(bench.wire.exchange(Request("GET", "/issues/srcid-none")).body)

    bench.run(main)
    assert bodies == {b'{"message":"not found"}', b'"not found"'}


@pytest.mark.parametrize("kind", EXCHANGE_KINDS)
def test_every_kind_is_drawn_as_often_as_its_rate_says_and_can_be_carried_out(kind: str) -> None:
    draws = Draws(3)
    rates = {kind: 0.25, "late": 0.3, "later": 0.3}
    drawn = [
        exchange_fault(draws.chance(f"exchange {n}"), lambda n=n: draws.of(f"exchange {n}"), rates)
        for n in range(400)
    ]
    faults = [fault for fault in drawn if fault is not None]
    assert 60 < len(faults) < 140
    assert {fault["kind"] for fault in faults} == {kind}
    for fault in faults[:20]:
        bench = failing(**fault)
        bench.send()
        bench.world.time.settle()
        assert bench.titles()[0] == "zero"

"""When a state is printed, everything before it is durable, also if batches are sent together.

A record counts as durable once Planhat has answered, not once it has written it.
"""

from __future__ import annotations


def answered(bench):
    """Return how many bulk upserts are answered, or about to be."""
    return sum(r.route == "bulk" and r.seconds is not None for r in bench.sandbox.requests)


def at(ran):
    return [value["bookmarks"]["at"] for value in ran.states]


def test_batches_that_are_flushed_together_release_one_state_each(bench):
    """The second record lacks a property of the first one, so it is in a later batch."""
    company = bench.company()
    lines = [
        bench.schema(),
        bench.record(sourceId="a", title="t", companyIds=[company], custom={"x": 1}),
        bench.state(1),
        bench.record(sourceId="a", title="u", custom={"y": 2}),
        bench.state(2),
        bench.record(sourceId="a", title="v", custom={"z": 3}),
        bench.state(3),
    ]
    ran = bench.run(lines, look=lambda: answered(bench))
    assert ran.error is None
    assert at(ran) == [1, 2, 3]
    assert ran.seen == [1, 2, 3]


def test_a_batch_that_is_answered_early_does_not_acknowledge_an_earlier_one(bench):
    company = bench.company()
    bench.sandbox.fault("slow", route="bulk", nth=1, seconds=1)
    lines = [bench.schema()]
    for number in range(1, 21):
        lines.append(bench.record(sourceId=f"s{number}", title="t", companyIds=[company]))
        lines.append(bench.state(number))
    ran = bench.run(lines, batch_size_rows=5, concurrency=4, look=lambda: answered(bench))
    assert ran.error is None
    assert at(ran)[-1] == 20
    # Whichever of the four is slow, a state in the nth batch has n answers behind it.
    assert all(seen >= -(-value // 5) for value, seen in zip(at(ran), ran.seen, strict=True))


def test_a_batch_that_fails_holds_back_the_states_behind_it_though_others_are_written(bench):
    company = bench.company()
    bench.sandbox.fault("status", route="bulk", nth=1, status=503)
    lines = [bench.schema(), bench.state(0)]
    for number in range(1, 21):
        lines.append(bench.record(sourceId=f"s{number}", title="t", companyIds=[company]))
        lines.append(bench.state(number))
    ran = bench.run(lines, batch_size_rows=5, concurrency=4, retry_budget_seconds=0)
    assert ran.error is not None
    # Whichever of the four was hit by the fault, no state after it is printed.
    held = {record["sourceId"] for record in bench.sandbox.tenant("alpha").records("issues")}
    assert 5 <= len(held) < 20
    assert at(ran)[0] == 0
    assert all(f"s{n}" in held for value in at(ran) for n in range(1, value + 1))


def test_a_record_that_waits_for_the_next_batch_holds_back_the_states_behind_it(bench):
    company = bench.company()
    lines = [bench.schema()]
    for number in range(1, 11):
        fields = {"title": "t"} if number % 2 else {"status": "s"}
        key = f"s{(number + 1) // 2}"
        lines.append(bench.record(sourceId=key, companyIds=[company], **fields))
        lines.append(bench.state(number))
    ran = bench.run(lines, batch_size_rows=5, look=lambda: answered(bench), on_reject="continue")
    assert ran.error is None
    assert at(ran)[-1] == 10
    for value, requests in zip(at(ran), ran.seen, strict=True):
        assert requests == 2 or value == 1

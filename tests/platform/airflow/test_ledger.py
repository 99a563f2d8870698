"""The ledger: state and rejects in one transaction, and one writer per shard."""

from __future__ import annotations

import itertools
import threading
import time

import pytest
import sqlalchemy as sa
from planhat_jobs.ledger import (
    REJECTS,
    SHARDS,
    Key,
    LeaseError,
    Ledger,
    create_tables,
    planned_companies,
)

KEY = Key("acme", "issues", "1-of-2")
attempts = (f"try {n}" for n in itertools.count(1))


def ledger(engine, key: Key = KEY, lease_seconds: float = 0.4) -> Ledger:
    return Ledger(engine, key, next(attempts), lease_seconds)


@pytest.fixture
def engine(database_url: str):
    engine = sa.create_engine(database_url)
    create_tables(engine)
    yield engine
    engine.dispose()


def test_the_next_attempt_finds_the_last_state(engine):
    first, second = ledger(engine), ledger(engine)
    with first.held():
        assert (first.state, first.companies) == (None, frozenset())
        first.cover(frozenset({"c1", "c2"}))
        first.save('{"bookmarks": 1}')
        first.save('{"bookmarks": 2}')
    with second.held():
        assert second.state == '{"bookmarks": 2}'
        assert second.companies == {"c1", "c2"}


def test_shards_streams_and_copies_do_not_share_a_state(engine):
    with (one := ledger(engine)).held():
        one.save('{"n": 1}')
    for key in (
        Key("acme", "issues", "all"),
        Key("acme", "tasks", "1-of-2"),
        Key("b", "issues", "1-of-2"),
    ):
        with (other := ledger(engine, key)).held():
            assert other.state is None


def test_a_state_and_its_rejects_are_saved_together_or_not_at_all(engine):
    with (one := ledger(engine)).held():
        one.save('{"n": 1}', ["reject 1", "reject 2"])
        one.save(None, [])
        one._rejects = 0  # the next two collide with the first two
        with pytest.raises(sa.exc.IntegrityError):
            one.save('{"n": 2}', ["reject 3", "reject 4"])
    with (two := ledger(engine)).held():
        assert two.state == '{"n": 1}'
    with engine.connect() as connection:
        lines = connection.execute(sa.select(REJECTS.c.line).order_by(REJECTS.c.number)).scalars()
        assert list(lines) == ["reject 1", "reject 2"]


def test_rejects_of_any_text_come_back_as_they_were(engine):
    lines = ['{"a": "\\u0000 \\ud800"}', '{"ü": "\u2028\x85 %s :x ?"}', "x" * 1_000_000]
    with (one := ledger(engine)).held():
        one.save(None, lines)
    with engine.connect() as connection:
        kept = connection.execute(sa.select(REJECTS.c.line).order_by(REJECTS.c.number)).scalars()
        assert list(kept) == lines


def test_a_shard_that_is_held_is_not_taken_while_its_holder_lives(engine):
    first, second = ledger(engine), ledger(engine)
    with first.held():
        over = threading.Event()

        def live() -> None:
            while not over.wait(0.05):
                first.save(None)

        heart = threading.Thread(target=live)
        heart.start()
        try:
            with pytest.raises(LeaseError, match="held by try"), second.held():
                pass
        finally:
            over.set()
            heart.join()
        first.save('{"n": 1}')


def test_a_holder_that_fell_silent_is_replaced_and_can_save_nothing_more(engine):
    dead, heir = ledger(engine), ledger(engine)
    holding = dead.held()
    holding.__enter__()
    dead.save('{"n": 1}')
    began = time.monotonic()
    with heir.held():
        assert time.monotonic() - began >= 0.4
        assert heir.state == '{"n": 1}'
        with pytest.raises(LeaseError, match="taken it over"):
            dead.save('{"n": 0}', ["a late reject"])
        with pytest.raises(LeaseError):
            dead.cover(frozenset())
        heir.save('{"n": 2}')
        holding.__exit__(None, None, None)  # lets go of nothing: it is the heir's
        heir.save('{"n": 3}')
    with engine.connect() as connection:
        assert connection.execute(sa.select(SHARDS.c.state)).scalar_one() == '{"n": 3}'
        assert connection.execute(sa.select(REJECTS)).all() == []


def test_of_many_that_want_a_free_shard_one_gets_it(engine):
    create_tables(engine)
    outcomes: list[str] = []
    start = threading.Barrier(6)

    def want() -> None:
        mine = ledger(engine, lease_seconds=2)
        start.wait()
        try:
            with mine.held():
                outcomes.append("held")
                for _ in range(20):
                    mine.save(None)
                    time.sleep(0.05)
        except LeaseError:
            outcomes.append("refused")

    threads = [threading.Thread(target=want) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["held", *["refused"] * 5]


def test_a_division_stays_while_companies_come_and_go(engine):
    assert planned_companies(engine, "acme", "issues", 2, lambda: ["c2", "c1"]) == ["c1", "c2"]
    assert planned_companies(engine, "acme", "issues", 2, lambda: ["c3"]) == ["c1", "c2"]
    assert planned_companies(engine, "acme", "issues", 3, lambda: ["c3"]) == ["c3"]


def test_tables_are_made_once(engine):
    create_tables(engine)
    create_tables(engine)

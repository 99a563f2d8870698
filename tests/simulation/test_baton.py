from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from simulation.baton import Baton, Hang
from simulation.crash import Crash
from simulation.draws import Draws
from simulation.plan import ClockPlan
from simulation.time import VirtualClock, VirtualTime

if TYPE_CHECKING:
    from collections.abc import Callable


class Bench:
    """A life of threads alone."""

    def __init__(self, seed: int = 0, *, ends_at: float = 1_000.0, switch: float = 0.5) -> None:
        self.time = VirtualTime(ClockPlan())
        draws = Draws(seed)
        self.baton = Baton(self.time, draws.schedule, switch, ends_at)
        self.clock = VirtualClock(self.time, self.baton, draws.clock)
        self.seen: list[object] = []
        self.never = threading.Event()

    def run(self, main: Callable[[], None]) -> list[object]:
        def work() -> None:
            try:
                main()
            except Crash:
                self.seen.append("killed")

        self.baton.run(work)
        assert not self.baton.errors
        return self.seen

    def wait(self, seconds: float) -> None:
        self.clock.wait(self.never, seconds)


def test_only_one_thread_runs_at_a_time_and_every_order_occurs() -> None:
    orders = set()
    for seed in range(30):
        bench = Bench(seed)

        def thread(name: str, bench: Bench = bench) -> None:
            for step in range(3):
                bench.seen.append(f"{name}{step} begins")
                bench.seen.append(f"{name}{step} ends")
                bench.baton.pause()

        def main(bench: Bench = bench, thread: Callable[[str], None] = thread) -> None:
            bench.baton.start(lambda: thread("a"), "a")
            bench.baton.start(lambda: thread("b"), "b")
            bench.wait(1)

        seen = bench.run(main)
        assert len(seen) == 12
        assert all(
            str(begin).removesuffix(" begins") == str(end).removesuffix(" ends")
            for begin, end in zip(seen[::2], seen[1::2], strict=True)
        )
        orders.add(tuple(seen))
    assert len(orders) > 10


def test_the_same_seed_gives_the_same_order() -> None:
    def order() -> list[object]:
        bench = Bench(7)

        def main() -> None:
            pool = bench.baton.pool(3, "pool")
            futures = {pool.submit(bench.seen.append, number) for number in range(10)}
            while futures:
                futures -= bench.baton.wait(futures)

        return bench.run(main)

    assert order() == order()
    assert sorted(order()) == list(range(10))


def test_time_passes_only_while_everybody_waits() -> None:
    bench = Bench()

    def main() -> None:
        bench.baton.start(lambda: (bench.wait(300), bench.seen.append(bench.time.now)), "a")
        bench.wait(100)
        bench.seen.append(bench.time.now)
        bench.wait(900)
        bench.seen.append(bench.time.now)

    assert bench.run(main) == [100, 300, 1_000]


def test_a_wait_for_an_event_ends_when_it_is_set() -> None:
    bench, event = Bench(), threading.Event()

    def main() -> None:
        bench.baton.start(lambda: (bench.wait(5), event.set()), "a")
        bench.seen.append(bench.clock.wait(event, 60))
        bench.seen.append(bench.time.now)

    assert bench.run(main) == [True, 5]


def test_threads_that_wait_for_each_other_hang() -> None:
    bench = Bench()
    first, second = bench.baton.lock(), bench.baton.lock()

    def thread() -> None:
        with second:
            bench.wait(1)
            with first:
                bench.seen.append("never")

    def main() -> None:
        bench.baton.start(thread, "a")
        with first:
            bench.wait(1)
            with second:
                bench.seen.append("never")

    assert bench.run(main) == ["killed"]
    assert "wait for each other: main, a" in bench.baton.hang


def test_a_life_that_waits_longer_than_it_may_hangs() -> None:
    bench = Bench(ends_at=100)

    def main() -> None:
        while True:
            bench.wait(30)

    assert bench.run(main) == ["killed"]
    assert "does not end" in bench.baton.hang


def test_a_life_that_never_waits_for_time_hangs() -> None:
    bench = Bench()

    def main() -> None:
        while True:
            bench.baton.pause()

    assert bench.run(main) == ["killed"]
    assert "does not end" in bench.baton.hang


def test_a_lock_is_held_by_one_thread_across_waits() -> None:
    bench = Bench(switch=1.0)
    lock = bench.baton.lock()

    def thread(name: str) -> None:
        with lock:
            bench.seen.append(f"{name} in")
            bench.wait(1)
            bench.seen.append(f"{name} out")

    def main() -> None:
        for name in "abc":
            bench.baton.start(lambda name=name: thread(name), name)
        bench.wait(10)

    seen = [str(each) for each in bench.run(main)]
    assert len(seen) == 6
    assert all(seen[i][0] == seen[i + 1][0] for i in (0, 2, 4))


def test_a_condition_wakes_who_waits_for_it_or_its_time_is_over() -> None:
    bench = Bench()
    condition = bench.baton.condition()

    def waits(seconds: float | None) -> None:
        with condition:
            bench.seen.append((seconds, condition.wait(seconds)))

    def main() -> None:
        bench.baton.start(lambda: waits(3), "short")
        bench.baton.start(lambda: waits(None), "long")
        bench.wait(5)
        with condition:
            condition.notify_all()
        bench.wait(5)

    assert bench.run(main) == [(3, False), (None, True)]


def test_a_thread_that_polls_does_not_move_time_and_sees_what_others_do() -> None:
    bench = Bench()
    condition = bench.baton.condition()
    done: list[bool] = []

    def main() -> None:
        bench.baton.start(lambda: (bench.wait(500), done.append(True)), "a")
        polls = 0
        with condition:
            while not done:
                condition.wait(0.1)
                polls += 1
        bench.seen += [500 <= bench.time.now < 501, polls < 5]

    assert bench.run(main) == [True, True]


@pytest.mark.parametrize("seed", range(10))
def test_a_crash_unwinds_every_thread_and_nothing_reaches_the_seam_any_more(seed: int) -> None:
    bench = Bench(seed)

    def thread(name: str) -> None:
        try:
            bench.wait(2)
            bench.seen.append("alive")
        finally:
            bench.seen.append(f"{name} unwinds")
            with pytest.raises(Crash):
                bench.clock.now()
            with pytest.raises(Crash):
                bench.wait(1)

    def main() -> None:
        bench.baton.start(lambda: thread("a"), "a")
        bench.baton.start(lambda: thread("b"), "b")
        bench.wait(1)
        bench.baton.kill()

    assert sorted(map(str, bench.run(main))) == ["a unwinds", "b unwinds", "killed"]


def test_threads_that_are_left_when_the_main_thread_ends_are_killed() -> None:
    bench = Bench()

    def main() -> None:
        bench.baton.start(lambda: (bench.wait(60), bench.seen.append("alive")), "a")

    assert bench.run(main) == []


def test_a_pool_has_as_many_threads_as_it_may_and_waits_for_them() -> None:
    bench = Bench()

    def main() -> None:
        pool = bench.baton.pool(2, "pool")
        for _ in range(5):
            pool.submit(bench.wait, 10)
        pool.shutdown()
        bench.seen.append(bench.time.now)

    assert bench.run(main) == [30]


def test_an_error_of_a_pool_is_raised_where_its_result_is_asked_for() -> None:
    bench = Bench()

    def main() -> None:
        future = bench.baton.pool(2, "pool").submit(int, "x")
        bench.baton.wait([future])
        with pytest.raises(ValueError, match="invalid literal"):
            future.result()
        bench.seen.append("raised")

    assert bench.run(main) == ["raised"]


def test_an_error_that_nobody_catches_is_kept() -> None:
    bench = Bench()

    def main() -> None:
        bench.baton.start(lambda: int("x"), "a")
        bench.wait(1)

    bench.baton.run(main)
    assert [type(error) for error in bench.baton.errors] == [ValueError]


def test_what_is_due_happens_at_its_time_unless_it_is_dropped() -> None:
    time = VirtualTime(ClockPlan(grain=1_000, start=1_000_000_000.0))
    seen: list[object] = []
    time.later(2.5, lambda: seen.append(("first", time.now, time.planhat())))
    dropped = time.later(3.0, lambda: seen.append("dropped"))
    time.later(2.5, lambda: time.later(1.0, lambda: seen.append(("at once", time.now))))
    dropped.dropped = True
    time.advance(2.0)
    assert not seen
    time.settle()
    assert seen == [("first", 2.5, 1_000_000_002.0), ("at once", 2.5)]


def test_a_thread_that_does_not_come_back_in_real_time_is_a_hang_too(monkeypatch) -> None:
    monkeypatch.setattr("simulation.baton.REAL_SECONDS", 0.2)
    bench, released = Bench(), threading.Event()
    with pytest.raises(Hang, match="no thread came back within 0 real seconds"):
        bench.run(lambda: released.wait(60))
    released.set()
    assert bench.baton.dead

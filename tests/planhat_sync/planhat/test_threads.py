"""One `Planhat` serves several threads, which share its pace; a forked process shares nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from planhat_sync import AuthenticationError, Interrupted, Planhat


def test_threads_read_and_write_at_the_same_time(planhat, alpha):
    for number in range(50):
        alpha.insert("objectives", {"name": f"o{number}"})

    def write(thread):
        rows = [{"sourceId": f"{thread}-{number}", "name": "n"} for number in range(50)]
        return planhat.write("companies", rows, batch_size_rows=7, concurrency=3)

    def read(_):
        return len(list(planhat.read("objectives")))

    with ThreadPoolExecutor(8) as threads:
        written, read_counts = threads.map(write, range(4)), threads.map(read, range(4))
        results = list(written)
    assert [result.created for result in results] == [50] * 4
    assert [result.requests for result in results] == [8] * 4
    assert list(read_counts) == [50] * 4
    assert len(alpha.records("companies")) == 200


def test_an_error_in_one_thread_ends_no_other(planhat, sandbox):
    sandbox.fault("status", status=401, model="issues")

    def fail(_):
        with pytest.raises(AuthenticationError):
            planhat.write("issues", [{"sourceId": "s", "title": "t"}])

    def write(thread):
        rows = [{"sourceId": f"{thread}-{number}", "name": "n"} for number in range(20)]
        return planhat.write("companies", rows, batch_size_rows=1).created

    with ThreadPoolExecutor(4) as threads:
        failing, writing = threads.map(fail, range(2)), threads.map(write, range(2))
        assert list(writing) == [20, 20]
        assert list(failing) == [None, None]


def test_a_reading_that_begins_while_another_thread_closes_is_ended_too(planhat, alpha):
    alpha.insert("companies", {"name": "n"})
    closing = threading.Thread(target=planhat.close)

    class Stops(weakref.WeakSet):
        def add(self, stop):
            closing.start()
            closing.join(0.2)
            super().add(stop)

    planhat._stops = Stops()
    reading = planhat.read("companies")
    closing.join()
    with pytest.raises(Interrupted):
        next(reading)


def test_the_pace_is_that_of_all_calls_together(sandbox, alpha):
    alpha.insert("companies", {"name": "n"})
    began = time.monotonic()
    with Planhat("token-a", api_url=sandbox.url, requests_per_minute=1200) as planhat:
        for _ in range(60):  # 50 at once, and then one each 50 ms
            planhat.get("companies", "a" * 24)
    assert time.monotonic() - began >= 9 * 0.05


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_has_connections_of_its_own(sandbox):
    served_by = []  # the sandbox has a thread for each connection
    sandbox.before_each_request.append(lambda _: served_by.append(threading.get_ident()))
    program = Path(__file__).with_name("forking.py")
    subprocess.run([sys.executable, str(program), sandbox.url], check=True, timeout=60)
    first, of_child, of_parent = served_by
    assert first == of_parent != of_child

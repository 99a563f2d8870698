"""What a person sees while a run moves."""

from __future__ import annotations

import io
import logging
import os
import pty
import select
import time

import pytest
from under_way import until

from planhat_sync.runtime.progress import Progress, Snapshot, choose_mode, progress_line


@pytest.mark.parametrize(
    ("setting", "terminal", "pipe", "mode"),
    [
        ("auto", True, False, "bar"),
        ("auto", True, True, "none"),
        ("auto", False, True, "none"),
        ("auto", False, False, "lines"),
        ("bar", False, True, "bar"),
        ("lines", True, False, "lines"),
        ("none", True, False, "none"),
    ],
)
def test_a_bar_is_drawn_on_a_terminal_unless_the_target_draws_it(setting, terminal, pipe, mode):
    chosen = choose_mode(setting, is_terminal=terminal, leave_terminal_to_target=pipe)
    assert chosen == mode


def test_the_line_says_records_rate_steps_retries_and_time():
    now = Snapshot(records=12_345, steps=7, step_name="page", retries=2)
    line = progress_line(now, seconds=3_725.4, rate=4_120.4)
    assert line == "12,345 records read  4,120/s  7 pages  2 retries  1:02:05"


def test_a_run_without_retries_does_not_speak_of_them():
    now = Snapshot(records=1, steps=1, step_name="batch", retries=0)
    assert progress_line(now, seconds=61, rate=0) == "1 record read  0/s  1 batch  1:01"


class Screen:
    """All that was written to a terminal so far."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._seen = b""

    def read(self) -> str:
        while select.select([self._master], [], [], 0)[0]:
            self._seen += os.read(self._master, 65_536)
        return self._seen.decode()


def test_log_lines_stand_above_the_bar_and_the_bar_is_gone_at_the_end():
    master, slave = pty.openpty()
    screen = Screen(master)
    with os.fdopen(slave, "w") as terminal:
        logger = logging.getLogger("tests.progress.bar")
        logger.propagate = False
        logger.setLevel(logging.INFO)
        handler = logging.StreamHandler(terminal)
        logger.addHandler(handler)
        try:
            now = Snapshot(records=5, steps=1, step_name="page", retries=0)
            with Progress(
                "tap-planhat", lambda: now, setting="bar", logger=logger, stream=terminal
            ):
                until(lambda: "\r\x1b[2Ktap-planhat: 5 records" in screen.read())
                logger.info("a log line")
                until(lambda: "\r\x1b[2Ka log line\r\ntap-planhat: 5 records" in screen.read())
            logger.info("after")
            seen = screen.read()
        finally:
            logger.removeHandler(handler)
    os.close(master)
    assert seen.endswith("\r\x1b[2Kafter\r\n")
    assert handler.stream is terminal


def test_a_dumb_terminal_gets_log_lines_and_no_bar(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as terminal:
        logger = logging.getLogger("tests.progress.dumb")
        logger.propagate = False
        logger.setLevel(logging.INFO)
        handler = logging.StreamHandler(terminal)
        logger.addHandler(handler)
        try:
            now = Snapshot(records=1, steps=1, step_name="page", retries=1)
            with Progress(
                "tap-planhat", lambda: now, setting="bar", logger=logger, stream=terminal
            ):
                time.sleep(2)
                logger.info("METRIC: for machines")
                logger.info("a log line")
            seen = Screen(master).read()
        finally:
            logger.removeHandler(handler)
    os.close(master)
    assert seen == "a log line\r\n"


def test_without_a_terminal_nothing_is_drawn_and_the_handlers_stay_as_they_are():
    out = io.StringIO()
    logger = logging.getLogger("tests.progress.none")
    handler = logging.StreamHandler(out)
    logger.addHandler(handler)
    now = Snapshot(records=5, steps=1, step_name="page", retries=0)
    with Progress("tap-planhat", lambda: now, setting="none", logger=logger, stream=out):
        assert handler.stream is out
    assert out.getvalue() == ""

"""The same words for a person at a terminal and for whoever collects a log."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios

import pytest

from planhat_sync.runtime.terminal import TextStyle, can_redraw, columns, table


@pytest.fixture
def terminal():
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as stream:
        yield stream
    os.close(master)


def test_a_terminal_gets_colours(terminal):
    assert TextStyle.of(terminal, {}).added("Done") == "\x1b[32mDone\x1b[0m"


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_none_gets_none(terminal, environment):
    style = TextStyle.of(terminal, environment)
    assert style.added("Done") == "Done"
    assert style.is_terminal


def test_a_file_gets_neither_colours_nor_several_lines():
    style = TextStyle.of(io.StringIO(), {})
    assert style.listed("would update", ["a: 1 -> 2", "b: 3 -> 4"]) == (
        "would update: a: 1 -> 2, b: 3 -> 4"
    )


def test_a_person_gets_a_line_for_each_part():
    assert TextStyle(is_terminal=True).listed("would update", ["a: 1 -> 2", "b: 3 -> 4"]) == (
        "would update\n    a: 1 -> 2\n    b: 3 -> 4"
    )


def test_figures_stand_under_one_another():
    rows = [["stream", "read"], ["issues", "5,000"], ["objectives", "10"]]
    assert table(rows, TextStyle()) == "stream       read\nissues      5,000\nobjectives     10"


WIDE = [["stream", "read", "created", "rejected"], ["issues", "12,345", "12,000", "345"]]


def test_a_table_that_is_too_wide_becomes_a_list_for_each_row():
    assert table(WIDE, TextStyle(), width=35).startswith("stream    read  created  rejected\n")
    assert table(WIDE, TextStyle(), width=32) == (
        "issues\n  read      12,345\n  created   12,000\n  rejected     345"
    )


def test_figures_that_are_bad_are_red_unless_they_are_nought():
    style = TextStyle(is_terminal=True, has_colour=True)
    none = [WIDE[0], ["issues", "12,345", "12,345", "0"]]
    for width in (80, 20):
        assert "\x1b[31m" not in table(none, style, width=width, bad=["rejected"])
        drawn = table(WIDE, style, width=width, bad=["rejected"])
        assert drawn.count("\x1b[31m") == 1
        assert "345\x1b[0m" in drawn
        assert "\x1b" not in table(WIDE, TextStyle(is_terminal=True), width=width, bad=["rejected"])


@pytest.mark.parametrize(
    ("wide", "environment", "found"),
    [
        (60, {"COLUMNS": "100"}, 60),  # a shell that has been resized since knows it wrong
        (0, {"COLUMNS": "100"}, 100),
        (0, {"COLUMNS": "many"}, 80),
        (0, {}, 80),
    ],
)
def test_the_terminal_knows_its_width_best(terminal, wide, environment, found):
    fcntl.ioctl(terminal.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 24, wide, 0, 0))
    assert columns(terminal, environment) == found


def test_what_is_not_a_terminal_is_taken_for_80_columns():
    assert columns(io.StringIO(), {}) == 80


def test_a_dumb_terminal_and_a_file_cannot_redraw_a_line(terminal):
    assert can_redraw(terminal, {"TERM": "xterm"})
    assert not can_redraw(terminal, {"TERM": "dumb"})
    assert not can_redraw(io.StringIO(), {"TERM": "xterm"})

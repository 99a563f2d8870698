"""The same words for a person at a terminal and for whoever collects a log."""

from __future__ import annotations

import io
import os
import pty

import pytest

from planhat_console.style import Style, table


@pytest.fixture
def terminal():
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as stream:
        yield stream
    os.close(master)


def test_a_terminal_gets_colours(terminal):
    assert Style.of(terminal, {}).new("Done") == "\x1b[32mDone\x1b[0m"


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_none_gets_none(terminal, environment):
    style = Style.of(terminal, environment)
    assert style.new("Done") == "Done"
    assert style.is_terminal


def test_a_file_gets_neither_colours_nor_several_lines():
    style = Style.of(io.StringIO(), {})
    assert style.listed("would update", ["a: 1 -> 2", "b: 3 -> 4"]) == (
        "would update: a: 1 -> 2, b: 3 -> 4"
    )


def test_a_person_gets_a_line_for_each_part():
    assert Style(is_terminal=True).listed("would update", ["a: 1 -> 2", "b: 3 -> 4"]) == (
        "would update\n    a: 1 -> 2\n    b: 3 -> 4"
    )


def test_figures_stand_under_one_another():
    rows = [["stream", "read"], ["issues", "5,000"], ["objectives", "10"]]
    assert table(rows, Style()) == "stream       read\nissues      5,000\nobjectives     10"

"""A part of the fault table; `make faults` runs all of it with several seeds."""

from __future__ import annotations

import pytest

from reliability.cell import run_cell
from reliability.faults import TABLE
from reliability.sides import SIDES

ROWS = {row.name: row for row in TABLE}
SIDE = {side.name: side for side in SIDES}
CELLS = [
    ("503 in bursts of three", "tap incremental"),
    ("401 in the middle", "tap full"),
    ("reset after the work", "target"),
    ("first attempt still running", "target"),
    ("body cut, no length given", "tap incremental"),
    ("connections refused for a while", "tap full"),
    ("a page repeated", "tap incremental"),
    ("reset after the work", "destination"),
    ("401 in the middle", "source incremental"),
]
MORE = [
    ("429 with Retry-After in seconds", "tap full"),
    ("HTML with status 200", "tap full"),
    ("500 after the work", "target"),
    ("redirects to another host", "target"),
    ("stall in the middle of a body", "target"),
    ("503 for ever", "target"),
    ("429 with Retry-After in seconds", "source full"),
    ("503 for ever", "destination"),
    ("500 after the work", "destination"),
    ("first attempt still running", "destination"),
    ("body cut, no length given", "source incremental"),
    ("a page repeated", "source incremental"),
]


@pytest.mark.parametrize(
    ("name", "side"),
    [*CELLS, *(pytest.param(*cell, marks=pytest.mark.slow) for cell in MORE)],
    ids=map(", ".join, [*CELLS, *MORE]),
)
def test_a_fault_ends_in_equal_tenants_or_a_stop_that_a_clean_run_completes(name, side):
    seed = 2 if name == "reset after the work" else 1
    result = run_cell(ROWS[name], SIDE[side], seed, issues=160)
    assert not result.wrong
    assert result.fired


def test_the_table_reports_a_loss():
    """The runner notices a loss: a fault that removes rows is a failure."""
    eater = type(ROWS["none"])("rows eaten", "behave", {"honours_offset": False})
    result = run_cell(eater, SIDE["tap full"], 1, issues=160)
    assert result.wrong

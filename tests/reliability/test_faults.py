"""A fair part of the fault table; `make faults` runs all of it with several seeds."""

from __future__ import annotations

import pytest

from reliability.faults import TABLE
from reliability.trial import try_cell

ROWS = {row.name: row for row in TABLE}
CELLS = [
    ("429 with Retry-After in seconds", "tap full"),
    ("503 in bursts of three", "tap incremental"),
    ("503 for ever", "target"),
    ("401 in the middle", "tap full"),
    ("500 after the work", "target"),
    ("reset after the work", "target"),
    ("first attempt still running", "target"),
    ("body cut, no length told", "tap incremental"),
    ("HTML with status 200", "tap full"),
    ("stall in the middle of a body", "target"),
    ("connections refused for a while", "tap full"),
    ("redirects to another host", "target"),
    ("a page repeated", "tap incremental"),
]


@pytest.mark.parametrize(("name", "side"), CELLS, ids=map(", ".join, CELLS))
def test_a_fault_ends_in_equal_tenants_or_a_stop_that_a_clean_run_completes(name, side):
    seed = 2 if name == "reset after the work" else 1
    verdict = try_cell(ROWS[name], side, seed, issues=160)
    assert not verdict.wrong
    assert verdict.fired


def test_the_table_reports_a_loss():
    """The runner sees what it is there to see: a fault that eats rows is a failure."""
    eater = type(ROWS["none"])("rows eaten", "behave", {"honours_offset": False})
    verdict = try_cell(eater, "tap full", 1, issues=160)
    assert verdict.wrong

"""What was done is added up, and the page has the table of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from simulation import totals

if TYPE_CHECKING:
    from pathlib import Path

SOME = {"seeds": 25, "lives": 100, "faults": 7, "crashes": 3, "seconds": 7_200, "violations": 0}


def test_sums_begin_with_nothing() -> None:
    assert totals.added({}, SOME) == SOME
    assert totals.added(SOME, SOME)["lives"] == 200


def test_the_table_has_a_row_for_each_profile_and_one_for_all() -> None:
    *_, first, second, whole = totals.table(
        {"b": {"1": SOME}, "a": {"1": SOME, "2": {**SOME, "seeds": 1000}}}
    ).splitlines()
    assert first == "| `a` | 1,025 | 200 | 14 | 6 | 4 | 0 |"
    assert second == "| `b` | 25 | 100 | 7 | 3 | 2 | 0 |"
    assert whole == "| all | 1,050 | 300 | 21 | 9 | 6 | 0 |"


def test_a_run_continues_after_the_last_seed_and_writes_the_page(tmp_path: Path) -> None:
    path, page = tmp_path / "totals.json", tmp_path / "page.md"
    page.write_text(f"before\n{totals.BEGIN}\nold\n{totals.END}\nafter\n")
    for seeds, version in ((3, "one"), (2, "two"), (1, "two")):
        (tally,) = totals.go_on(["full_read"], seeds, version=version, path=path, page=page)
        assert (tally.seeds, tally.wrong) == (seeds, {})
    done = json.loads(path.read_text())["full_read"]
    assert {version: each["seeds"] for version, each in done.items()} == {"one": 3, "two": 3}
    before, *_, whole, end, after = page.read_text().splitlines()
    assert (before, end, after) == ("before", totals.END, "after")
    assert whole.startswith("| all | 6 | ")


def test_the_page_is_what_the_totals_say() -> None:
    page = totals.DOCUMENT.read_text()
    between = page.partition(totals.BEGIN)[2].partition(totals.END)[0]
    assert between.strip() == totals.table(json.loads(totals.TOTALS.read_text()))

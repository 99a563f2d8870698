"""The summary at the end of a run: a table on a terminal, one line in a log."""

from __future__ import annotations

import json
import logging
import re

import pytest

from planhat_sync.errors import StopError
from planhat_sync.runtime.terminal import TextStyle
from planhat_sync.writing.results.counts import OUTCOMES, RunCounts, StreamCounts
from planhat_sync.writing.results.summary import Summary

PLAIN, COLOURED = TextStyle(is_terminal=True), TextStyle(is_terminal=True, has_colour=True)
MILLIONS = StreamCounts(read=8 * 12_345_678, **dict.fromkeys(OUTCOMES, 12_345_678))


def summary(result="done", requests=7, retries=0, *, dry_run=False, **streams):
    counts = RunCounts()
    counts.streams.update(streams)
    return Summary(
        counts=counts,
        result=result,
        final_state=None,
        dry_run=dry_run,
        requests=requests,
        retries=retries,
        seconds=8.8,
        rejects_path=None,
        version="0.1.0",
    )


def test_a_dry_run_says_so_at_both_ends_of_the_table_and_in_its_headings():
    counts = StreamCounts(
        read=21, created=1, updated=2, unchanged=3, skipped=4, deleted=5, rejected=6
    )
    shown = summary(dry_run=True, issues=counts).as_table(PLAIN, 120)
    assert shown == (
        "\nDry run: nothing was written\n"
        "stream  read  would create  would update  unchanged  would skip  would delete  "
        "would reject\n"
        "issues    21             1             2          3           4             5  "
        "           6\n"
        "dry run done after 8.8 s and 7 requests"
    )


def test_the_table_of_a_real_run_does_not_mention_a_dry_run():
    shown = summary(issues=StreamCounts(read=1, created=1)).as_table(PLAIN)
    assert shown == (
        "\nstream  read  created\nissues     1        1\ndone after 8.8 s and 7 requests"
    )
    assert "ry run" not in summary(issues=StreamCounts()).as_line()


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_json_says_whether_it_was_a_dry_run_and_the_log_line_says_it_in_words(dry_run):
    ended = summary(dry_run=dry_run, issues=StreamCounts(read=1, created=1))
    assert ended.as_json()["dry_run"] is dry_run
    words, _, text = ended.as_line().partition("Summary: ")
    assert words == ("Dry run: nothing was written. " if dry_run else "")
    assert json.loads(text) == ended.as_json()


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_run_that_read_nothing_says_so(dry_run):
    for streams in ({}, {"issues": StreamCounts(), "objectives": StreamCounts()}):
        ended = summary(dry_run=dry_run, **streams)
        assert "\nNo records were read\n" in ended.as_table(PLAIN)
        assert "No records were read. Summary: {" in ended.as_line()
    assert "\nstream      read\nissues         0\nobjectives     0\n" in ended.as_table(PLAIN)
    assert "No records" not in summary(issues=StreamCounts(read=1, created=1)).as_line()


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    "streams",
    [
        {"issues": StreamCounts(read=28, **{name: n for n, name in enumerate(OUTCOMES, 1)})},
        {"issues": MILLIONS, "objectives": StreamCounts()},
        {"a_stream_whose_name_is_39_columns_long_": MILLIONS},
        {f"stream_{n}": MILLIONS for n in range(26)},
    ],
    ids=["small", "millions", "long name", "many streams"],
)
def test_no_line_is_wider_than_the_terminal_and_no_count_is_left_out(width, dry_run, streams):
    ended = summary("failed", 12_345_678, 1_234_567, dry_run=dry_run, **streams)
    shown = ended.as_table(PLAIN, width)
    assert max(map(len, shown.splitlines())) <= width
    for stream, counts in streams.items():
        assert stream in shown
        for count in filter(None, counts.as_json().values()):
            assert f"{count:,}" in shown
    coloured = ended.as_table(COLOURED, width)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == shown


def test_eight_counts_of_one_stream_stay_a_table_in_80_columns():
    counts = StreamCounts(read=28, **{name: n for n, name in enumerate(OUTCOMES, 1)})
    head, row, _ = summary(issues=counts).as_table(PLAIN, 80).splitlines()[1:]
    assert head.split() == ["stream", "read", *OUTCOMES]
    assert row.split() == ["issues", "28", *"1234567"]


@pytest.mark.parametrize(
    ("requests", "retries", "end"),
    [
        (0, 0, "0 requests"),
        (1, 0, "1 request"),
        (2, 1, "2 requests, 1 of them a repeat"),
        (1_234, 2, "1,234 requests, 2 of them repeats"),
    ],
)
def test_one_request_is_in_the_singular(requests, retries, end):
    shown = summary(requests=requests, retries=retries, issues=StreamCounts(read=1, created=1))
    assert shown.as_table(PLAIN).endswith(f"done after 8.8 s and {end}")


@pytest.mark.parametrize("result", ["failed", "interrupted"])
def test_a_run_that_failed_says_so_in_red_with_what_is_undecided(result):
    ended = summary(
        result, issues=StreamCounts(read=596), objectives=StreamCounts(read=1, created=1)
    )
    shown = ended.as_table(COLOURED)
    assert f"\x1b[31m{result} after 8.8 s and 7 requests\x1b[0m" in shown
    assert (
        "\x1b[31m596 records undecided: read, but without an outcome when the run ended\x1b[0m"
        in shown
    )
    plain = ended.as_table(PLAIN)
    assert "stream      read  created  undecided\n" in plain
    assert "issues       596        0        596\n" in plain
    assert ended.as_json()["undecided"] == 596
    assert "1 record undecided" in summary(result, issues=StreamCounts(read=1)).as_table(PLAIN)


def test_a_run_that_succeeded_is_not_red_unless_records_were_rejected():
    well = summary(issues=StreamCounts(read=2, created=1, skipped=1)).as_table(COLOURED)
    assert "\x1b[31m" not in well
    assert "\x1b[2mdone after" in well
    for dry_run in (True, False):
        counts = StreamCounts(read=3, created=1, rejected=2)
        shown = summary(dry_run=dry_run, issues=counts).as_table(COLOURED)
        assert re.search(r"\x1b\[31m *2\x1b\[0m", shown)
        assert shown.count("\x1b[31m") == 1


def test_a_summary_that_cannot_be_written_fails_a_run_that_is_done_and_no_other(tmp_path, caplog):
    path = tmp_path / "no folder" / "summary.json"
    logger, style = logging.getLogger("summary"), TextStyle(is_terminal=False)
    with pytest.raises(StopError, match="no folder"):
        summary("done").report(logger, style, path)
    summary("failed").report(logger, style, path)
    assert [record.levelname for record in caplog.records] == ["ERROR"]

"""The library reads a stream by itself, as Python values or as lines, without Singer."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading

import msgspec
import pytest

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.http.transport import Transport
from planhat_sync.api.pagination.scan import Source
from planhat_sync.models import load_models
from planhat_sync.reading.pages.row_format import RowFormat
from planhat_sync.reading.reader import StreamReader
from planhat_sync.reading.settings import ReadSettings
from planhat_sync.reading.state import StreamState
from planhat_sync.runtime.clock import Clock

ISSUES = load_models()["issues"]
KEY = ISSUES.replication_key


@pytest.fixture
def reader(sandbox):
    """Makes a reader of issues: ``reader(state, write=…)``."""
    for day in (1, 2, 3):
        issue = {"title": f"day {day}", "updatedAt": f"2026-01-0{day}T00:00:00.000Z"}
        sandbox.tenant("token-a").insert("issues", issue)
    config = {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0}
    with Transport(Connection.from_config(config), width=4) as transport:

        def make(state, clock=None, full_read=None, **more):
            row_format = RowFormat("issues", ["title"], key=KEY, clock=clock, **more)
            client, stop = PlanhatClient(transport), threading.Event()
            source = Source(client, ISSUES, row_format.select, row_format.page, stop, 4)
            logger = logging.getLogger("test")
            settings = ReadSettings()
            return StreamReader(source, KEY, settings, state, logger, clock, full_read=full_read)

        yield make


def test_records_are_python_values_and_the_state_goes_on_from_them(reader):
    first = reader(StreamState())
    titles = [record["title"] for rows in first.read() for record in rows.content]
    assert titles == ["day 1", "day 2", "day 3"]
    entry = {}
    first.state.write_to(entry, KEY)
    assert entry["replication_key_value"] == "2026-01-03T00:00:00.000Z"
    again = reader(StreamState.from_json(entry, KEY, "issues"))
    [rows] = again.read()
    assert [record["title"] for record in rows.content] == ["day 3"]
    assert rows.count == 1


def test_lines_are_what_the_caller_makes_of_rows(reader):
    def write(rows, received):
        return b"".join(b"row " + msgspec.json.encode(row) + b"\n" for row in rows)

    lines = b"".join(
        piece for rows in reader(StreamState(), write=write).read() for piece in rows.content
    )
    assert [json.loads(line.removeprefix(b"row "))["title"] for line in lines.splitlines()] == [
        "day 1",
        "day 2",
        "day 3",
    ]


class OldClock(Clock):
    """A clock of 2026-01-01T12:00:00Z, or so many days before it."""

    def __init__(self, days=0):
        super().__init__()
        self.days = days

    def epoch(self):
        return 1_767_268_800.0 - 86_400 * self.days


def test_the_clock_that_is_passed_in_dates_the_rows_and_bounds_the_bookmark(reader):
    received = []

    def write(rows, at):
        received.append(at)
        return b""

    reading = reader(StreamState(), OldClock(), write=write)
    for rows in reading.read():
        list(rows.content)
    assert {at.isoformat() for at in received} == {"2026-01-01T12:00:00+00:00"}
    # The row of 3 January is more than a day ahead of this clock.
    assert reading.state.bookmark.isoformat() == "2026-01-02T00:00:00+00:00"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2025-12-19T00:00:00.000Z", "2025-12-19T00:00:00+00:00"),
        ("2026-01-01T00:00:00.000Z", None),  # further ahead of this clock than a day
        (None, None),
    ],
)
def test_a_full_read_that_shows_no_usable_key_leaves_the_bookmark_where_it_was(
    reader, before, after
):
    entry = {"replication_key": KEY, "replication_key_value": before} if before else {}
    state = StreamState.from_json(entry, KEY, "issues")
    reading = reader(state, OldClock(days=10), full_read="a test")
    assert sum(rows.count for rows in reading.read()) == 3
    bookmark = reading.state.bookmark
    assert (bookmark and bookmark.isoformat()) == after


def test_reading_loads_no_part_of_singers_sdk():
    program = (
        "import sys, planhat_sync.reading.reader, planhat_sync.reading.pages.row_format\n"
        "sys.exit('singer_sdk' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

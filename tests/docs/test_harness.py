"""The harness that follows the pages notices when a page is wrong."""

from __future__ import annotations

import os
import re
import time

import pytest
from pages import follow, missing_line, parse


@pytest.fixture
def read(tmp_path):
    """Follow a page given as text."""

    def reading(text):
        place = tmp_path / "place"
        place.mkdir(exist_ok=True)
        return follow(parse("a page", text), place, dict(os.environ))

    return reading


def test_blocks_run_in_one_shell_and_in_order(read):
    reading = read("```bash\nx=1\n```\ntext\n```bash\necho $x; pwd\n```\n")
    assert reading.exit_code == 0
    assert reading.output[5].splitlines()[0] == "1"
    assert reading.output[5].splitlines()[1].endswith("/place")


def test_a_command_that_fails_is_named_by_its_line(read):
    reading = read(
        "```bash\necho before\n```\n\n```bash\nfalse | true\n```\n\n```bash\necho no\n```\n"
    )
    assert reading.exit_code == 1
    assert reading.stopped_at == 5
    assert "no" not in "".join(reading.output.values())


def test_a_block_with_a_title_is_a_file(read):
    reading = read('```json title="a.json"\n{"$HOME": 1}\n```\n```bash\ncat a.json\n```\n')
    assert reading.output[4].strip() == '{"$HOME": 1}'


def test_a_block_with_a_reason_is_left_out(read):
    assert read("<!-- not run: needs an account -->\n```bash\nfalse\n```\n").exit_code == 0


def test_a_reason_belongs_to_the_block_behind_it_only(read):
    text = "<!-- not run: needs an account -->\n\nWords.\n\n```bash\nfalse\n```\n"
    assert read(text).exit_code == 1


def test_an_indented_block_runs_too(read):
    assert read("1. first\n\n    ```bash\n    exit 3\n    ```\n").exit_code == 3


def test_a_file_of_the_place_that_names_the_port_gets_the_free_one_and_others_stay(read, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    files = {
        "other.txt": b"\xc3\xa9 1\r\n",
        "no text.pyc": b"\xee\r\r\n 8765",
        "a.json": b'"8765"\r\n',
    }
    for name, content in files.items():
        (place / name).write_bytes(content)
    assert read("```bash\necho 8765\ncat a.json\n```\n").exit_code == 0
    free = (place / "a.json").read_bytes()
    assert free != files.pop("a.json")
    assert re.fullmatch(rb'"\d+"\r\n', free)
    assert {name: (place / name).read_bytes() for name in files} == files


def test_what_a_page_starts_ends_with_it(read, tmp_path):
    beating = "(while sleep 0.05; do date > beat; done) &\nuntil [ -e beat ]; do sleep 0.05; done"
    assert read(f"```bash\n{beating}\n```\n").exit_code == 0
    beat = tmp_path / "place" / "beat"
    time.sleep(0.2)  # a signal takes a moment
    last = beat.stat().st_mtime_ns
    time.sleep(0.3)
    assert beat.stat().st_mtime_ns == last


@pytest.mark.parametrize(
    ("expected", "missing"),
    [
        ("a\nc", None),
        ("a b…d", "a b…d"),
        ("x … y", None),
        ("c\na", "a"),
        ("x", "x"),
        ("\n", None),
    ],
)
def test_expected_lines_are_looked_for_in_order(expected, missing):
    assert missing_line(expected, "a\nb\nx 12.5 y\nc\n") == missing

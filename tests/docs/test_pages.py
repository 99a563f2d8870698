"""What the documentation shows, it does."""

from __future__ import annotations

import pytest
from pages import follow, missing_line


@pytest.mark.timeout(660)
def test_every_command_of_a_page_runs_and_prints_what_the_page_says(page, place, environment):
    reading = follow(page, place, environment)
    assert reading.exit_code == 0, (
        f"{page.name}:{reading.stopped_at} failed:\n{reading.output.get(reading.stopped_at, '')}"
    )
    before = None
    for block in page.blocks:
        if block.runs:
            before = block
        elif block.mark == "output":
            assert before, f"{page.name}:{block.line}: an output without a command before it"
            line = missing_line(block.body, reading.output[before.line])
            assert line is None, (
                f"{page.name}:{block.line}: not printed: {line}\nprinted was:\n"
                f"{reading.output[before.line]}"
            )


def test_a_command_that_is_not_run_has_a_reason(page):
    for block in page.blocks:
        assert block.mark != "not run" or block.reason, f"{page.name}:{block.line} gives no reason"


def test_commands_are_in_blocks_that_are_run(page):
    for block in page.blocks:
        assert block.language, f"{page.name}:{block.line}: a fence without a language"
        assert block.language not in {"sh", "shell", "console", "shell-session", "zsh"}, (
            f"{page.name}:{block.line}: commands go into bash blocks, which are run"
        )

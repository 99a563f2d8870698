"""What is said of a replay of rejects in which something is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from simulation.draws import Draws
from simulation.oracles.replayed import ReplayWatch
from simulation.plan import changed
from simulation.profiles.replays import plan
from simulation.run import run

if TYPE_CHECKING:
    from simulation.story import Story

PLAN = changed(plan(Draws(6)), rates={})


class View:
    """A tenant in which every title is another one."""

    def __init__(self, tenant: Any) -> None:
        self._tenant = tenant
        self.versions = tenant.versions

    def records(self, model: str) -> list[dict[str, Any]]:
        return [{**each, "title": "lost"} for each in self._tenant.records(model)]


@pytest.fixture(scope="module")
def story() -> Story:
    return run(PLAN)


def said(story: Story) -> str:
    watch = ReplayWatch(PLAN)
    watch.ended(story)
    return " ".join(watch.violations)


def test_nothing_is_wrong_with_a_replay_in_which_others_changed_records(story: Story) -> None:
    codes = {json.loads(each)["reject"]["code"] for each in _rejects(story)}
    assert {"newer_in_planhat", "wrong_type"} <= codes
    assert len(_rejects(story)) < story.replayed["copy"][0].count(b'"RECORD"')
    assert said(story) == ""


def test_a_reject_that_is_neither_written_nor_rejected_again_is_seen(story: Story) -> None:
    without = replace(story, rejects={"copy": b""})
    assert "is not rejected, and should be: newer_in_planhat" in said(without)
    assert "is not rejected, and should be: wrong_type" in said(without)


def test_a_value_that_should_be_another_one_is_seen(story: Story) -> None:
    assert "has title 'lost', and should have" in said(
        replace(story, tenants={"copy": View(story.tenants["copy"])})
    )


def test_a_reject_with_another_time_is_seen(story: Story) -> None:
    later = story.rejects["copy"].replace(b'"rejected_at":"20', b'"rejected_at":"21')
    assert "a reject was not in the file" in said(replace(story, rejects={"copy": later}))


def test_a_file_that_is_not_kept_is_seen(story: Story) -> None:
    assert "the file that was replayed is not kept as it was" in said(
        replace(story, replayed={"copy": []})
    )


def _rejects(story: Story) -> list[bytes]:
    return [each for each in story.rejects["copy"].splitlines() if b'"RECORD"' in each]

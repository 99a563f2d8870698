"""The detector by itself: limits that a run over HTTP reaches only with very many records."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest

from planhat_sync.api.client import PlanhatClient
from planhat_sync.api.connection import Connection
from planhat_sync.api.http.transport import Transport
from planhat_sync.api.pagination.scan import Source
from planhat_sync.models import load_models
from planhat_sync.reading.deletions.detector import (
    MOST_CONFIRMED,
    MOST_RECENT,
    NOT_DECODED,
    DeletionDetector,
)
from planhat_sync.reading.settings import ReadSettings

ISSUES = load_models()["issues"]
SETTINGS = ReadSettings(detect_deletes=True, sweep_every=timedelta(0), max_deletes_percent=100)


@pytest.fixture
def detector(sandbox):
    """Makes a detector of issues, of which there is one: ``detector(state, saved)``."""
    sandbox.tenant("token-a").insert("issues", {"title": "t"})
    config = {"api_token": "token-a", "api_url": sandbox.url, "requests_per_minute": 0}
    with Transport(Connection.from_config(config), width=4) as transport:
        source = Source(PlanhatClient(transport), ISSUES, (), bytes, threading.Event(), 4)

        def make(state, saved=None):
            save = (lambda: saved.append(dict(state))) if saved is not None else lambda: None
            return DeletionDetector(
                source, SETTINGS, state, save=save, logger=logging.getLogger("test")
            )

        yield make


@pytest.fixture
def state(detector):
    """The state after a first run."""
    held: dict = {}
    first = detector(held)
    first.sweep()
    assert list(first.deleted()) == []
    return held


def new_ids(count: int) -> list[str]:
    return [f"77{number:022x}" for number in range(count)]


def test_as_many_as_are_confirmed_are_emitted(detector, state):
    second = detector(state)
    second.emitting(new_ids(MOST_CONFIRMED))
    second.sweep()
    assert list(second.deleted()) == new_ids(MOST_CONFIRMED)
    assert second.full_read is None


@pytest.mark.parametrize("count", [MOST_CONFIRMED + 1, MOST_RECENT + 1])
def test_more_end_in_a_full_read(detector, state, count):
    second = detector(state)
    second.emitting(new_ids(count))
    second.sweep()
    assert list(second.deleted()) == []
    assert second.full_read == NOT_DECODED


def test_more_new_ids_than_are_remembered_end_in_a_full_read_although_all_of_them_exist(
    detector, state
):
    second, before = detector(state), state["known_ids"]["top"]
    ids = new_ids(MOST_RECENT + 1)
    second.emitting(ids)
    second.start_scan()
    second.scanned([before, *ids])
    assert list(second.deleted()) == []
    assert second.full_read == NOT_DECODED


def test_the_state_is_emitted_once_for_each_page_with_new_ids_until_they_do_not_fit(
    detector, state
):
    saved: list[dict] = []
    second = detector(state, saved)
    ids = new_ids(300)
    for page in (ids[:10], ids[:10], ids[10:150], ids[150:250], ids[250:]):
        second.emitting(page)
    recent = [len(each["known_ids"]["recent"]) // 16 for each in saved if "known_ids" in each]
    assert recent == [10, 150]
    assert len(saved) == 3


def test_the_state_changes_after_the_last_deletion_and_not_before(detector, state):
    second = detector(state)
    second.emitting(new_ids(10))
    before = dict(state)
    second.sweep()
    for identifier in second.deleted():
        assert identifier in new_ids(10)
        assert state == before
    assert state["known_ids"]["recent"] == ""


def test_planhat_is_not_asked_for_records_if_its_list_has_all_of_them(detector, state, sandbox):
    """It lists the only one, which it would not find."""
    second, listed = detector(state), state["known_ids"]["top"]
    sandbox.tenant("token-a").delete("issues", listed)
    second.start_scan()
    second.scanned([listed])
    assert list(second.deleted()) == []
    assert second.is_complete

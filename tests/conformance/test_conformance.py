"""The conformance kit passes correct connectors and fails each kind of defect."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from singer_conformance import TapConformance, TapUnderTest, TargetConformance, TargetUnderTest

TOYS = Path(__file__).with_name("toys.py")


def toy_target(folder: Path, name: str) -> TargetUnderTest:
    """A toy target that stores a record as a file."""
    return TargetUnderTest(
        command=[sys.executable, str(TOYS), name, str(folder)],
        stream="things",
        schema={"type": "object", "properties": {"id": {"type": "integer"}}},
        key_properties=["id"],
        record=lambda n: {"id": n},
        stored=lambda: [int(path.name.split(".")[0]) for path in folder.iterdir()],
        reset=lambda: [path.unlink() for path in folder.iterdir()],
        records=600,
    )


def toy_tap(folder: Path, name: str) -> TapUnderTest:
    """A toy tap of 2,000 records."""
    return TapUnderTest(
        command=[sys.executable, str(TOYS), name, str(folder)],
        expected=lambda: range(2000),
        key=lambda stream, record: record["id"],
    )


class TestACorrectTarget(TargetConformance):
    """It passes all tests."""

    @pytest.fixture
    def target(self, tmp_path):
        return toy_target(tmp_path, "correct_target")


class TestACorrectTap(TapConformance):
    """It passes all tests."""

    @pytest.fixture
    def tap(self, tmp_path):
        folder = tmp_path / "toy"
        folder.mkdir()
        return toy_tap(folder, "correct_tap")


CHECKS = TargetConformance()
TAP_CHECKS = TapConformance()


def test_a_black_hole_target_fails(tmp_path):
    with pytest.raises(AssertionError, match="600 records are missing"):
        CHECKS.test_everything_read_is_stored_once(toy_target(tmp_path, "black_hole_target"))


@pytest.mark.parametrize("name", ["black_hole_target", "eager_target"])
def test_a_target_that_prints_states_ahead_of_its_data_fails(tmp_path, name):
    with pytest.raises(AssertionError, match="records before it are missing"):
        CHECKS.test_a_printed_state_is_safe_at_that_instant(toy_target(tmp_path, name))


def test_a_target_that_doubles_on_a_second_run_fails(tmp_path):
    with pytest.raises(AssertionError, match="stored twice"):
        CHECKS.test_a_killed_run_is_completed_from_its_last_state(
            toy_target(tmp_path, "appending_target"), signal.SIGKILL, 5, 3
        )


def test_a_target_that_calls_a_signal_a_success_fails(tmp_path):
    with pytest.raises(AssertionError):
        CHECKS.test_sigterm_before_the_end_is_not_a_success(toy_target(tmp_path, "polite_target"))


def test_a_target_that_prints_anything_else_fails(tmp_path):
    with pytest.raises(pytest.fail.Exception, match="not a state value"):
        CHECKS.test_standard_output_is_bare_state_values(toy_target(tmp_path, "chatty_target"))


def test_a_duplicating_tap_fails(tmp_path):
    with pytest.raises(AssertionError, match="2000 records are emitted twice"):
        TAP_CHECKS.test_every_record_is_emitted_once(toy_tap(tmp_path, "duplicating_tap"))


def test_a_tap_that_calls_a_signal_a_success_fails(tmp_path):
    with pytest.raises(AssertionError):
        TAP_CHECKS.test_sigterm_with_a_slow_reader_leaves_complete_lines_and_is_not_a_success(
            toy_tap(tmp_path, "polite_tap")
        )


def test_a_tap_that_swallows_a_broken_pipe_fails(tmp_path):
    with pytest.raises(AssertionError):
        TAP_CHECKS.test_a_reader_that_goes_away_is_not_a_success(
            toy_tap(tmp_path, "swallowing_tap")
        )


def test_a_tap_that_prints_its_bookmark_before_its_records_fails(tmp_path):
    folder = tmp_path / "toy"
    folder.mkdir()
    with pytest.raises(AssertionError, match="2000 records are in neither run"):
        TAP_CHECKS.test_a_run_goes_on_from_any_state_it_printed(
            toy_tap(folder, "early_tap"), tmp_path, 1, 1
        )


def test_a_tap_that_is_killed_between_a_bookmark_and_its_records_fails(tmp_path):
    folder = tmp_path / "toy"
    folder.mkdir()
    with pytest.raises(AssertionError, match="in neither run"):
        TAP_CHECKS.test_a_killed_run_is_completed_from_its_last_state(
            toy_tap(folder, "early_tap"), signal.SIGKILL, tmp_path, 8, 1
        )


def test_a_tap_that_prints_its_newest_bookmark_when_it_is_ended_fails(tmp_path):
    folder = tmp_path / "toy"
    folder.mkdir()
    with pytest.raises(AssertionError, match="in neither run"):
        TAP_CHECKS.test_a_killed_run_is_completed_from_its_last_state(
            toy_tap(folder, "draining_tap"), signal.SIGTERM, tmp_path, 8, 1
        )

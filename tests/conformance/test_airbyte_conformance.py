"""The conformance kit passes correct Airbyte connectors and fails each kind of defect."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from airbyte_conformance import (
    DestinationConformance,
    DestinationUnderTest,
    SourceConformance,
    SourceUnderTest,
)

TOYS = Path(__file__).with_name("airbyte_toys.py")


@pytest.fixture
def conformance_instants() -> int:
    return 2


def toy_source(folder: Path, name: str) -> SourceUnderTest:
    """A toy source of 1,000 records, and a stream without any."""
    return SourceUnderTest(
        command=[sys.executable, str(TOYS), name, str(folder)],
        expected=lambda: {"things": range(1000), "others": ()},
        key=lambda data: data["id"],
    )


def toy_destination(folder: Path, name: str) -> DestinationUnderTest:
    """A toy destination that stores a record as a file."""
    folder = folder / "toy"
    folder.mkdir()
    return DestinationUnderTest(
        command=[sys.executable, str(TOYS), name, str(folder)],
        streams=["things", "others"],
        record=lambda stream, n: {"id": n},
        refused=lambda stream, n: {"name": n},
        stored=lambda: [int(path.name.split(".")[0]) for path in folder.iterdir()],
        reset=lambda: [path.unlink() for path in folder.iterdir()],
        records=300,
    )


class TestACorrectSource(SourceConformance):
    """It passes all tests."""

    @pytest.fixture
    def source(self, tmp_path):
        return toy_source(tmp_path, "correct_source")


class TestACorrectDestination(DestinationConformance):
    """It passes all tests."""

    @pytest.fixture
    def destination(self, tmp_path):
        return toy_destination(tmp_path, "Destination")


SOURCE = SourceConformance()
DESTINATION = DestinationConformance()


@pytest.mark.parametrize(
    ("name", "test", "says"),
    [
        ("black_hole_source", SOURCE.test_every_record_is_emitted_once, "1000 records"),
        ("doubling_source", SOURCE.test_every_record_is_emitted_once, "1000 .* emitted twice"),
        ("quiet_source", SOURCE.test_every_stream_starts_runs_and_is_complete, "the statuses"),
        (
            "early_source",
            SOURCE.test_the_counts_of_states_add_up,
            "1000 records of things are in no",
        ),
        (
            "early_source",
            SOURCE.test_every_stream_ends_with_a_state_and_none_comes_twice,
            "1000 records of things come after its last state",
        ),
        (
            "stateless_source",
            SOURCE.test_every_stream_ends_with_a_state_and_none_comes_twice,
            "others has no state",
        ),
        (
            "stuttering_source",
            SOURCE.test_every_stream_ends_with_a_state_and_none_comes_twice,
            "twice in a row",
        ),
        (
            "null_source",
            SOURCE.test_every_stream_ends_with_a_state_and_none_comes_twice,
            "is null",
        ),
        ("totalling_source", SOURCE.test_the_counts_of_states_add_up, "counts 400.0 .* 200 came"),
    ],
)
def test_a_source_with_a_defect_fails(tmp_path, name, test, says):
    with pytest.raises(AssertionError, match=says):
        test(toy_source(tmp_path, name))


def test_a_source_that_prints_anything_else_fails(tmp_path):
    with pytest.raises(pytest.fail.Exception, match="not a message"):
        SOURCE.test_standard_output_is_complete_messages(toy_source(tmp_path, "chatty_source"))


def test_a_source_that_reads_everything_without_its_state_fails(tmp_path):
    with pytest.raises(AssertionError):
        SOURCE.test_a_state_that_cannot_be_read_is_an_error_and_not_a_success(
            toy_source(tmp_path, "deaf_source"), tmp_path
        )


@pytest.mark.parametrize(
    ("name", "lost"), [("early_source", 1000), ("careless_source", 1), ("black_hole_source", 1000)]
)
def test_a_source_that_does_not_go_on_from_its_states_fails(tmp_path, name, lost):
    with pytest.raises(AssertionError, match=f"{lost} records of things are in neither run"):
        SOURCE.test_a_run_goes_on_from_any_state_it_printed(
            toy_source(tmp_path, name), tmp_path, 8, 1
        )


@pytest.mark.parametrize(
    ("name", "end_with", "says"),
    [
        ("early_source", signal.SIGKILL, "in neither run"),
        ("draining_source", signal.SIGTERM, "in neither run"),
        ("hopeful_source", signal.SIGTERM, "things is COMPLETE, and"),
    ],
)
def test_a_source_that_a_kill_makes_lose_records_fails(tmp_path, name, end_with, says):
    with pytest.raises(AssertionError, match=says):
        SOURCE.test_a_killed_run_is_completed_from_its_last_states(
            toy_source(tmp_path, name), end_with, tmp_path, 8, 1
        )


def test_a_source_that_calls_a_signal_a_success_fails(tmp_path):
    with pytest.raises(AssertionError):
        SOURCE.test_sigterm_with_a_slow_reader_leaves_complete_lines_and_is_not_a_success(
            toy_source(tmp_path, "polite_source")
        )


def test_a_source_that_swallows_a_broken_pipe_fails(tmp_path):
    with pytest.raises(AssertionError):
        SOURCE.test_a_reader_that_goes_away_is_not_a_success(
            toy_source(tmp_path, "swallowing_source")
        )


@pytest.mark.parametrize(
    ("name", "test", "says"),
    [
        ("BlackHole", DESTINATION.test_everything_read_is_stored_once, "300 records are missing"),
        (
            "BlackHole",
            DESTINATION.test_a_returned_state_is_safe_at_that_instant,
            "records before it are missing",
        ),
        (
            "Eager",
            DESTINATION.test_a_returned_state_is_safe_at_that_instant,
            "records before it are missing",
        ),
        (
            "Merging",
            DESTINATION.test_every_state_is_returned_unchanged_in_the_order_of_its_stream,
            "is not the one fed",
        ),
        (
            "Reversing",
            DESTINATION.test_every_state_is_returned_unchanged_in_the_order_of_its_stream,
            "is not the one fed",
        ),
        (
            "Trimming",
            DESTINATION.test_every_state_is_returned_unchanged_in_the_order_of_its_stream,
            "is not the one fed",
        ),
        (
            "Rounding",
            DESTINATION.test_every_state_is_returned_unchanged_in_the_order_of_its_stream,
            "is not the one fed",
        ),
        ("Totalling", DESTINATION.test_the_counts_of_states_add_up, "counts 100.0 .*; 50 and 0"),
        ("Integral", DESTINATION.test_the_counts_of_states_add_up, "recordCount is 0 in"),
        (
            "Silent",
            DESTINATION.test_rejected_records_are_counted_and_the_others_are_stored,
            "counts 50.0 records and 0.0 rejected ones; 42 and 8 came",
        ),
    ],
)
def test_a_destination_with_a_defect_fails(tmp_path, name, test, says):
    with pytest.raises(AssertionError, match=says):
        test(toy_destination(tmp_path, name))


def test_a_destination_that_waits_for_the_end_of_its_input_fails(tmp_path):
    waiting = replace(toy_destination(tmp_path, "Waiting"), idle_seconds=1)
    with pytest.raises(
        AssertionError, match=r"While the input was open: 4 states of .* are missing"
    ):
        DESTINATION.test_every_state_is_returned_while_the_input_is_open(waiting)


def test_a_destination_that_prints_anything_else_fails(tmp_path):
    with pytest.raises(pytest.fail.Exception, match="not a message"):
        DESTINATION.test_standard_output_is_complete_messages(toy_destination(tmp_path, "Chatty"))


@pytest.mark.parametrize(
    ("name", "says"), [("Doubling", "stored twice"), ("Eager", "acknowledged records are missing")]
)
def test_a_destination_that_a_kill_makes_lose_or_double_records_fails(tmp_path, name, says):
    with pytest.raises(AssertionError, match=says):
        DESTINATION.test_a_killed_run_is_completed_from_its_last_states(
            toy_destination(tmp_path, name), signal.SIGKILL, 5, 3
        )


def test_a_destination_that_calls_a_signal_a_success_fails(tmp_path):
    with pytest.raises(AssertionError):
        DESTINATION.test_sigterm_before_the_end_is_not_a_success(
            toy_destination(tmp_path, "Polite")
        )

"""Whether the input ended with a state: in the summary, and as a warning if it did not."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_planhat.target import TargetPlanhat

WARNING = "the input ended without a final state"


@pytest.fixture
def ended(bench, tmp_path, caplog):
    """Run the target on bytes; return `final_state` of the summary, the warnings and the error."""
    path = tmp_path / "summary.json"

    def run(data, **config):
        caplog.clear()
        target = TargetPlanhat(config=bench.config(summary_path=str(path), **config))
        error = None
        try:
            target.listen(io.BytesIO(data))
        except Exception as raised:  # noqa: BLE001 - whatever it is, the test looks at it
            error = raised
        return json.loads(path.read_text())["final_state"], caplog.text.count(WARNING), error

    return run


def messages(bench, text):
    """Return messages by their initials: S for SCHEMA, R for RECORD, T for STATE, V for a version.

    Records need no company, and are left out by `write_mode: update`, so that runs are short.
    """
    made = {
        "S": bench.schema(),
        "R": bench.record(sourceId="a", title="t"),
        "T": bench.state(1),
        "V": {"type": "ACTIVATE_VERSION", "stream": "issues", "version": 1},
    }
    return [made[letter] for letter in text]


@pytest.mark.parametrize(
    ("text", "final_state"),
    [
        ("SRT", True),
        ("SRTRT", True),
        ("SRTSV", True),
        ("ST", True),
        ("TSR", None),
        ("STR", None),
        ("TSRTR", False),
        ("SRTRS", False),
        ("SRTRTR", False),
        ("SR", None),
        ("", None),
        ("S", None),
    ],
)
def test_a_record_after_the_last_state_means_that_the_final_state_is_missing(
    bench, ended, text, final_state
):
    found, warnings, error = ended(bench.lines(messages(bench, text)), write_mode="update")
    assert error is None
    assert found is final_state
    assert warnings == (final_state is False)


def test_records_that_are_left_out_count_as_records(bench, ended):
    record = bench.record("users", id=1)
    lines = [bench.schema("users"), record, bench.state(1), record]
    assert ended(bench.lines(lines), stream_maps={"__else__": None})[:2] == (False, 1)


def test_a_run_that_ends_before_its_input_does_not_know(bench, ended):
    lines = bench.lines([*messages(bench, "SRTR"), b"not a message", bench.state(2)])
    found, warnings, error = ended(lines, write_mode="update")
    assert "line 5 of the input is not JSON" in str(error)
    assert (found, warnings) == (None, 0)


def test_a_complete_last_line_needs_no_line_end(bench, ended):
    lines = bench.lines(messages(bench, "SRT")).rstrip(b"\n")
    assert ended(lines, write_mode="update") == (True, 0, None)


@given(text=st.text("RTV", max_size=6), data=st.data())
def test_wherever_the_tap_is_killed_the_run_says_whether_the_input_ended_with_a_state(
    bench, ended, text, data
):
    lines = bench.lines(messages(bench, "S" + text))
    cut = lines[: data.draw(st.integers(0, len(lines)))]
    *whole, rest = cut.split(b"\n")
    try:
        whole += [rest] if rest and json.loads(rest) else []
        is_cut = False
    except ValueError:
        is_cut = True
    types = [json.loads(line)["type"] for line in whole]
    states = [at for at, kind in enumerate(types) if kind == "STATE"]
    records = [at for at, kind in enumerate(types) if kind == "RECORD"]
    if states and (not records or records[-1] < states[-1]):
        after_state = True
    else:
        after_state = False if states and records[0] < states[-1] else None
    found, warnings, error = ended(cut, write_mode="update")
    assert found is (False if is_cut else after_state)
    assert warnings == (found is False)
    assert (error is not None) == is_cut


def test_the_exit_code_stays_what_it_is(bench, target, tmp_path):
    run = target(
        config=bench.config(summary_path="summary.json", write_mode="update"),
        stdin=bench.lines(messages(bench, "SRTR")),
    )
    assert run.code == 0
    assert "| WARNING " in next(line for line in run.stderr.splitlines() if WARNING in line)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["result"], summary["final_state"]) == ("done", False)
    assert '"final_state":false' in run.stderr


@pytest.mark.parametrize(("text", "warned"), [("", 1), ("S", 1), ("SR", 0), ("ST", 0), ("SRT", 0)])
def test_an_input_with_neither_a_record_nor_a_state_is_warned_of(
    ended, bench, caplog, text, warned
):
    ended(bench.lines(messages(bench, text)), write_mode="update")
    assert caplog.text.count("the input ended without a record and without a state") == warned

"""Messages, the log and failures, as they are written."""

from __future__ import annotations

import json
import logging
import signal
import time
from decimal import Decimal

import pytest
from airbyte_protocol import parse, parse_all

from airbyte_planhat import messages
from airbyte_planhat.failures import failure_type, reported, write_failure
from airbyte_planhat.log import log_to_messages
from planhat_sync import errors
from planhat_sync.redaction import add_secret
from planhat_sync.runtime.exits import StoppedBySignal
from planhat_sync.runtime.redacted_output import redact_output
from planhat_sync.runtime.stdin import InputError
from planhat_sync.runtime.stdout import OutputError

TOKEN = "a-token-of-planhat"  # noqa: S105 - there is no such token


@pytest.fixture
def log(capsys):
    """Logs as a connector does; returns what has been written so far, as messages."""
    add_secret(TOKEN)
    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    before = root.handlers, root.level
    redact_output()

    def read():
        return parse_all(capsys.readouterr().out)

    yield read
    root.handlers, root.level = before
    logging.setLogRecordFactory(factory)


def test_a_state_counts_the_records_since_the_last_one_as_a_number_with_a_decimal_point():
    issues = messages.descriptor((None, "issues"))
    line = messages.stream_state(issues, {"rows": 5}, 1200)
    assert b'"sourceStats":{"recordCount":1200.0}' in line
    state = parse(line).state
    assert state.type.value == "STREAM"
    assert state.stream.stream_descriptor.name == "issues"
    assert state.stream.stream_state == {"rows": 5}


def test_a_status_names_its_stream_and_its_namespace_if_there_is_one():
    before = time.time() * 1000 - 1
    trace = parse(messages.stream_status(messages.descriptor(("x", "issues")), "RUNNING")).trace
    assert before <= trace.emitted_at <= time.time() * 1000 + 1
    assert trace.stream_status.status.value == "RUNNING"
    assert trace.stream_status.stream_descriptor.namespace == "x"
    assert b"namespace" not in messages.stream_status(
        messages.descriptor((None, "issues")), "STARTED"
    )


def test_levels_have_the_names_of_airbyte(log):
    log_to_messages(debug=True)
    for level in (5, 10, 20, 25, 30, 40, 50):
        logging.getLogger("any").log(level, "x")
    logging.getLogger().setLevel(1)
    logging.getLogger("any").log(5, "x")
    levels = [message.log.level.value for message in log()]
    assert levels == ["DEBUG", "INFO", "INFO", "WARN", "ERROR", "FATAL", "TRACE"]


def test_what_is_logged_is_one_message_without_secrets_whatever_its_text(log):
    log_to_messages(debug=False)
    logging.getLogger("any").warning("%s\nhalf a pair \ud800", TOKEN)
    logging.getLogger("any").debug("not shown")
    (message,) = log()
    assert message.log.level.value == "WARN"
    assert message.log.message == "***\nhalf a pair \\ud800"


def test_a_record_with_a_wrong_format_does_not_end_the_run(log):
    log_to_messages(debug=False)
    logging.getLogger("any").warning("%d", "x")
    assert log() == []


@pytest.mark.parametrize("debug", [True, False])
def test_a_traceback_is_logged_only_at_level_debug(log, debug):
    log_to_messages(debug=debug)
    try:
        raise ValueError(TOKEN)  # noqa: TRY301
    except ValueError as error:
        logging.getLogger("any").exception("failed")
        write_failure(error)
    logged, failed = log()
    traces = logged.log.stack_trace, failed.trace.error.stack_trace
    assert [bool(trace and "Traceback" in trace) for trace in traces] == [debug, debug]
    assert TOKEN not in str((logged, failed))
    assert failed.trace.error.failure_type.value == "system_error"


def caused_by(error: BaseException) -> BaseException:
    """A failure of which only the cause is known."""
    failure = errors.StopError("2 of 5 streams cannot be read")
    failure.__cause__ = error
    return failure


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.ConfigurationError("x"), "config_error"),
        (errors.AuthenticationError("x"), "config_error"),
        (errors.NotPermittedError("x"), "config_error"),
        (errors.StopError("the rejects are too many: correct them"), "config_error"),
        (errors.ProtocolError("x", status=404), "config_error"),
        (errors.ProtocolError("x", status=200), "system_error"),
        (errors.GaveUpError("x"), "transient_error"),
        (errors.UnreachableError("x"), "transient_error"),
        (errors.Interrupted("x"), "transient_error"),
        (errors.BusyError("x"), "transient_error"),
        (OutputError("x"), "transient_error"),
        (KeyboardInterrupt(), "transient_error"),
        (StoppedBySignal(signal.SIGTERM, "x"), "transient_error"),
        (errors.ProtocolError("x"), "system_error"),
        (errors.PlanhatError("x"), "system_error"),
        (OSError(28, "No space left on device"), "system_error"),
        (InputError("a line is not a message"), "system_error"),
        (RuntimeError("x"), "system_error"),
        (caused_by(errors.AuthenticationError("x")), "config_error"),
        (caused_by(errors.GaveUpError("x")), "transient_error"),
        (caused_by(RuntimeError("x")), "system_error"),
    ],
    ids=repr,
)
def test_a_failure_says_who_can_do_something_about_it(error, kind):
    assert failure_type(error) == kind


def test_a_failure_is_written_and_raised_again(log):
    with pytest.raises(errors.GaveUpError), reported():
        raise errors.GaveUpError(f"one\n sentence with {TOKEN}")
    (message,) = log()
    assert message.trace.type.value == "ERROR"
    assert message.trace.error.message == "one sentence with ***"


def test_the_failure_of_a_stream_names_it(log):
    write_failure(errors.NotPermittedError("x"), messages.descriptor((None, "issues")))
    (message,) = log()
    assert message.trace.error.stream_descriptor.name == "issues"


def test_an_exit_is_not_a_failure(log):
    with pytest.raises(SystemExit), reported():
        raise SystemExit(0)
    assert log() == []


def test_a_number_of_a_state_keeps_its_digits():
    line = messages.stream_state({"name": "a"}, {"n": Decimal("1.10")}, 0)
    assert b'"n":1.10' in line
    assert json.loads(line)["state"]["stream"]["stream_state"] == {"n": 1.1}

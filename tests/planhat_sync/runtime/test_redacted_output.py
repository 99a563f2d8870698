"""Standard error and log records each leave the token out by themselves."""

from __future__ import annotations

import contextlib
import io
import logging
import sys

import pytest

from planhat_sync import redaction
from planhat_sync.runtime.redacted_output import redact_output, register_secrets

TOKEN = "s3cr3t-t0k3n-0123"  # noqa: S105 - made up


@pytest.fixture(autouse=True)
def _secret(monkeypatch):
    monkeypatch.setattr(redaction, "_forms", ())
    redaction.add_secret(TOKEN)


@contextlib.contextmanager
def redacted():
    """Redact standard error and log records for a while; yield what the former shows."""
    factory = logging.getLogRecordFactory()
    with contextlib.redirect_stderr(io.StringIO()) as shown:
        redact_output()
        yield shown
    logging.setLogRecordFactory(factory)


@pytest.mark.parametrize(
    "write",
    [
        lambda: sys.stderr.write(f"it is {TOKEN}\n"),
        lambda: sys.stderr.writelines(["it is ", f"{TOKEN}\n"]),
    ],
)
def test_standard_error_shows_no_token(write):
    with redacted() as shown:
        write()
    assert shown.getvalue() == "it is ***\n"


def test_standard_error_is_redacted_once():
    with redacted():
        stream = sys.stderr
        redact_output()
        assert sys.stderr is stream


def logged(*args: object, error: BaseException | None = None) -> str:
    """Log to a handler that does not write to standard error; return what it wrote."""
    handler = logging.StreamHandler(io.StringIO())
    logger = logging.getLogger("redacted")
    logger.addHandler(handler)
    with redacted():
        logger.warning(*args, exc_info=error)
    logger.removeHandler(handler)
    return handler.stream.getvalue()


def test_a_log_record_has_no_token_in_its_message_or_its_arguments():
    assert logged("it is %s", TOKEN) == logged(f"it is {TOKEN}") == "it is ***\n"


def test_a_log_record_has_no_token_in_its_traceback():
    assert logged("it failed", error=ValueError(TOKEN)) == "it failed\nValueError: ***\n"


def test_a_log_record_without_a_secret_keeps_its_arguments():
    with redacted():
        record = logging.getLogRecordFactory()("x", logging.INFO, "", 0, "%s", (1,), None)
    assert (record.msg, record.args) == ("%s", (1,))


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_password_of_a_proxy_is_a_secret(name):
    proxy = "http://user:pr0xy%2Dp4ss@proxy.example:99999"
    register_secrets([], {name: proxy, "NO_PROXY": "a.example:80,b.example"})
    assert redaction.redact(f"Failed to parse: {proxy}") == (
        "Failed to parse: http://user:***@proxy.example:99999"
    )
    assert redaction.redact("pr0xy-p4ss") == "***"

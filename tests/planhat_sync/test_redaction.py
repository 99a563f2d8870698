"""No message and no log contains the token, whatever fails and however much is logged."""

from __future__ import annotations

import base64
import logging
import traceback
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_server import http, raw_server, reset

from planhat_sync import redaction
from planhat_sync.errors import PlanhatError

TOKEN = "s3cr3t/t0k3n+with=signs"  # noqa: S105 - made up
BASIC = base64.b64encode(f"{TOKEN}:".encode()).decode()
COMPANY = "5ecre7c0mpany"


@pytest.fixture(params=["refuses", "rejects", "resets", "redirects", "hangs up", "works", "gone"])
def answers(request):
    echo = f'{{"error": "bad token {TOKEN} or {BASIC}"}}'.encode()
    return {
        "refuses": http(echo, "401 X"),
        "rejects": http(echo, "400 X", x_request_id="abc"),
        "resets": reset,
        "redirects": http(echo, "302 X", location=f"https://evil.example/?t={TOKEN}"),
        "hangs up": None,
        "works": http(b"[]", x_odd="no colon"),
        "gone": http(echo, "503 X", retry_after=TOKEN),
    }[request.param]


def test_no_log_and_no_error_shows_the_token_or_a_query(answers, connect, issues, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []

    def show(send) -> None:
        try:
            send()
        except PlanhatError as error:
            shown.extend([*traceback.format_exception(error), repr(error), str(vars(error))])

    with raw_server() as raw:
        raw.answer_with(then=answers)
        client = connect(raw.url, api_token=TOKEN, retry_budget_seconds=2)
        show(
            lambda: client.list_page(issues, limit=1, offset=0, company_ids=[COMPANY], decode=bytes)
        )
        show(lambda: client.bulk_upsert(issues, b'[{"title": "pers0nal"}]', repeatable=False))
        assert raw.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
        shown.append(repr(client.transport.connection))
    out, err = capfd.readouterr()
    shown += [caplog.text, out, err]
    text = "\n".join(shown)
    for secret in (TOKEN, BASIC, quote(TOKEN, safe="")):
        assert secret not in text
    for private in (COMPANY, "pers0nal", "limit=1"):
        assert private not in caplog.text + out + err
    assert "GET /issues" in caplog.text
    assert "Starting new HTTP connection" in caplog.text  # urllib3's log is kept


def test_http_client_prints_no_headers_even_if_its_debugging_is_on(
    raw, connect, issues, capfd, monkeypatch
):
    # The switch that debugging recipes set, which prints every header.
    monkeypatch.setattr("http.client.HTTPConnection.debuglevel", 1)
    raw.answer_with(http(b"[]"))
    connect(raw.url).list_page(issues, limit=1, offset=0, decode=bytes)
    assert capfd.readouterr() == ("", "")


def test_an_error_has_the_request_id_of_the_answer(raw, connect, issues):
    raw.answer_with(http(b"", "401 X", x_request_id="abc-123"))
    with pytest.raises(PlanhatError) as error:
        connect(raw.url).list_page(issues, limit=1, offset=0, decode=bytes)
    assert error.value.request_id == "abc-123"
    assert (error.value.method, error.value.path) == ("GET", "/issues")


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    """The secrets of one test are not those of the next."""
    monkeypatch.setattr(redaction, "_forms", redaction._forms)


@given(secret=st.text(st.characters(codec="utf-8"), min_size=4, max_size=40), around=st.text())
def test_each_form_of_a_secret_is_redacted(secret, around):
    redaction.add_secret(secret)
    basic = base64.b64encode(f"{secret}:".encode()).decode()
    for form in (secret, basic, quote(secret, safe=""), repr(secret)[1:-1]):
        assert form not in redaction.redact(f"{around}{form}{around}").replace("***", "\0")


def test_a_token_that_was_set_as_a_host_is_redacted():
    redaction.add_secret("Mixed-Case-Secret")
    assert redaction.redact("there is no host mixed-case-secret.invalid") == (
        "there is no host ***.invalid"
    )


def test_a_text_without_secrets_is_not_changed():
    redaction.add_secret("a-secret")
    assert redaction.redact("nothing here") == "nothing here"
    assert redaction.redact("x a-secret y a-secret") == "x *** y ***"


def test_a_text_of_three_characters_is_not_a_secret():
    redaction.add_secret("")
    redaction.add_secret("abc")
    assert redaction.redact("abc") == "abc"

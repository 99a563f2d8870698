"""The result of each route for each status, and what is sent again, as the server counts it."""

from __future__ import annotations

import msgspec
import pytest
from raw_server import http, reset

from planhat_sync import errors

SUCCESS = b'{"_id": "61006bc89a3e0b702ed8ea49", "deletedCount": 1}'
ID = "61006bc89a3e0b702ed8ea49"
ITEMS = b'[{"sourceId":"a"}]'

ROUTES = {
    "list": lambda client, model: client.list_page(
        model, limit=10, offset=0, decode=lambda b: msgspec.json.decode(b, type=list)
    ),
    "get": lambda client, model: client.get(model, ID),
    "delete": lambda client, model: client.delete(model, ID),
    "bulk": lambda client, model: client.bulk_upsert(model, ITEMS, repeatable=True).status,
    "unkeyed bulk": lambda client, model: client.bulk_upsert(model, b"[{}]", repeatable=False),
    "update": lambda client, model: client.write_record(model, b"{}", identifier=ID),
    "create": lambda client, model: client.write_record(model, b"{}"),
}
REPEATED = {"list", "get", "delete", "bulk", "update"}
SENT_ONCE = {"unkeyed bulk", "create"}


def success(route):
    return http(b"[]" if route == "list" else SUCCESS)


@pytest.fixture(params=sorted(ROUTES))
def route(request):
    return request.param


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
@pytest.mark.parametrize("failures", [1, 2, 5])
def test_a_passing_fault_is_retried_or_leaves_the_outcome_unknown(
    raw, connect, issues, route, status, failures
):
    raw.answer_with(*[http(b"{}", f"{status} Oh")] * failures, then=success(route))
    client = connect(raw.url)
    if route in SENT_ONCE:
        with pytest.raises(errors.UnknownOutcomeError):
            ROUTES[route](client, issues)
        assert len(raw.requests) == 1
    else:
        ROUTES[route](client, issues)
        assert len(raw.requests) == failures + 1
        assert client.transport.requests == failures + 1
        assert client.transport.retries == failures


@pytest.mark.parametrize("body", [b"{}", b'{"_id": null}', b'{"error": "none"}', b"null"])
def test_a_record_without_an_id_is_not_the_answer_to_a_get(raw, connect, issues, body):
    raw.answer_with(http(body), then=http(SUCCESS))
    assert connect(raw.url).get(issues, ID)["_id"] == ID
    assert len(raw.requests) == 2


@pytest.mark.parametrize("status", [425, 429])
def test_a_status_that_says_that_nothing_was_done_is_always_retried(
    raw, connect, issues, route, status
):
    raw.answer_with(*[http(b"", f"{status} Later")] * 3, then=success(route))
    ROUTES[route](connect(raw.url), issues)
    assert len(raw.requests) == 4


@pytest.mark.parametrize(
    "fault",
    [
        None,
        reset,
        http(b"", "200 OK"),
        http(b"<html>", "200 OK"),
        http(b"null", "200 OK"),
        http(b'"', "200 OK"),
        http(b"[" * 100_000, "200 OK"),
        http(b'{"a":1}'[:-1], "200 OK"),
        http(SUCCESS, content_length="999", connection="close"),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[1,",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"\x16\x03\x01 what is this\r\n\r\n",
        http(b"not gzip at all", content_encoding="gzip"),
    ],
    ids=lambda fault: getattr(fault, "__name__", repr(fault)[:60]),
)
def test_a_lost_or_unreadable_answer_is_retried_or_leaves_the_outcome_unknown(
    raw, connect, issues, route, fault
):
    def broken(sock):
        sock.sendall(fault)

    raw.answer_with(broken if isinstance(fault, bytes) else fault, then=success(route))
    client = connect(raw.url)
    if route in SENT_ONCE:
        with pytest.raises(errors.UnknownOutcomeError) as lost:
            ROUTES[route](client, issues)
        assert "twice" in str(lost.value)
        assert len(raw.requests) == 1
    else:
        ROUTES[route](client, issues)
        assert len(raw.requests) == 2


@pytest.mark.parametrize(
    ("status", "error", "hint"),
    [
        (401, errors.AuthenticationError, "api_token"),
        (402, errors.ProtocolError, "402"),
        (405, errors.ProtocolError, "405"),
        (407, errors.UnreachableError, "HTTPS_PROXY"),
        (409, errors.ProtocolError, "409"),
        (418, errors.ProtocolError, "418"),
        (422, errors.ProtocolError, "422"),
        (301, errors.ProtocolError, "redirect"),
        (302, errors.ProtocolError, "redirect"),
        (304, errors.ProtocolError, "redirect"),
        (307, errors.ProtocolError, "redirect"),
        (204, errors.ProtocolError, "204"),
        (501, errors.ProtocolError, "501"),
        (505, errors.ProtocolError, "505"),
    ],
)
def test_any_other_status_stops_the_run_with_a_sentence(
    raw, connect, issues, route, status, error, hint
):
    if (route, status) == ("delete", 204):
        pytest.skip("it says that the record is deleted")
    raw.answer_with(
        b"HTTP/1.1 %d X\r\nlocation: http://other.example/?token-a\r\n\r\n" % status
        if status in (204, 304)
        else http(b"secret body", f"{status} X", location="http://other.example/?token-a")
    )
    with pytest.raises(error) as stop:
        ROUTES[route](connect(raw.url), issues)
    assert hint in str(stop.value)
    assert stop.value.status == status
    assert (stop.value.method, stop.value.path) == (
        raw.requests[0].line.split()[0].decode(),
        raw.requests[0].target.split("?")[0],
    )
    assert "secret body" not in str(stop.value)
    assert "other.example" not in str(stop.value)
    assert len(raw.requests) == 1


@pytest.mark.parametrize(
    ("route", "status", "expected"),
    [
        ("list", 400, errors.ProtocolError),
        ("list", 403, errors.NotPermittedError),
        ("list", 404, errors.ProtocolError),
        ("list", 413, errors.ProtocolError),
        ("get", 400, errors.BadRequestError),
        ("get", 403, errors.NotPermittedError),
        ("get", 404, None),
        ("delete", 400, errors.BadRequestError),
        ("delete", 403, errors.NotPermittedError),
        ("delete", 404, False),
        ("update", 201, 201),
        ("update", 206, errors.ProtocolError),
        ("update", 400, 400),
        ("update", 403, 403),
        ("update", 404, 404),
        ("update", 413, 413),
        ("create", 201, 201),
        ("create", 400, 400),
        ("create", 403, 403),
        ("create", 404, 404),
        ("create", 413, 413),
        ("bulk", 206, 206),
        ("bulk", 400, 400),
        ("bulk", 403, 403),
        ("bulk", 404, errors.ProtocolError),
        ("bulk", 413, 413),
    ],
)
def test_a_status_about_the_records_is_returned(raw, connect, issues, route, status, expected):
    raw.answer_with(http(b"{}", f"{status} X"))
    if isinstance(expected, type):
        with pytest.raises(expected):
            ROUTES[route](connect(raw.url), issues)
    else:
        returned = ROUTES[route](connect(raw.url), issues)
        assert getattr(returned, "status", returned) == expected
    assert len(raw.requests) == 1


@pytest.mark.parametrize("body", [b"", b'"no rights"', b"<html>", b'{"permissionErrors":[1]}'])
@pytest.mark.parametrize("status", [400, 403, 413])
def test_the_body_of_a_refused_bulk_upsert_is_returned_whatever_it_is(
    raw, connect, issues, status, body
):
    raw.answer_with(http(body, f"{status} X"))
    answer = connect(raw.url).bulk_upsert(issues, ITEMS, repeatable=True)
    assert (answer.status, answer.body) == (status, body)


def test_a_500_until_the_budget_of_a_bulk_upsert_is_spent_is_returned(raw, connect, issues):
    raw.answer_with(then=http(b'"server fault"', "500 X"))
    client = connect(raw.url)
    answer = client.bulk_upsert(issues, ITEMS, repeatable=True, retry_budget_seconds=5)
    assert (answer.status, answer.body) == (500, b'"server fault"')
    assert len(raw.requests) > 2


def test_a_503_until_the_budget_of_a_bulk_upsert_is_spent_stops_the_run(raw, connect, issues):
    raw.answer_with(then=http(b"", "503 X"))
    with pytest.raises(errors.GaveUpError, match="503"):
        connect(raw.url).bulk_upsert(issues, ITEMS, repeatable=True, retry_budget_seconds=5)


def test_a_bulk_upsert_without_a_budget_is_sent_once(raw, connect, issues):
    raw.answer_with(then=http(b"", "500 X"))
    answer = connect(raw.url).bulk_upsert(issues, ITEMS, repeatable=True, retry_budget_seconds=0)
    assert answer.status == 500
    assert len(raw.requests) == 1


@pytest.mark.parametrize("lost", [None, reset, http(b"", "504 X"), http(b"oops")])
@pytest.mark.parametrize("gone", [http(b"{}", "404 X"), http(b'{"deletedCount": 0}')])
def test_a_record_that_is_gone_after_a_lost_answer_counts_as_deleted(
    raw, connect, issues, lost, gone
):
    raw.answer_with(lost, gone)
    assert connect(raw.url).delete(issues, ID) is True


RECORD = {"_id": ID, "type": "note", "n": "a property", "deletedCount": None}


@pytest.mark.parametrize(
    ("answer", "deleted"),
    [
        (http(b'{"n": 1, "ok": 1, "deletedCount": 1}'), True),
        (http(b'{"n": 0, "ok": 1, "deletedCount": 0}'), False),
        (http(b'{"n": 1, "ok": 1}'), True),
        (http(b'{"n": 0, "ok": 1}'), False),
        (http(msgspec.json.encode(RECORD)), True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
    ],
    ids=["counts", "zero", "n", "n is 0", "the record", "204"],
)
def test_each_answer_to_a_delete_counts_once(raw, connect, issues, answer, deleted):
    raw.answer_with(answer)
    assert connect(raw.url).delete(issues, ID) is deleted
    assert len(raw.requests) == 1


@pytest.mark.parametrize("nothing", [http(b""), http(b" \n")])
def test_an_empty_answer_to_a_delete_is_believed_the_second_time(raw, connect, issues, nothing):
    """The first one may be what is left of an answer that was cut off."""
    raw.answer_with(then=nothing)
    assert connect(raw.url).delete(issues, ID) is True
    assert len(raw.requests) == 2


@pytest.mark.parametrize("body", [b"{}", b'{"error": "none"}', b'{"ok": 1}', b'{"n": "1"}', b"[]"])
def test_an_answer_to_a_delete_that_says_nothing_is_not_believed(raw, connect, issues, body):
    raw.answer_with(http(body), http(b"{}", "404 X"))
    assert connect(raw.url).delete(issues, ID) is True
    assert len(raw.requests) == 2


@pytest.mark.parametrize("harmless", [http(b"", "429 X"), http(b"", "425 X")])
def test_a_record_that_is_gone_after_a_refused_attempt_does_not_count_as_deleted(
    raw, connect, issues, harmless
):
    raw.answer_with(harmless, http(b"{}", "404 X"))
    assert connect(raw.url).delete(issues, ID) is False


def test_an_answer_says_whether_an_earlier_attempt_may_have_been_carried_out(raw, connect, issues):
    raw.answer_with(None, http(SUCCESS), http(b"", "429 X"), http(SUCCESS))
    client = connect(raw.url)
    assert client.bulk_upsert(issues, ITEMS, repeatable=True).repeated is True
    assert client.bulk_upsert(issues, ITEMS, repeatable=True).repeated is False


@pytest.mark.parametrize(
    ("number", "read"),
    [
        (b"0.1", "0.1"),
        (b"1e400", "1E+400"),
        (b"0.1234567890123456789012345678901", "0.1234567890123456789012345678901"),
        (b"123456789012345678901234567890", "123456789012345678901234567890"),
    ],
)
def test_a_number_of_any_length_is_read_exactly(raw, connect, issues, number, read):
    raw.answer_with(http(b'{"_id": "a", "mrrCombined": %s}' % number))
    record = connect(raw.url).get(issues, ID)
    assert record is not None
    assert str(record["mrrCombined"]) == read


def test_a_number_that_python_cannot_represent_is_read_as_its_text(raw, connect, issues):
    raw.answer_with(http(b'{"_id": "a", "custom": {"n": -1e99999999999999999999}}'))
    record = connect(raw.url).get(issues, ID)
    assert msgspec.json.encode(record["custom"]) == b'{"n":-1e99999999999999999999}'

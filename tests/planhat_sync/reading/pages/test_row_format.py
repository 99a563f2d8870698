"""Rows to lines: the quick path writes what the SDK's path writes, whatever the server sends."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from singer_sdk.singerlib.encoding.simple import RecordMessage

from planhat_sync.errors import ProtocolError
from planhat_sync.reading.pages.row_format import RowFormat
from tap_planhat.messages import MessageWriter, record_lines

if TYPE_CHECKING:
    from planhat_sync.reading.pages.page import Page

PROPERTIES = ["title", "custom", "tags", "archived", "arr"]


def parsed(text: str | bytes) -> Any:
    """JSON without any loss in numbers."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


# JSON as text, since what matters here is how it is written.
space = st.sampled_from(["", "", "", " ", "\n", "\r\n", "\t  "])
numbers = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(json.dumps),
    st.sampled_from(
        ["0.10", "1e400", "-0.0", "1E5", "1" * 40, "0.1234567890123456789012345678901"]
    ),
)
texts = st.one_of(
    st.text(max_size=8).map(json.dumps),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(
        lambda text: json.dumps(text, ensure_ascii=False)
    ),
    st.sampled_from([r'"\/\b\f"', r'"\ud83d\ude00"', r'"cut \ud83d"', r'"\\ud800"', r'"\u0000"']),
)
scalars = st.one_of(st.sampled_from(["null", "true", "false"]), numbers, texts)


def listed(items: list[str], blank: str) -> str:
    return "[" + f"{blank},{blank}".join(items) + "]"


def keyed(items: dict[str, str], blank: str) -> str:
    pairs = (f"{json.dumps(key)}{blank}:{blank}{value}" for key, value in items.items())
    return "{" + f"{blank},{blank}".join(pairs) + "}"


values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.builds(listed, st.lists(inner, max_size=3), space),
        st.builds(keyed, st.dictionaries(st.text(max_size=4), inner, max_size=3), space),
    ),
    max_leaves=8,
)
rows = st.lists(
    st.dictionaries(st.sampled_from([*PROPERTIES, "__v", "surprise"]), values, max_size=5),
    min_size=1,
    max_size=4,
)
selections = st.sets(st.sampled_from(PROPERTIES)).map(sorted)


def row_text(number: int, row: dict[str, str], blank: str) -> str:
    timestamp = json.dumps(f"2026-01-01T00:00:{number:02}.000Z")
    return keyed({"_id": json.dumps(f"{number:024x}"), **row, "updatedAt": timestamp}, blank)


def whole(page: Page) -> Any:
    """What all rows of a page become."""
    chosen = page.content.pick(range(len(page.ids)))
    return chosen if isinstance(chosen[0], dict) else b"".join(chosen)


def through_the_sdk(page: Page, received: datetime) -> list[Any]:
    """What the SDK's path makes of a page."""
    writer = MessageWriter()
    return [
        parsed(
            writer.serialize_message(
                RecordMessage(stream="issues", record=record, time_extracted=received)
            )
        )
        for record in whole(page)
    ]


@given(rows=rows, selected=selections, blank=space)
@example(rows=[{"title": r'"\ud800"'}], selected=["title"], blank="\n")
def test_both_paths_write_the_same_messages(rows, selected, blank):
    write = record_lines("issues")
    row_format = RowFormat("issues", selected, key="updatedAt", write=write)
    texts = [row_text(number, row, blank) for number, row in enumerate(rows)]
    body = listed(texts, blank).encode("utf-8", "surrogatepass")
    page = row_format.page(body)
    lines = whole(page)
    assert lines.endswith(b"\n")
    assert lines.count(b"\n") == len(rows)
    assert b"\r" not in lines
    messages = [parsed(line) for line in lines.decode().split("\n")[:-1]]
    other = RowFormat("issues", selected, key="updatedAt").page(body)
    received = datetime.fromisoformat(messages[0]["time_extracted"])
    assert messages == through_the_sdk(other, received)
    assert [set(message["record"]) for message in messages] == [
        {"_id", "updatedAt", *(name for name in row if name in selected)} for row in rows
    ]


identifiers = st.sampled_from(["c1", "c2", "c3", "c4"])
entries = st.one_of(
    identifiers.map(json.dumps),
    scalars,
    st.builds(lambda one, value: f'{{"id": "{one}", "x": {value}}}', identifiers, values),
    st.builds(lambda value: f'{{"id": {value}}}', values),
)
references = st.one_of(st.none(), entries, st.builds(listed, st.lists(entries, max_size=4), space))
NAMES = {"c1": "extid-a", "c2": 'extid-"quoted" \\ ü 検索', "c3": "extid-\x00\n"}


def with_names(value: Any) -> Any:
    """What a reference to companies should become."""
    if isinstance(value, list):
        return [with_names(entry) for entry in value]
    if isinstance(value, dict) and isinstance(value.get("id"), str):
        return {**value, "id": NAMES.get(value["id"], value["id"])}
    return NAMES.get(value, value) if isinstance(value, str) else value


@given(row=rows.map(lambda rows: rows[0]), reference=references, blank=space)
@example(
    row={},
    reference='[{"id": "c1", "x": 0.1234567890123456789012345678901}, "c2", "c4", null, 7]',
    blank=" ",
)
def test_companies_get_their_names_on_both_paths_and_nothing_else_changes(row, reference, blank):
    fields = row if reference is None else {**row, "companyIds": reference}
    body = listed([row_text(1, fields, blank)], blank).encode("utf-8", "surrogatepass")

    def page(**how):
        selected = [*PROPERTIES, "companyIds"]
        return RowFormat("issues", selected, reference="companyIds", **how).page(body)

    def name(company):
        return NAMES.get(company, company)

    [before] = [parsed(line) for line in whole(page(write=record_lines("issues"))).splitlines()]
    quick = page(write=record_lines("issues"), name_company=name)
    [after] = [parsed(line) for line in whole(quick).splitlines()]
    received = datetime.fromisoformat(after["time_extracted"])
    assert [after] == through_the_sdk(page(name_company=name), received)
    expected = before["record"]
    if reference is not None:
        expected["companyIds"] = with_names(expected["companyIds"])
    assert after["record"] == expected
    assert quick.companies == page().companies, "the filter works on ids"


@given(rows=rows, selected=selections, blank=space)
@settings(
    max_examples=settings.default.max_examples // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_both_paths_of_the_tap_emit_the_same(read, select, canned, rows, selected, blank):
    canned.between = f"{blank},{blank}".encode()
    canned.rows["issues"] = [
        row_text(number, row, blank).encode() for number, row in enumerate(rows)
    ]
    names = {"title": "title", "custom": "custom", "tags": "followers", "archived": "archived"}
    catalog = select(issues=[names[name] for name in selected if name in names])
    config = {"api_token": "token-a", "api_url": canned.url, "page_size": 2}
    quick = read(config, catalog=catalog)
    with_map = {**config, "stream_maps": {"issues": {"__filter__": "True"}}}
    slow = read(with_map, catalog=catalog)
    for message in (*quick.messages, *slow.messages):
        message.pop("time_extracted", None)
    assert len(quick.records("issues")) == len(rows)
    assert quick.messages == slow.messages


@pytest.mark.parametrize("number", ["0.10", "1e400", "1" * 40, "-0.0", "1E5", "1.0"])
def test_a_number_leaves_as_the_server_wrote_it(number):
    body = b'[{"_id":"a","custom":{"x":%b}}]' % number.encode()
    write = record_lines("objectives")
    lines = whole(RowFormat("objectives", ["custom"], write=write).page(body))
    assert b'{"x":%b}' % number.encode() in lines
    [record] = whole(RowFormat("objectives", ["custom"]).page(body))
    assert record["custom"]["x"] == Decimal(number)


def test_the_version_of_a_stream_stands_in_each_of_its_lines():
    write = record_lines("objectives", version=17)
    page = RowFormat("objectives", [], write=write).page(b'[{"_id":"a"},{"_id":"b"}]')
    lines = whole(page).splitlines()
    assert [json.loads(line)["version"] for line in lines] == [17, 17]


@given(data=st.data(), count=st.one_of(st.integers(1, 12), st.integers(60, 200)))
def test_chosen_lines_are_those_of_the_chosen_rows_in_their_order(data, count):
    page = RowFormat("objectives", [], write=record_lines("objectives")).page(
        b"[" + b",".join(b'{"_id":"%d"}' % number for number in range(count)) + b"]"
    )
    first = data.draw(st.integers(0, count - 1))
    last = data.draw(st.integers(first, count - 1))
    some = st.lists(st.integers(0, count - 1), min_size=1, max_size=20, unique=True)
    neighbours = range(first, last + 1)
    positions = data.draw(
        st.one_of(st.just(neighbours), st.just(list(neighbours)), st.just(neighbours[::-1]), some)
    )
    lines = b"".join(page.content.pick(positions))
    assert lines.endswith(b"\n")
    ids = [int(json.loads(line)["record"]["_id"]) for line in lines.splitlines()]
    assert ids == list(positions)


@pytest.mark.parametrize(
    "body",
    [
        b'[{"_id":"a","title":"\xff\xfe"}]',
        b'[{"_id":"a","title":"\xed\xa0\x80"}]',
        b'[{"_id":"a","title":"line\nbreak"}]',
        b'[{"_id":"a","title":"\x01"}]',
        b'[{"_id":"a","title":NaN}]',
        b'[{"_id":"a","title":01}]',
        b'[{"_id":"a"',
        b"",
        b'{"_id":"a"}',
        b"\xef\xbb\xbf[]",
    ],
)
def test_a_body_that_is_not_a_json_list_is_never_passed_on(body):
    with pytest.raises(ValueError):  # noqa: PT011 - any ValueError means: ask again
        RowFormat("issues", ["title"]).page(body)


@pytest.mark.parametrize(
    "row",
    [b'{"title":"a"}', b'{"_id":5}', b'{"_id":null}', b"7", b"null", b'{"_id":"a","updatedAt":3}'],
)
def test_a_row_that_is_not_a_record_is_an_error_that_is_not_retried(row):
    with pytest.raises(ProtocolError, match="issues"):
        RowFormat("issues", ["title"], key="updatedAt").page(b"[" + row + b"]")


def test_a_body_that_is_nested_without_end_is_an_error():
    body = b'[{"_id":"a","title":' + b"[" * 100_000 + b"]" * 100_000 + b"}]"
    with pytest.raises(ProtocolError, match="nested too deeply"):
        RowFormat("issues", ["title"]).page(body)

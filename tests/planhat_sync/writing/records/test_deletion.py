"""Only a date-time in `_sdc_deleted_at` deletes, in any usual spelling."""

from __future__ import annotations

import calendar
import contextlib
import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from planhat_sync.writing.records.deletion import Deletion, parse_deletion

DELETED = [
    "2024-01-31T10:15:30Z",
    "2024-01-31T10:15:30.123456Z",
    "2024-01-31t10:15:30z",
    "2024-01-31T10:15Z",
    "2024-01-31 10:15:30",
    "2024-01-31 10:15",
    "2024-01-31 10:15:30.1234567 +02:00",
    "2024-01-31T10:15:30,5",
    "2024-01-31T10:15:30-0800",
    "2024-01-31 10:15:30+00",
    "1880-01-31T10:15:30+00:53:28",
    "2024-01-31 10:15:30 UTC",
    "2024-01-31 10:15:30.000000001 +0000 UTC",
    "2024-01-31",
    "  2024-01-31 10:15:30  ",
    "20240131T101530Z",
    "20240131T1015",
    "20240131T101530.25+0100",
    "2024-01-31T10:15:30+00:00+00:00",
    "2024-01-31T10:15:30.123+00:00Z",
    "2024-01-31T10:15:30Z+00:00",
    "2024-01-31T10:15:30+02:00+0200",
    "Wed, 31 Jan 2024 10:00:00 GMT",
    "Wed, 31 Jan 2024 10:00:00 +0000 (UTC)",
    "1 FEB 2024 10:00 -0000",
    "2024-02-29",
    "0002-01-01",
    "9999-12-30T23:59:59.999999999Z",
    "1900-01-01T00:00:01Z",
    "1899-12-31",
    "1970-01-01T00:00:01Z",
    "1970-01-01T00:00:00.0000000001Z",
    "1970-01-01T00:00:00-01:00",
    "1969-12-31T00:00:00Z",
    datetime(2024, 1, 31, 10, 15, 30),  # noqa: DTZ001 - as a stream map may make it
    datetime(2024, 1, 31, tzinfo=timezone(timedelta(hours=2))),
    datetime(1970, 1, 1, microsecond=1, tzinfo=timezone.utc),
    date(2024, 1, 31),
]
NOT_DELETED = [
    None,
    "",
    " ",
    "\t\n\u00a0\u3000",
    "0000-00-00",
    "0000-00-00 00:00:00",
    "0000-00-00T00:00:00Z",
    "0000-00-00 00:00:00.000000+00:00",
    "0000-00-00T00:00:00+02:00",
    "00000000T000000",
    "0001-01-01",
    "0001-01-01T00:00:00",
    "0001-01-01T00:00:00.0000000Z",
    "0001-01-01 00:00:00 +0000 UTC",
    "0001-01-01T00:00:00+00:00+00:00",
    "1899-12-30",
    "1899-12-30 00:00:00",
    "1900-01-01 00:00:00.000",
    "1900-01-01T00:00:00",
    date(1900, 1, 1),
    "1970-01-01",
    "1970-01-01T00:00:00Z",
    "1970-01-01 00:00:00.000 UTC",
    "1970-01-01T00:00:00+00:00",
    "1970-01-01T02:00:00+02:00",
    "19700101T000000Z",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    datetime(1, 1, 1),  # noqa: DTZ001 - as a stream map may make it
    datetime(1970, 1, 1, tzinfo=timezone.utc),
    date(1970, 1, 1),
]
UNCLEAR = [
    *(False, True, 0, 1, -1, 1700000000, 1700000000000, 0.0, Decimal(20240131), float("nan")),
    *("0", "1", "1700000000", "1.7e9", "20240131", "2024", "2024-01", "202401311015"),
    *("false", "true", "N", "Y", "no", "None", "null", "NULL", "NaT", "nan", "never", "deleted"),
    *("infinity", "-infinity", "now", "today", "-", "\x00", "\u200b", "\ud800"),
    *([], {}, [None], ["2024-01-31"], {"$date": "2024-01-31T00:00:00Z"}, time(10, 15)),
    *("01/31/2024", "31.01.2024", "2024/01/31", "31 Jan 2024", "Jan 31 2024", "24-01-31"),
    *("2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "2024-01-00", "2024-1-31"),
    *("2024-01-31T24:00:00", "2024-01-31T10:60:00", "2024-01-31T10:15:61", "2024-01-31T10"),
    *("2024-01-31T10:15:30+24:00", "2024-01-31T10:15:30+05:75", "2024-01-31T10:15:30+5"),
    *("2024-01-31T10:15:30+01:00Z", "2024-01-31T10:15:30Z+01:00", "2024-01-31T10:15:30ZZZ"),
    *("2024-01-31T10:15:30.", "2024-01-31T", "x2024-01-31", "2024-01-31x", "2024-01-31Z"),
    *("0000-00-00 00:00:01", "0000-00-00 00:00:00.001", "0000-01-01", "0000-00-01", "-0001-11-30"),
    *("0001-01-01T00:00:01Z", "0001-01-02", "0001-01-01T00:00:00+01:00", "10000-01-01"),
    *("9999-12-31", "9999-12-31T23:59:59.997Z", date(9999, 12, 31)),
    *("Wed, 31 Foo 2024 10:00:00 GMT", "Wed, 30 Feb 2024 10:00:00 GMT", "Wed, 31 Jan 2024"),
    *(
        "\uff12\uff10\uff12\uff14-01-31",
        "2024-01-31T10:15:30+\u0660\u0665",
        "\u017fun, 31 Mar 2024 10:00 Z",
    ),
    *("2024-01-31\n2024-01-31", "2024-01-31 10:15:30 PM", "0001-01-01 BC"),
]


@pytest.mark.parametrize("value", DELETED)
def test_a_date_time_in_any_usual_spelling_deletes(value):
    assert parse_deletion(value) is Deletion.DELETED


@pytest.mark.parametrize("value", NOT_DELETED)
def test_null_blank_and_zero_dates_do_not_delete(value):
    assert parse_deletion(value) is Deletion.NOT_DELETED


@pytest.mark.parametrize("value", UNCLEAR, ids=repr)
def test_everything_else_is_unclear(value):
    assert parse_deletion(value) is Deletion.UNCLEAR


ZONES = st.sampled_from(["", "Z", "z", " UTC", " +0000 UTC", "+00:00+00:00", "+00:00Z", "Z+00:00"])
OFFSETS = st.tuples(
    st.sampled_from("+-"), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59)
)


@st.composite
def spellings(draw):
    """Draw a date-time, and write it as some program does."""
    timestamp = draw(st.datetimes(datetime(1901, 1, 1), datetime(9998, 12, 31, 23, 59, 59)))  # noqa: DTZ001
    if timestamp.date() == date(1970, 1, 1):
        timestamp = timestamp.replace(year=1971)
    zone = draw(ZONES)
    if draw(st.booleans()):
        sign, hours, minutes, seconds = draw(OFFSETS)
        colon = draw(st.sampled_from(["", ":"]))
        parts = [f"{hours:02}", f"{minutes:02}", f"{seconds:02}"][: draw(st.integers(1, 3))]
        zone = draw(st.sampled_from(["", " "])) + sign + colon.join(parts)
        if timestamp.year in (1969, 1970):
            timestamp = timestamp.replace(year=1971)
    day = f"{timestamp.year:04}-{timestamp.month:02}-{timestamp.day:02}"
    clock = f"{timestamp.hour:02}:{timestamp.minute:02}"
    seconds = f":{timestamp.second:02}"
    if draw(st.booleans()):
        seconds += draw(st.sampled_from(".,")) + draw(st.text("0123456789", min_size=1))
    seconds = draw(st.sampled_from([seconds, seconds, ""]))
    kind = draw(st.sampled_from(["extended", "extended", "basic", "day", "mail"]))
    event(kind)
    if kind == "day":
        text = day
    elif kind == "basic":
        text = (day + "T" + clock + seconds).replace("-", "").replace(":", "") + zone
    elif kind == "mail":
        name = calendar.month_abbr[timestamp.month]
        text = f"{timestamp.day} {name} {timestamp.year:04} {clock}:{timestamp.second:02}{zone}"
        week = draw(st.sampled_from(["", f"{calendar.day_abbr[timestamp.weekday()]}, "]))
        text = week + text
    else:
        text = day + draw(st.sampled_from("Tt ")) + clock + seconds + zone
    padding = st.text(" \t\r\n\u00a0", max_size=3)
    return draw(padding) + text + draw(padding)


@given(spellings())
def test_any_date_time_in_any_spelling_deletes(text):
    assert parse_deletion(text) is Deletion.DELETED


@given(st.datetimes(min_value=datetime(2, 1, 2), timezones=st.none() | st.timezones()))  # noqa: DTZ001
def test_a_datetime_means_the_same_as_its_text(timestamp):
    text = timestamp.isoformat()
    assert (
        parse_deletion(timestamp)
        is parse_deletion(text)
        is parse_deletion(timestamp.isoformat(" "))
    )
    assert parse_deletion(timestamp.date()) is parse_deletion(timestamp.date().isoformat())


DAYS = ("%Y-%m-%d", "%d %b %Y", "%a, %d %b %Y")
CLOCKS = ("T%H:%M", "T%H:%M:%S", " %H:%M", " %H:%M:%S")
FORMATS = [
    *("%Y-%m-%d", "%Y%m%dT%H%M", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%z", "%Y%m%dT%H%M%S%z"),
    *(day + clock + zone for day in DAYS for clock in CLOCKS for zone in ("", "%z", " %z")),
]


def is_date_time(text):
    """Return whether Python can read a text as a date-time, apart from some endings."""
    text = re.sub("[.,][0-9]+", "", text.strip().upper())
    ends = ("", "Z", " UTC", " GMT", "UTC", "GMT", " Z", "+00:00", "+0000", "+00")
    texts = {text.removesuffix(end).strip() for end in ends if text.endswith(end)}
    texts |= {each + "00" for each in texts}  # +01
    texts |= {each.replace("UTC", "+0000").replace("GMT", "+0000") for each in texts}
    for each in texts:
        for form in FORMATS:
            with contextlib.suppress(ValueError):
                if datetime.strptime(each, form).year > 1:  # noqa: DTZ007 - whether it can be read
                    return True
    return False


NEARLY = st.text("0123456789-:T .+Z,/UC", max_size=30) | st.from_regex(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?)?",
    fullmatch=True,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | NEARLY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def test_the_parser_that_the_property_relies_on_is_strict():
    assert sum(is_date_time(value) for value in DELETED if isinstance(value, str)) >= 25
    for text in ("", "0", "20240131", "false", "None", "2024-02-30", "01/31/2024", "infinity"):
        assert not is_date_time(text)


@given(JSON)
@example("2024-02-30T00:00:00Z")
@example("2024-01-31T25:00:00Z")
@example("9" * 5000)
def test_nothing_deletes_that_is_not_a_real_date(value):
    deletion = parse_deletion(value)
    event(deletion.name)
    if deletion is Deletion.DELETED:
        assert is_date_time(value)
    if not isinstance(value, str) and value is not None:
        assert deletion is Deletion.UNCLEAR


@pytest.mark.parametrize("deletes", ["ignore", "archive", "delete"])
@pytest.mark.parametrize("mapped", [False, True])
def test_only_dates_delete_and_the_rest_is_written_or_rejected(bench, deletes, mapped):
    """Three kinds of values, under every value of `deletes`, with and without stream maps."""
    company = bench.company()
    groups = {
        "gone": ["2024-01-31T10:15:30Z", " 2024-01-31 ", "2024-01-31T10:15:30+00:00+00:00"],
        "kept": [None, "", "  ", "0000-00-00 00:00:00", "1970-01-01", "0001-01-01T00:00:00Z"],
        "odd": ["false", "N", "None", 0, 1, [], {}, True, "2024-02-30", "1700000000"],
    }
    lines = [bench.schema()]
    for name, values in groups.items():
        for at, value in enumerate(values):
            key = f"{name}{at}"
            bench.sandbox.tenant("alpha").insert(
                "issues", {"sourceId": key, "title": "old", "companyIds": [company]}
            )
            lines.append(bench.record(sourceId=key, title="new", _sdc_deleted_at=value))
    maps = {"stream_maps": {"issues": {"status": "'mapped'"}}} if mapped else {}
    ran = bench.run(lines, deletes=deletes, on_reject="continue", match_on=["sourceId"], **maps)
    assert ran.error is None
    held = {each["sourceId"]: each for each in bench.sandbox.tenant("alpha").records("issues")}
    titles = {key: each["title"] for key, each in held.items()}
    for at in range(len(groups["kept"])):
        assert titles[f"kept{at}"] == "new"
    for at in range(len(groups["odd"])):
        assert titles[f"odd{at}"] == "old"
        assert not held[f"odd{at}"].get("archived")
    for at in range(len(groups["gone"])):
        assert (f"gone{at}" not in held) is (deletes == "delete")
        if deletes != "delete":
            assert bool(held[f"gone{at}"].get("archived")) is (deletes == "archive")
    assert list(ran.reject_codes.values()) == ["wrong_type"] * len(groups["odd"])
    assert {reject["reject"]["property"] for reject in ran.rejects} == {"_sdc_deleted_at"}
    assert ran.counts["issues"]["rejected"] == len(groups["odd"])
    outcome = {"ignore": "skipped", "archive": "updated", "delete": "deleted"}[deletes]
    kept = len(groups["kept"]) if outcome == "updated" else 0
    assert ran.counts["issues"][outcome] == len(groups["gone"]) + kept

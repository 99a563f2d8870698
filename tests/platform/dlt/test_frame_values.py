"""What numpy, pandas and polars hold arrives in Planhat as what it stands for, or is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy  # noqa: ICN001 - written out, as every name here
import pandas  # noqa: ICN001
import polars  # noqa: ICN001
import pytest

from planhat_sync import Planhat


@pytest.fixture
def planhat(sandbox):
    with Planhat("token-a", api_url=sandbox.url, requests_per_minute=0) as planhat:
        yield planhat


def stored(planhat, value, **options):
    """Write a value as a custom field; return what Planhat has then, and `none` if nothing."""
    row = {"sourceId": "s", "name": "n", "custom": {"value": value}}
    planhat.write("companies", [row], **options)
    return planhat.get("companies", "s", by="sourceId").get("custom", {}).get("value", "none")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (numpy.int64(5), 5),
        (numpy.uint8(255), 255),
        (numpy.float64(0.1), 0.1),
        (numpy.float32(0.5), 0.5),
        (numpy.bool_(True), True),
        (numpy.str_("text"), "text"),
        (numpy.datetime64("2026-01-02"), "2026-01-02"),
        (numpy.datetime64("2026-01-02T03:04:05.678912345", "ns"), "2026-01-02T03:04:05.678912"),
        (numpy.array([1, 2]), [1, 2]),
        (numpy.array([[1.5], [2.5]]), [[1.5], [2.5]]),
        (numpy.array(7), 7),
        (numpy.array(["2026-01-02T03:04:05"], dtype="datetime64[ns]"), ["2026-01-02T03:04:05.000"]),
        (numpy.array([Decimal("0.5"), None], dtype=object), [0.5, None]),
        (pandas.Timestamp("2026-01-02T03:04:05.6789Z"), "2026-01-02T03:04:05.678900Z"),
        (pandas.Timestamp("2026-01-02", tz="Europe/Paris"), "2026-01-02T00:00:00.000+01:00"),
    ],
)
def test_values_become_pythons_own(planhat, value, plain):
    assert stored(planhat, value) == plain


@pytest.mark.parametrize(
    "value",
    [
        numpy.float64("nan"),
        numpy.float32("nan"),
        numpy.datetime64("NaT"),
        numpy.timedelta64("NaT"),
        pandas.NA,
        pandas.NaT,
    ],
)
def test_what_is_missing_is_refused_or_absent_or_null(planhat, value):
    row = {"sourceId": "s", "name": "n", "phase": value, "custom": {"value": value}}
    [reject] = planhat.write("companies", [row], on_reject="continue").rejects
    assert reject.code == "unsendable"
    assert stored(planhat, value, nan="absent") == "none"
    assert stored(planhat, value, nan="null") is None
    assert stored(planhat, numpy.array([value], dtype=object), nan="null") == [None]
    assert stored(planhat, numpy.array([value], dtype=object), nan="absent") == []


@pytest.mark.parametrize("nan", ["reject", "absent", "null"])
@pytest.mark.parametrize(
    "value",
    [
        numpy.float64("inf"),
        numpy.timedelta64(5, "ns"),
        numpy.complex128(1),
        numpy.bytes_(b"a"),
        numpy.longdouble("0.1"),
        numpy.datetime64("99999-01-01", "s"),
        numpy.zeros(1, dtype=[("a", "i4")])[0],
        pandas.Timedelta(5, "s"),
        pandas.Interval(0, 1),
    ],
)
def test_what_json_does_not_have_is_refused(planhat, value, nan):
    row = {"sourceId": "s", "name": "n", "custom": {"value": value}}
    [reject] = planhat.write("companies", [row], on_reject="continue", nan=nan).rejects
    assert reject.code == "unsendable"


def frame():
    zone = dt.timezone.utc
    return pandas.DataFrame(
        {
            "sourceId": [1, 2],
            "name": pandas.array(["a", "b"], dtype="string"),
            "phase": pandas.Categorical(["lead", None]),
            "custom__Whole": pandas.array([3, None], dtype="Int64"),
            "custom__Float": [0.5, None],
            "custom__Flag": pandas.array([True, None], dtype="boolean"),
            "custom__At": pandas.to_datetime([dt.datetime(2026, 1, 2, tzinfo=zone), None]),
            "custom__Object": [Decimal("0.10"), float("nan")],
        }
    )


@pytest.mark.parametrize("convert", [lambda frame: frame, pandas.DataFrame.convert_dtypes])
def test_a_frame_of_every_usual_type_is_written_without_its_gaps(planhat, tenant, convert):
    rows = convert(frame()).to_dict("records")  # which makes None of gaps in nullable columns
    assert planhat.write("companies", rows, nan="absent", nulls="omit").created == 2
    first, second = sorted(tenant.records("companies"), key=lambda record: record["sourceId"])
    assert first["custom"] == {
        "Whole": 3,
        "Float": 0.5,
        "Flag": True,
        "At": "2026-01-02T00:00:00.000Z",
        "Object": 0.1,
    }
    assert "custom" not in second
    assert (first["sourceId"], second["sourceId"], second.get("phase")) == ("1", "2", None)
    again = planhat.write("companies", rows, nan="null")
    assert (again.created, again.rejected) == (0, 0)
    second = tenant.get("companies", second["_id"])
    assert second["custom"] == dict.fromkeys(["Whole", "Float", "Flag", "At", "Object"])


def test_a_column_of_integers_with_a_gap_keeps_its_keys(planhat, tenant):
    frame = pandas.DataFrame([{"sourceId": 1, "name": "a"}, {"externalId": "e", "name": "b"}])
    assert str(frame["sourceId"].dtype) == "float64"
    planhat.write("companies", frame.to_dict("records"), nan="absent")
    keys = {(each.get("sourceId"), each.get("externalId")) for each in tenant.records("companies")}
    assert keys == {("1", None), (None, "e")}


def test_a_frame_itself_is_a_type_error_that_says_what_to_pass(planhat):
    with pytest.raises(TypeError, match=r"for a data frame, pass frame.to_dict\('records'\)"):
        planhat.write("companies", frame())


def test_rows_of_polars_are_written_as_they_are(planhat, tenant):
    at = dt.datetime(2026, 1, 2, tzinfo=dt.timezone.utc)
    frame = polars.DataFrame(
        {
            "sourceId": ["1", "2"],
            "name": ["a", "b"],
            "custom": [{"At": at, "Float": 0.5}, {"At": None, "Float": float("nan")}],
        }
    )
    assert planhat.write("companies", frame.iter_rows(named=True), nan="null").created == 2
    first, second = sorted(tenant.records("companies"), key=lambda record: record["sourceId"])
    assert first["custom"] == {"At": "2026-01-02T00:00:00.000Z", "Float": 0.5}
    assert second["custom"] == {"At": None, "Float": None}

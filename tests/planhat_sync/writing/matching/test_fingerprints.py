"""Which values count as equal, property by property."""

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from planhat_sync.writing.matching.fingerprints import Fingerprints

SCHEMAS = {
    "at": {"type": "string", "format": "date-time"},
    "day": {"type": "string", "format": "date-time", "precision": "day"},
    "date": {"type": "string", "format": "date"},
    "text": {"type": "string"},
}
FINGERPRINTS = Fingerprints(tuple(SCHEMAS), (), SCHEMAS)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(
    datetime.fromisoformat("0002-01-01"), datetime.fromisoformat("9998-12-31"), timezones=OFFSETS
)


def differing(sent, held):
    """The properties of what is sent that differ from what Planhat holds."""
    assert FINGERPRINTS.contradict(sent, FINGERPRINTS.of(held)) == bool(
        FINGERPRINTS.differing(sent, FINGERPRINTS.of(held))
    )
    after = FINGERPRINTS.after(sent, FINGERPRINTS.of(held))
    assert not FINGERPRINTS.differing(sent, after)
    return list(FINGERPRINTS.differing(sent, FINGERPRINTS.of(held)))


def as_planhat_answers(time):
    utc = time.astimezone(timezone.utc)
    return utc.strftime(f"{utc.year:04}-%m-%dT%H:%M:%S.{utc.microsecond // 1000:03}Z")


@given(TIMES)
def test_a_date_time_is_equal_in_every_form(time):
    assert differing({"at": time.isoformat()}, {"at": as_planhat_answers(time)}) == []


@given(TIMES, st.integers(1, 10**10))
def test_other_milliseconds_are_a_difference(time, milliseconds):
    other = time + timedelta(milliseconds=milliseconds)
    assert differing({"at": other.isoformat()}, {"at": as_planhat_answers(time)}) == ["at"]


@given(TIMES, TIMES)
def test_of_a_property_that_is_kept_to_the_day_only_the_utc_day_counts(time, other):
    held = as_planhat_answers(time.astimezone(timezone.utc).replace(hour=0, minute=0, second=0))
    days = {each.astimezone(timezone.utc).date() for each in (time, other)}
    for name in ("day", "date"):
        assert differing({name: other.isoformat()}, {name: held}) == [name] * (len(days) - 1)


@given(TIMES)
def test_a_date_alone_is_midnight_in_utc(time):
    utc = time.astimezone(timezone.utc)
    midnight = utc.replace(hour=0, minute=0, second=0, microsecond=0)
    assert differing({"at": str(utc.date())}, {"at": as_planhat_answers(midnight)}) == []


@given(TIMES)
def test_a_text_that_is_not_announced_as_a_date_time_is_compared_as_it_is(time):
    text, held = time.isoformat(), as_planhat_answers(time)
    assert differing({"text": text}, {"text": held}) == ["text"] * (text != held)


@given(st.text(), st.text())
def test_what_is_not_a_date_time_is_compared_as_it_is(text, other):
    for name in ("at", "day", "date"):
        assert differing({name: "x" + text}, {name: "x" + other}) == [name] * (text != other)


def test_nothing_contradicts_what_is_absent_or_not_known():
    assert not FINGERPRINTS.contradict({"text": "a"}, FINGERPRINTS.of({}))
    assert not FINGERPRINTS.contradict({"text": "a"}, FINGERPRINTS.unsure)

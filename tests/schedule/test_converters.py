from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from downtime.schedule import converters
from tests.support.texts import BERLIN

FIRST, SECOND = 0, 1


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-12-01", "2026-11-30 23:00:00"),
        ("2026-12-01 02:00", "2026-12-01 01:00:00"),
        ("2026-12-01T02:00", "2026-12-01 01:00:00"),
        ("2026-12-01t02:00", "2026-12-01 01:00:00"),
        ("2026-12-01 02:00:30", "2026-12-01 01:00:30"),
        ("2026-07-01 02:00", "2026-07-01 00:00:00"),
        ("2026-12-01 02:00Z", "2026-12-01 02:00:00"),
        ("2026-12-01T02:00:30z", "2026-12-01 02:00:30"),
        ("2026-12-01 02:00 Z", "2026-12-01 02:00:00"),
        ("2026-12-01 02:00+01:00", "2026-12-01 01:00:00"),
        ("2026-12-01 02:00 +05:30", "2026-11-30 20:30:00"),
        ("2026-12-01 02:00-0800", "2026-12-01 10:00:00"),
        ("2026-12-01 02:00-08", "2026-12-01 10:00:00"),
        ("2026-12-01 02:00+00:00", "2026-12-01 02:00:00"),
        ("2026-12-01 02:00+23:59", "2026-11-30 02:01:00"),
        ("2026-12-01 02:00:00.5", "2026-12-01 01:00:00.500000"),
        ("2026-12-01T02:00:00.000Z", "2026-12-01 02:00:00"),
        ("2026-12-01T02:00:00.123456+00:00", "2026-12-01 02:00:00.123456"),
        ("2026-12-01 02:00:00.123456789+00:00", "2026-12-01 02:00:00.123456"),
        ("2026-12-01 02:00:59.9999999 Z", "2026-12-01 02:00:59.999999"),
        ("2028-02-29", "2028-02-28 23:00:00"),
        ("1970-01-01 00:00Z", "1970-01-01 00:00:00"),
        ("9900-12-31 23:59Z", "9900-12-31 23:59:00"),
    ],
)
def test_a_moment_is_an_iso_8601_date_or_date_and_time(text: str, instant: str) -> None:
    assert converters.moment(text, BERLIN, fold=FIRST) == utc(instant)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "ISO 8601"),
        ("tomorrow", "ISO 8601"),
        ("22:00", "ISO 8601"),
        ("1795449791", "ISO 8601"),
        ("2026-12", "ISO 8601"),
        ("2026-12-1", "ISO 8601"),
        ("1.12.2026", "ISO 8601"),
        ("12/01/2026", "ISO 8601"),
        ("2026-12-01 2:00", "ISO 8601"),
        ("2026-12-01 02", "ISO 8601"),
        ("2026-12-01  02:00", "ISO 8601"),
        ("2026-12-01 02:00.5", "ISO 8601"),
        ("2026-12-01 02:00:00.", "ISO 8601"),
        ("2026-12-01 02:00:00.5.5", "ISO 8601"),
        ("2026-12-01 02:00:00.1234567890", "ISO 8601"),
        ("2026-12-01 02:00:00,5", "its fraction of a second must come after a dot, not after a comma"),
        ("2026-12-01 02:00 CET", "ISO 8601"),
        ("2026-12-01 02:00+1", "ISO 8601"),
        ("2026-12-01 02:00+01:", "ISO 8601"),
        ("2026-12-01+01:00", "ISO 8601"),
        ("2026-12-01 02:00\n", "ISO 8601"),
        ("٢٠٢٦-12-01", "ISO 8601"),
        ("2026-W49-2", "ISO 8601"),
        ("2026-13-01", "no such time: month must be in 1..12"),
        ("2026-02-29", "no such time: day is out of range for month"),
        ("2026-12-01 24:00", "no such time: hour must be in 0..23"),
        ("2026-12-01 02:60", "no such time: minute must be in 0..59"),
        ("2026-12-01 02:00:60", "no such time: second must be in 0..59"),
        ("1969-12-31", "1970 to 9900"),
        ("9901-01-01", "1970 to 9900"),
        ("0000-01-01", "no such time"),
        ("2026-12-01 02:00+24:00", "at most \\+23:59"),
        ("2026-12-01 02:00+01:60", "at most \\+23:59"),
    ],
)
def test_any_other_moment_is_refused_with_what_is_allowed(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        converters.moment(text, BERLIN, fold=FIRST)


def test_a_local_time_needs_a_zone_and_one_with_an_offset_needs_none() -> None:
    assert converters.moment("2026-12-01 02:00+01:00", None, fold=FIRST) == utc("2026-12-01 01:00")
    with pytest.raises(ValueError, match="time zone is not known"):
        converters.moment("2026-12-01 02:00", None, fold=FIRST)


@pytest.mark.parametrize(
    ("zone", "local", "first", "second"),
    [
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30", "2026-10-25 01:30"),
        ("Europe/Berlin", "2026-10-25 02:00", "2026-10-25 00:00", "2026-10-25 01:00"),
        ("Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00", "2026-10-25 02:00"),
        ("Europe/Berlin", "2026-10-25 01:59:59", "2026-10-24 23:59:59", "2026-10-24 23:59:59"),
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30", "2026-11-01 06:30"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45", "2026-04-04 15:15"),
        ("Australia/Lord_Howe", "2026-04-05 02:00", "2026-04-04 15:30", "2026-04-04 15:30"),
    ],
)
def test_a_repeated_time_is_read_as_the_instant_that_is_asked_for(
    zone: str, local: str, first: str, second: str
) -> None:
    assert converters.moment(local, ZoneInfo(zone), fold=FIRST) == utc(first)
    assert converters.moment(local, ZoneInfo(zone), fold=SECOND) == utc(second)


@pytest.mark.parametrize("fold", [FIRST, SECOND])
@pytest.mark.parametrize(
    ("zone", "skipped", "earlier", "later"),
    [
        ("Europe/Berlin", "2026-03-29 02:00", "2026-03-29 01:59", "2026-03-29 03:00"),
        ("Europe/Berlin", "2026-03-29 02:59:59", "2026-03-29 01:59", "2026-03-29 03:00"),
        ("America/New_York", "2026-03-08 02:30", "2026-03-08 01:59", "2026-03-08 03:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-04 01:59", "2026-10-04 02:30"),
        ("America/Santiago", "2026-09-06 00:30", "2026-09-05 23:59", "2026-09-06 01:00"),
        ("Pacific/Apia", "2011-12-30 12:00", "2011-12-29 23:59", "2011-12-31 00:00"),
    ],
)
def test_a_skipped_time_is_refused_with_the_two_nearest_that_there_are(
    zone: str, skipped: str, earlier: str, later: str, fold: int
) -> None:
    with pytest.raises(ValueError, match="the clocks of") as caught:
        converters.moment(skipped, ZoneInfo(zone), fold=fold)
    assert str(caught.value) == f"the clocks of {zone} skip that time; the nearest are {earlier} and {later}"
    for near in (earlier, later):
        converters.moment(near, ZoneInfo(zone), fold=fold)


ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1970, 1, 2), datetime(9900, 12, 30), timezones=ZONES))
def test_a_moment_is_read_as_python_and_pyyaml_print_it(moment: datetime) -> None:
    for printed in (str(moment), moment.isoformat(), yaml.safe_dump(moment).partition("\n")[0]):
        assert converters.moment(printed, None, fold=FIRST) == moment


@pytest.mark.parametrize("fold", [FIRST, SECOND])
@pytest.mark.parametrize(
    ("zone", "date", "instant"),
    [
        ("America/Santiago", "2027-09-05", "2027-09-05 04:00"),
        ("America/Santiago", "2027-09-06", "2027-09-06 03:00"),
        ("Asia/Beirut", "2026-03-29", "2026-03-28 22:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30 10:00"),
        ("America/Havana", "2026-11-01", "2026-11-01 04:00"),
    ],
    ids=["skipped", "the day after", "skipped by summer time", "after a skipped day", "repeated"],
)
def test_a_date_is_its_first_moment_also_if_the_clocks_skip_or_repeat_midnight(
    zone: str, date: str, instant: str, fold: int
) -> None:
    assert converters.moment(date, ZoneInfo(zone), fold=fold) == utc(instant)


@pytest.mark.parametrize("time", ["", " 00:00", " 23:59:59.999999"])
def test_a_day_that_the_clocks_skip_has_no_moment(time: str) -> None:
    with pytest.raises(ValueError, match="skip that time; the nearest are 2011-12-29 23:59 and 2011-12-31 00:00"):
        converters.moment(f"2011-12-30{time}", ZoneInfo("Pacific/Apia"), fold=FIRST)


@pytest.mark.parametrize(
    ("local", "instant"), [("2026-03-29 01:59:59", "2026-03-29 00:59:59"), ("2026-03-29 03:00", "2026-03-29 01:00")]
)
def test_the_times_beside_the_skipped_hour_are_sound(local: str, instant: str) -> None:
    assert converters.moment(local, BERLIN, fold=FIRST) == utc(instant)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90m", timedelta(minutes=90)),
        ("2h", timedelta(hours=2)),
        ("1h30m", timedelta(minutes=90)),
        ("1d", timedelta(days=1)),
        ("45s", timedelta(seconds=45)),
        ("1d2h3m4s", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("3660d", timedelta(days=3660)),
        ("007m", timedelta(minutes=7)),
    ],
)
def test_a_duration_is_in_days_hours_minutes_and_seconds(text: str, length: timedelta) -> None:
    assert converters.duration(text) == length


@pytest.mark.parametrize(
    "text",
    [
        "",
        "90",
        "90 m",
        "2H",
        "1.5h",
        "-1h",
        "0m",
        "30m1h",
        "1h1h",
        "1w",
        "2h ",
        "3661d",
        "99999d",
        "9" * 50 + "m",
        "٣h",
    ],
)
def test_any_other_duration_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="it must be a duration such as 90m, 2h, 1h30m or 1d, up to 3660d"):
        converters.duration(text)


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("600", 600), ("999999999", 999999999), ("060", 60)])
def test_seconds_are_a_whole_number_from_1(text: str, number: int) -> None:
    assert converters.seconds(text) == number


@pytest.mark.parametrize("text", ["", "0", "000", "-1", "1.5", "1e3", "10m", " 1", "1_000", "1000000000", "٣", "1\n"])
def test_any_other_seconds_are_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="it must be a whole number of seconds from 1 to 999999999"):
        converters.seconds(text)


@pytest.mark.parametrize("text", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_a_zone_is_an_iana_name(text: str) -> None:
    assert converters.zone(text) == ZoneInfo(text)


@pytest.mark.parametrize(
    "text",
    ["", "Berlin", "Europe", "europe/nowhere", "+01:00", "../../etc/passwd", "/etc/localtime", "a\0b", "ä", "x" * 9000],
    ids=lambda text: repr(text[:20]),
)
def test_any_other_zone_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="it must be an IANA time zone name such as Europe/Berlin or UTC"):
        converters.zone(text)


@pytest.mark.parametrize(
    "text", ["https://status.example.com/", "http://x", "/", "/upgrade/", "/a?b=c#d", "https://x/ü", "http://[::1]/"]
)
def test_a_url_is_absolute_or_a_path_of_this_site(text: str) -> None:
    assert converters.url(text) == text


def test_a_url_has_a_bounded_length() -> None:
    longest = "/" + "a" * 1_999
    assert converters.url(longest) == longest
    with pytest.raises(ValueError, match="it must have at most 2000 characters"):
        converters.url(f"{longest}a")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "upgrade/",
        "status.example.com",
        "https://",
        "https:///x",
        "ftp://x/",
        "javascript:alert(1)",
        "data:text/html,x",
        "mailto:a@b.c",
        "http://[::1",
        "/a b",
        "/a\nb",
        "/a\r\nSet-Cookie: x",
        "/a\x00",
        "/\\evil.example.com",
        "/caf\udce9",
    ],
)
def test_any_other_url_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"it must be a URL such as .*, or a path of this site such as /upgrade/"):
        converters.url(text)


@pytest.mark.parametrize(
    ("text", "prefix"), [("/search", "/search"), ("/search/", "/search"), ("/a/b.c", "/a/b.c"), ("/", ""), ("/ü", "/ü")]
)
def test_a_prefix_is_kept_without_its_closing_slash(text: str, prefix: str) -> None:
    assert converters.prefix(text) == prefix


@pytest.mark.parametrize(
    "text",
    ["", "search", "/a*", "/a?x", "/a#x", "/%61", "//a", "/a//b", "/a/../b", "/./a", "/a\\b", "/a\nb", "/caf\udce9"],
)
def test_any_other_prefix_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="it must be a path prefix such as /search"):
        converters.prefix(text)


@pytest.mark.parametrize("text", ["a", "storage-upgrade", "Größerer Umbau 2", "x" * 100, "🚧"])
def test_a_name_is_one_printable_line(text: str) -> None:
    assert converters.name(text) == text


@pytest.mark.parametrize("text", ["", " a", "a ", "a\nb", "a\tb", "a\x1b[31m", "x" * 101])
def test_any_other_name_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="it must be one line of 1 to 100 printable characters"):
        converters.name(text)


def test_a_found_value_is_shown_escaped_and_short() -> None:
    assert converters.shown("a\x1bb\n") == r"'a\x1bb\n'"
    assert converters.shown("x" * 60) == f"'{'x' * 60}'"
    assert converters.shown("x" * 1000) == f"'{'x' * 57}...'"

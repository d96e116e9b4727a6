import sys
import zoneinfo
from datetime import timezone
from pathlib import Path
from typing import Any

import pytest

from downtime.schedule import converters
from downtime.standin.options import Options, checked

RIGHT: dict[str, Any] = {
    "flag_file": "/srv/downtime.flag",
    "schedule_file": "/srv/downtime.yml",
    "time_zone": "Europe/Berlin",
    "page_file": "/srv/downtime.html",
    "flag_max_age": 3600,
    "timeout": 20,
    "load": print,
}


def test_right_arguments_become_absolute_paths_a_zone_and_seconds() -> None:
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    paths = "/srv/downtime.yml", zone, "/srv/downtime.html"
    assert checked(**RIGHT) == Options(("/srv/downtime.flag",), *paths, 3600.0, 20.0, print)


def test_only_one_of_flag_and_schedule_is_needed() -> None:
    nothing = {"schedule_file": None, "time_zone": None, "page_file": None, "flag_max_age": None}
    only_flags = checked(**{**RIGHT, **nothing, "flag_file": [Path("/a/one"), "/a/b/../two"]})
    assert only_flags == Options(("/a/one", "/a/two"), None, None, None, None, 20.0, print)
    only_schedule = checked(**{**RIGHT, "flag_file": [], "time_zone": timezone.utc})
    assert (only_schedule.flag_files, only_schedule.zone) == ((), timezone.utc)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"flag_file": "downtime.flag"}, ValueError, "flag_file is 'downtime.flag'; it must be an absolute path"),
        ({"flag_file": None}, TypeError, "flag_file is None; it must be a path, as a str or a Path"),
        ({"flag_file": ["/srv/a", 1]}, TypeError, "flag_file is 1; it must be a path"),
        ({"flag_file": b"/srv/downtime.flag"}, TypeError, "flag_file is b'/srv/downtime.flag'; it must be a path"),
        ({"flag_file": "/srv/\0"}, ValueError, "a path must not contain a null character"),
        ({"schedule_file": "downtime.yml"}, ValueError, "schedule_file is 'downtime.yml'; it must be an absolute path"),
        ({"page_file": 3}, TypeError, "page_file is 3; it must be a path"),
        ({"time_zone": None}, ValueError, "schedule_file is given without time_zone; pass the setting TIME_ZONE"),
        ({"time_zone": "Europe/Berlln"}, ValueError, "time_zone is 'Europe/Berlln'; it must be an IANA time zone name"),
        ({"time_zone": 1}, TypeError, "time_zone is 1; it must be the name of a time zone"),
        ({"flag_file": [], "schedule_file": None}, ValueError, "flag_file names no flag, and schedule_file is missing"),
        ({"flag_max_age": 0}, ValueError, "flag_max_age is 0; it must be more than 0"),
        ({"flag_max_age": float("inf")}, ValueError, "flag_max_age is inf; it must be more than 0"),
        ({"flag_max_age": "1h"}, TypeError, "flag_max_age is '1h'; it must be a number of seconds"),
        ({"timeout": None}, TypeError, "timeout is None; it must be a number of seconds"),
        ({"timeout": True}, TypeError, "timeout is True; it must be a number of seconds"),
        ({"timeout": float("nan")}, ValueError, "timeout is nan; it must be more than 0 and at most 3600"),
        ({"timeout": 3601}, ValueError, "timeout is 3601; it must be more than 0 and at most 3600"),
        ({"load": "site.wsgi"}, TypeError, "load is 'site.wsgi'; it must be a function that returns the application"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_wrong_argument_is_named_with_what_it_must_be(
    changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        checked(**{**RIGHT, **changes})
    assert message in str(caught.value)


class BytesPath:
    def __fspath__(self) -> bytes:
        return b"/srv/downtime.flag"

    def __repr__(self) -> str:
        return "<a path>"


def test_a_path_object_of_bytes_is_refused() -> None:
    with pytest.raises(TypeError, match="flag_file is <a path>; it must be a path of characters, not of bytes"):
        checked(**{**RIGHT, "flag_file": BytesPath()})


def test_without_time_zone_data_the_schedule_is_unknown_and_no_argument_is_wrong(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As in a slim image, or while pip replaces tzdata."""
    zoneinfo.reset_tzpath(())
    for name in ("tzdata", *(name for name in sys.modules if name.startswith("tzdata."))):
        monkeypatch.setitem(sys.modules, name, None)
    converters.zone.cache_clear()
    zoneinfo.ZoneInfo.clear_cache()
    try:
        assert checked(**RIGHT).zone is None
    finally:
        zoneinfo.reset_tzpath()
    assert "this system has no time zones" in caplog.text

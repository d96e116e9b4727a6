import sys
from collections.abc import Callable
from pathlib import Path

import django.conf
import pytest
import pytest_django

from downtime.conf import conf
from downtime.standin.agreement import tell_differences
from downtime.standin.options import Options

MakeOptions = Callable[..., Options]


def test_what_is_the_same_is_not_told(
    options: MakeOptions, settings: pytest_django.Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DOWNTIME_PAGE_FILE = tmp_path / "downtime.html"
    tell_differences(options(time_zone=settings.TIME_ZONE))
    tell_differences(options(schedule_file=None, time_zone=None, page_file=None))
    assert caplog.records == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"flag_file": "/other/downtime.flag"}, "DOWNTIME_FLAG_FILE"),
        ({"schedule_file": "/other/downtime.yml"}, "DOWNTIME_SCHEDULE_FILE"),
        ({"page_file": "/other/downtime.html"}, "DOWNTIME_PAGE_FILE"),
        ({"flag_max_age": 60}, "DOWNTIME_FLAG_MAX_AGE"),
        ({"time_zone": "Asia/Tokyo"}, "TIME_ZONE"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_argument_that_differs_from_its_setting_is_a_warning(
    options: MakeOptions,
    settings: pytest_django.Settings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, object],
    name: str,
) -> None:
    settings.DOWNTIME_PAGE_FILE = tmp_path / "downtime.html"
    tell_differences(options(**{"time_zone": settings.TIME_ZONE, **changes}))
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert f"{next(iter(changes))} of downtime.guard is" in record.getMessage()
    assert f", but {name} is " in record.getMessage()


def test_the_guard_needs_the_flag_of_the_fleet_as_well(
    options: MakeOptions, settings: pytest_django.Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DOWNTIME_FLEET_CACHE, settings.DOWNTIME_FLEET_FLAG_FILE = "fleet", tmp_path / "fleet.flag"
    settings.DOWNTIME_PAGE_FILE = tmp_path / "downtime.html"
    tell_differences(options(time_zone=settings.TIME_ZONE))
    [message] = caplog.messages
    assert ", but DOWNTIME_FLAG_FILE with DOWNTIME_FLEET_FLAG_FILE is " in message
    tell_differences(options(flag_file=conf.flag_files, time_zone=settings.TIME_ZONE))
    assert len(caplog.messages) == 1


def test_without_settings_there_is_nothing_to_compare(
    options: MakeOptions, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    differs = options(flag_file="/other/downtime.flag")
    with monkeypatch.context() as context:
        context.setattr(django.conf, "settings", django.conf.LazySettings())
        tell_differences(differs)
    monkeypatch.delitem(sys.modules, "django.conf")
    tell_differences(differs)
    assert caplog.records == []

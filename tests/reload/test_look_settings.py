from pathlib import Path

import pytest_django
from django.utils.timezone import get_default_timezone

from downtime.reload.look_settings import LookSettings


def test_a_look_goes_by_the_settings_as_they_are_when_they_are_read(
    settings: pytest_django.Settings, schedule: Path, flag: Path
) -> None:
    settings.DOWNTIME_FLAG_FILE = [flag, flag.with_name("other")]
    settings.DOWNTIME_FLAG_MAX_AGE = 60
    settings.DOWNTIME_RECHECK = 2
    settings.DOWNTIME_WATCH = "none"
    read = LookSettings.read()
    settings.DOWNTIME_RECHECK = 3
    assert read == LookSettings(
        schedule_path=str(schedule),
        flag_paths=(str(flag), str(flag.with_name("other"))),
        flag_max_age=60,
        recheck=2,
        way="none",
        zone=get_default_timezone(),
    )

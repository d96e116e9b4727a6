"""Compares the arguments of the guard with the settings, once Django has read them."""

from __future__ import annotations

import logging
import sys

from downtime.files.harmless import one_line
from downtime.standin.options import Options

logger = logging.getLogger("downtime.guard")


def tell_differences(options: Options) -> None:
    """Logs a warning for each argument of the guard that differs from the settings."""
    if "django.conf" not in sys.modules:  # `load` has loaded something other than Django
        return
    from django.conf import settings

    if not settings.configured:
        return
    from django.utils.timezone import get_default_timezone

    from downtime.conf import conf

    flag_settings = "DOWNTIME_FLAG_FILE"
    if conf.fleet_flag_file is not None:
        flag_settings += " with DOWNTIME_FLEET_FLAG_FILE"
    pairs: list[tuple[str, object, str, object]] = [
        ("flag_file", options.flag_files, flag_settings, conf.flag_files),
        ("flag_max_age", options.flag_max_age, "DOWNTIME_FLAG_MAX_AGE", conf.DOWNTIME_FLAG_MAX_AGE),
    ]
    if options.page_file is not None:
        pairs.append(("page_file", options.page_file, "DOWNTIME_PAGE_FILE", conf.DOWNTIME_PAGE_FILE))
    if options.schedule_file is not None:
        pairs.append(("schedule_file", options.schedule_file, "DOWNTIME_SCHEDULE_FILE", conf.DOWNTIME_SCHEDULE_FILE))
    if options.zone is not None:
        pairs.append(("time_zone", str(options.zone), "TIME_ZONE", str(get_default_timezone())))
    for argument, told, setting, value in pairs:
        if told != value:
            text = f"{argument} of downtime.guard is {told!r}, but {setting} is {value!r}; give both the same value"
            logger.warning("%s", one_line(text))

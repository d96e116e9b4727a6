"""The arguments of the guard, checked at the start: a wrong one must not stay hidden until the first downtime."""

from __future__ import annotations

import logging
import math
import os
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from downtime.schedule import converters

logger = logging.getLogger("downtime.guard")


@dataclass(frozen=True, slots=True)
class Options:
    """The arguments of the guard: absolute paths, seconds, and the function that loads the application."""

    flag_files: tuple[str, ...]
    schedule_file: str | None
    zone: tzinfo | None
    page_file: str | None
    flag_max_age: float | None
    timeout: float
    load: Callable[[], Any]

    def application(self) -> Any:
        """What `load` returns. Raises TypeError if that is None, and what `load` raises."""
        application = self.load()
        if application is None:
            raise TypeError(f"{self.load!r} returned None; the load of the guard must return the application")
        return application


def checked(
    flag_file: Any,
    schedule_file: Any,
    time_zone: Any,
    page_file: Any,
    flag_max_age: Any,
    timeout: Any,
    load: Any,
) -> Options:
    """The arguments as options; raises a TypeError or ValueError that says which one is wrong and what it must be."""
    flags = flag_file if isinstance(flag_file, (list, tuple)) else [flag_file]
    if schedule_file is not None and time_zone is None:
        raise ValueError("schedule_file is given without time_zone; pass the setting TIME_ZONE as time_zone")
    if schedule_file is None and not flags:
        raise ValueError("flag_file names no flag, and schedule_file is missing; give at least one of them")
    if not callable(load):
        raise TypeError(f"load is {load!r}; it must be a function that returns the application")
    return Options(
        tuple(_path("flag_file", path) for path in flags),
        None if schedule_file is None else _path("schedule_file", schedule_file),
        None if time_zone is None else _zone(time_zone),
        None if page_file is None else _path("page_file", page_file),
        None if flag_max_age is None else _seconds("flag_max_age", flag_max_age, longest=math.inf),
        _seconds("timeout", timeout, longest=3600),
        load,
    )


def _path(name: str, path: Any) -> str:
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"{name} is {path!r}; it must be a path, as a str or a Path")
    text = os.fspath(path)
    if not isinstance(text, str):
        raise TypeError(f"{name} is {path!r}; it must be a path of characters, not of bytes")
    if not os.path.isabs(text):
        raise ValueError(f"{name} is {text!r}; it must be an absolute path, such as BASE_DIR / {text!r}")
    if "\0" in text:
        raise ValueError(f"{name} is {text!r}; a path must not contain a null character")
    return os.path.abspath(text)


def _zone(zone: Any) -> tzinfo | None:
    if isinstance(zone, tzinfo):
        return zone
    if not isinstance(zone, str):
        raise TypeError(f"time_zone is {zone!r}; it must be the name of a time zone, such as 'Europe/Berlin'")
    try:
        return converters.zone(zone)
    except ValueError as error:
        if not zoneinfo.available_timezones():  # `pip` may be replacing tzdata; a site that is down must go on
            logger.warning("this system has no time zones, so the guard ignores the schedule and uses only the flags")
            return None
        raise ValueError(f"time_zone is {zone!r}; {error}") from error


def _seconds(name: str, seconds: Any, *, longest: float) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{name} is {seconds!r}; it must be a number of seconds")
    if not 0 < seconds <= longest or math.isinf(seconds):
        most = "" if math.isinf(longest) else f" and at most {longest:g}"
        raise ValueError(f"{name} is {seconds!r}; it must be more than 0{most}")
    return float(seconds)

"""The settings: one typed property for each, spelled as the setting, read at every access.

A value of the wrong type counts as the default here, so it can't break a request; in a setting that exempts, it
exempts nobody. `checks` reports it."""

from __future__ import annotations

import math
import os
from collections.abc import Collection
from typing import Any, TypeGuard

from django.conf import settings

_LARGEST = 1e12
WATCHERS = ("auto", "none")
LONGEST_RECHECK = 3600


class Settings:
    """The app's settings, with their defaults."""

    @property
    def DOWNTIME_SCHEDULE_FILE(self) -> str:
        """The absolute path of the schedule; by default downtime.yml in BASE_DIR."""
        path: Any = getattr(settings, "DOWNTIME_SCHEDULE_FILE", None)
        return os.path.abspath(path if is_path(path) else _in_base_dir("downtime.yml"))

    @property
    def DOWNTIME_FLAG_FILE(self) -> tuple[str, ...]:
        """The absolute paths of the flags, first the one that commands raise; by default downtime.flag in BASE_DIR."""
        value: Any = getattr(settings, "DOWNTIME_FLAG_FILE", None)
        if value in ([], ()):
            return ()
        paths = [path for path in (value if is_list(value) else [value]) if is_path(path)]
        return tuple(map(os.path.abspath, paths or [_in_base_dir("downtime.flag")]))

    @property
    def DOWNTIME_FLAG_MAX_AGE(self) -> float | None:
        """Seconds after which a flag expires; None, the default, means never."""
        age: Any = getattr(settings, "DOWNTIME_FLAG_MAX_AGE", None)
        return age if is_number(age) and age > 0 else None

    @property
    def DOWNTIME_PAGE_FILE(self) -> str | None:
        """The absolute path of the file that holds the rendered page; None, the default, means no such file."""
        path: Any = getattr(settings, "DOWNTIME_PAGE_FILE", None)
        page = os.path.abspath(path) if is_path(path) else None
        return None if page is None or page_conflict(page) else page

    @property
    def DOWNTIME_FLEET_CACHE(self) -> str | None:
        """The alias in CACHES through which hosts share a flag; None, the default, means that there is no fleet."""
        alias = getattr(settings, "DOWNTIME_FLEET_CACHE", None)
        return alias if isinstance(alias, str) and alias else None

    @property
    def DOWNTIME_FLEET_FLAG_FILE(self) -> str:
        """The absolute path of the flag that all hosts of a fleet share; by default downtime.fleet.flag in BASE_DIR."""
        path: Any = getattr(settings, "DOWNTIME_FLEET_FLAG_FILE", None)
        flag = os.path.abspath(path) if is_path(path) else ""
        default = os.path.abspath(_in_base_dir("downtime.fleet.flag"))
        return flag if flag and not own_file_conflict(flag) else default

    @property
    def fleet_flag_file(self) -> str | None:
        """The absolute path of the fleet's flag if it counts: if there is a fleet, and DOWNTIME_FLAG_FILE is not []."""
        has_fleet = self.DOWNTIME_FLEET_CACHE is not None and self.DOWNTIME_FLAG_FILE != ()
        return self.DOWNTIME_FLEET_FLAG_FILE if has_fleet else None

    @property
    def flag_files(self) -> tuple[str, ...]:
        """The absolute paths of all flags: the host's own first, then the fleet's if that counts."""
        own, of_fleet = self.DOWNTIME_FLAG_FILE, self.fleet_flag_file
        return own if of_fleet is None else (*own, of_fleet)

    @property
    def DOWNTIME_EXEMPT_EXACT_URLS(self) -> tuple[str, ...]:
        """The exact paths that are exempt; by default none."""
        return _exempt("DOWNTIME_EXEMPT_EXACT_URLS")

    @property
    def DOWNTIME_EXEMPT_PATHS(self) -> tuple[str, ...]:
        """The path prefixes that are exempt, on whole segments; by default /admin."""
        return _exempt("DOWNTIME_EXEMPT_PATHS", default=("/admin",))

    @property
    def DOWNTIME_EXEMPT_IPS(self) -> tuple[str, ...]:
        """The addresses and networks of exempt clients; by default none."""
        return _exempt("DOWNTIME_EXEMPT_IPS")

    @property
    def DOWNTIME_PROXY_COUNT(self) -> int | None:
        """How many proxies in front are trusted, by default 0; None if the value is wrong, so no address is known."""
        count: Any = getattr(settings, "DOWNTIME_PROXY_COUNT", None)
        if count is None:
            return 0
        return count if is_count(count) else None

    @property
    def DOWNTIME_EXEMPT_IF(self) -> tuple[str, ...]:
        """The dotted paths of the callables that may exempt a request; by default none."""
        return _exempt("DOWNTIME_EXEMPT_IF")

    @property
    def DOWNTIME_URL_REDIRECT(self) -> str | None:
        """The URL or path of this site that refused requests are redirected to; by default None, for no redirect."""
        url = getattr(settings, "DOWNTIME_URL_REDIRECT", None)
        return url if isinstance(url, str) and url else None

    @property
    def DOWNTIME_TEMPLATE(self) -> str:
        """The name of the page's template."""
        template = getattr(settings, "DOWNTIME_TEMPLATE", None)
        return template if isinstance(template, str) and template else "downtime/downtime.html"

    @property
    def DOWNTIME_VIEW(self) -> str | None:
        """The dotted path of the view that builds the answer to refused requests, or None, the default."""
        view = getattr(settings, "DOWNTIME_VIEW", None)
        return view if isinstance(view, str) and view else None

    @property
    def DOWNTIME_RETRY_AFTER(self) -> int | None:
        """Seconds for the Retry-After header if the end is not known; None, the default, means no header."""
        seconds: Any = getattr(settings, "DOWNTIME_RETRY_AFTER", None)
        return math.ceil(seconds) if is_number(seconds) and seconds >= 1 else None

    @property
    def DOWNTIME_WATCH(self) -> str:
        """How a process learns of changes: one of WATCHERS, by default "auto"."""
        return "none" if getattr(settings, "DOWNTIME_WATCH", "auto") == "none" else "auto"

    @property
    def DOWNTIME_RECHECK(self) -> float:
        """Seconds that a process may lag behind a flag, or half of what it may lag behind the schedule; by default 1.

        From 0 to LONGEST_RECHECK."""
        seconds = getattr(settings, "DOWNTIME_RECHECK", 1.0)
        return seconds if is_number(seconds) and 0 <= seconds <= LONGEST_RECHECK else 1.0


def twin_of(page: str) -> str:
    """The path of the problem details beside that page: `.json` replaces its suffix, if it has one."""
    return f"{os.path.splitext(page)[0]}.json"


def page_conflict(page: str) -> str:
    """Why the page can't be kept under that absolute path; empty if it can."""
    twin = twin_of(page)
    if twin.lower() == page.lower():  # not every file system tells them apart
        return f"{twin} is where its problem details belong; give the page another suffix, such as .html"
    return file_conflict(page) or file_conflict(twin)


def file_conflict(path: str) -> str:
    """Which setting names that absolute path already, as a sentence without its full stop; empty if none does."""
    if path == conf.fleet_flag_file:
        return f"{path} is DOWNTIME_FLEET_FLAG_FILE already"
    return own_file_conflict(path)


def own_file_conflict(path: str) -> str:
    """The same as `file_conflict`, for the schedule and the host's own flags only."""
    if path == conf.DOWNTIME_SCHEDULE_FILE:
        return f"{path} is DOWNTIME_SCHEDULE_FILE already"
    return f"{path} is in DOWNTIME_FLAG_FILE already" if path in conf.DOWNTIME_FLAG_FILE else ""


def is_path(value: Any) -> TypeGuard[str | os.PathLike[str]]:
    """Whether the value can name a file."""
    path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else ""
    return isinstance(path, str) and path != "" and "\0" not in path


def is_list(value: Any) -> TypeGuard[Collection[Any]]:
    """Whether the value is a list, a tuple or a set."""
    return isinstance(value, (list, tuple, set, frozenset))


def is_number(value: Any) -> TypeGuard[float]:
    """Whether the value is a finite number; True and False are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _LARGEST


def is_count(value: Any) -> TypeGuard[int]:
    """Whether the value is a whole number, at least 0."""
    return isinstance(value, int) and is_number(value) and value >= 0


def _exempt(name: str, *, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    value: Any = getattr(settings, name, None)
    if value is None:
        return default
    return tuple(text for text in value if isinstance(text, str) and text) if is_list(value) else ()


def _in_base_dir(name: str) -> str:
    folder: Any = getattr(settings, "BASE_DIR", None)
    return os.path.join(folder if is_path(folder) else "", name)


conf = Settings()

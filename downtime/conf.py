"""One typed property for each setting, spelled as the setting, read at every access.

A value of a wrong type counts as the default here, so that it can break no request; `checks` reports it."""

from __future__ import annotations

import math
import os
from collections.abc import Collection
from typing import Any, TypeGuard

from django.conf import settings

_LARGEST = 1e12
WATCHERS = ("auto", "none")


class Settings:
    """The app's settings, with their defaults."""

    @property
    def DOWNTIME_SCHEDULE_FILE(self) -> str:
        path: Any = getattr(settings, "DOWNTIME_SCHEDULE_FILE", None)
        return os.path.abspath(path if is_path(path) else _in_base_dir("downtime.yml"))

    @property
    def DOWNTIME_FLAG_FILE(self) -> tuple[str, ...]:
        given: Any = getattr(settings, "DOWNTIME_FLAG_FILE", None)
        paths = [path for path in (given if is_list(given) else [given]) if is_path(path)]
        return tuple(map(os.path.abspath, paths or [_in_base_dir("downtime.flag")]))

    @property
    def DOWNTIME_FLAG_MAX_AGE(self) -> float | None:
        age: Any = getattr(settings, "DOWNTIME_FLAG_MAX_AGE", None)
        return age if is_number(age) and age > 0 else None

    @property
    def DOWNTIME_EXEMPT_EXACT_URLS(self) -> tuple[str, ...]:
        return _texts(getattr(settings, "DOWNTIME_EXEMPT_EXACT_URLS", None), ())

    @property
    def DOWNTIME_EXEMPT_PATHS(self) -> tuple[str, ...]:
        return _texts(getattr(settings, "DOWNTIME_EXEMPT_PATHS", None), ("/admin",))

    @property
    def DOWNTIME_EXEMPT_IPS(self) -> tuple[str, ...]:
        return _texts(getattr(settings, "DOWNTIME_EXEMPT_IPS", None), ())

    @property
    def DOWNTIME_PROXY_COUNT(self) -> int | None:
        """None where it is set to something else: then nobody's address is known."""
        count: Any = getattr(settings, "DOWNTIME_PROXY_COUNT", None)
        if count is None:
            return 0
        return count if is_count(count) else None

    @property
    def DOWNTIME_EXEMPT_IF(self) -> tuple[str, ...]:
        return _texts(getattr(settings, "DOWNTIME_EXEMPT_IF", None), ())

    @property
    def DOWNTIME_URL_REDIRECT(self) -> str | None:
        url = getattr(settings, "DOWNTIME_URL_REDIRECT", None)
        return url if isinstance(url, str) and url else None

    @property
    def DOWNTIME_TEMPLATE(self) -> str:
        template = getattr(settings, "DOWNTIME_TEMPLATE", None)
        return template if isinstance(template, str) and template else "downtime/downtime.html"

    @property
    def DOWNTIME_VIEW(self) -> str | None:
        view = getattr(settings, "DOWNTIME_VIEW", None)
        return view if isinstance(view, str) and view else None

    @property
    def DOWNTIME_RETRY_AFTER(self) -> int | None:
        seconds: Any = getattr(settings, "DOWNTIME_RETRY_AFTER", None)
        return math.ceil(seconds) if is_number(seconds) and seconds >= 1 else None

    @property
    def DOWNTIME_WATCH(self) -> str:
        """Whether to listen for events: "auto" or "none"; "polling", which is gone, counts as "none"."""
        return "none" if getattr(settings, "DOWNTIME_WATCH", "auto") in ("none", "polling") else "auto"

    @property
    def DOWNTIME_RECHECK(self) -> float:
        seconds = getattr(settings, "DOWNTIME_RECHECK", 1.0)
        return seconds if is_number(seconds) and seconds >= 0 else 1.0


def is_path(value: Any) -> TypeGuard[str | os.PathLike[str]]:
    """Whether the value can name a file."""
    path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else ""
    return isinstance(path, str) and path != "" and "\0" not in path


def is_list(value: Any) -> TypeGuard[Collection[Any]]:
    """Whether the value is a list, a tuple or a set."""
    return isinstance(value, (list, tuple, set, frozenset))


def is_number(value: Any) -> TypeGuard[float]:
    """Whether the value is a finite number; True and False are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _LARGEST


def is_count(value: Any) -> TypeGuard[int]:
    """Whether the value is a whole number from 0 on."""
    return isinstance(value, int) and is_number(value) and value >= 0


def _texts(value: Any, default: tuple[str, ...]) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    return tuple(text for text in values if isinstance(text, str) and text) if is_list(values) else default


def _in_base_dir(name: str) -> str:
    folder: Any = getattr(settings, "BASE_DIR", None)
    return os.path.join(folder if is_path(folder) else "", name)


conf = Settings()

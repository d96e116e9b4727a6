"""Are the settings, the files and the middleware's place right? The ids, which are never used again for another check:

E001 to E010: a setting has a wrong value. W001: a setting of 1.x is left. W002: a setting is not known.
W003: the middleware is missing. W004: it is there twice. W005: it stands too low.
W006: a problem in the schedule. W007: a problem in a flag, or a flag that has let go. W008: a flag can't be looked at.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from difflib import get_close_matches
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.template.loader import get_template
from django.utils.timezone import get_default_timezone

from downtime import values
from downtime.conf import WATCHERS, Settings, conf, is_list, is_number, is_path
from downtime.loading import hidden, load_flags, load_schedule, located

_MIDDLEWARE = "downtime.middleware.DowntimeMiddleware"
_NEEDS_DATABASE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
)
_REMOVED = {
    "DOWNTIME_MIXIN": "Write a template and name it in DOWNTIME_TEMPLATE, and remove this setting.",
    "DOWNTIME_NODATABASE_MODE": "Remove it: no mode asks the database any more.",
}
_MOST_PROBLEMS = 20


def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every setting of ours has a value that it can have, and is one that there is."""
    messages = [
        Error(f"{name} is {value!r}.", hint=f"{allowed}.", id=f"downtime.{id}")
        for name, (id, is_right, allowed) in _RULES.items()
        for value in [getattr(settings, name, None)]
        if value is not None and not is_right(value)
    ]
    return [*messages, *_missing_folder(), *_unknown_settings()]


def check_middleware(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The middleware is there once, above all that opens sessions or users."""
    middleware = list(settings.MIDDLEWARE)
    if middleware.count(_MIDDLEWARE) == 0:
        return [
            Warning(
                f"MIDDLEWARE has no '{_MIDDLEWARE}', so no downtime is ever seen.",
                hint="Put it first, or right below SecurityMiddleware.",
                id="downtime.W003",
            )
        ]
    messages: list[CheckMessage] = []
    if middleware.count(_MIDDLEWARE) > 1:
        messages.append(
            Warning(f"MIDDLEWARE has '{_MIDDLEWARE}' more than once.", hint="Keep the first.", id="downtime.W004")
        )
    above = [name for name in _NEEDS_DATABASE if name in middleware[: middleware.index(_MIDDLEWARE)]]
    if above:
        messages.append(
            Warning(
                f"'{_MIDDLEWARE}' stands below {', '.join(above)}, which may ask a database that is down.",
                hint="Put it first, or right below SecurityMiddleware.",
                id="downtime.W005",
            )
        )
    return messages


def check_files(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The schedule and the flags hold nothing that is not understood; never an Error, as that would stop `migrate`."""
    zone, max_age = get_default_timezone(), conf.DOWNTIME_FLAG_MAX_AGE
    loaded = load_schedule(conf.DOWNTIME_SCHEDULE_FILE, zone)
    hint = "The file is not taken over before every problem is corrected."
    messages: list[CheckMessage] = [
        Warning(located(loaded.path, problem), hint=hint, id="downtime.W006")
        for problem in loaded.parsed.problems[:_MOST_PROBLEMS]
    ]
    for raised in load_flags(conf.DOWNTIME_FLAG_FILE, zone=zone, max_age=max_age):
        hint = "The flag counts all the same; correct it or write it anew."
        messages += [
            Warning(located(raised.path, problem), hint=hint, id="downtime.W007") for problem in raised.problems
        ]
        if raised.period.end <= datetime.now(timezone.utc):
            left = f"{raised.path} is still there, but it let go at {raised.period.end:%Y-%m-%d %H:%M} UTC."
            messages.append(Warning(left, hint="Remove it.", id="downtime.W007"))
    hint = "Let the site's user enter its folder."
    return messages + [
        Warning(f"{reason}.", hint=hint, id="downtime.W008") for reason in hidden(conf.DOWNTIME_FLAG_FILE)
    ]


def _missing_folder() -> Iterator[CheckMessage]:
    """A default lies in BASE_DIR; without that, in whatever folder a process happens to run."""
    folder = getattr(settings, "BASE_DIR", None)
    if not _is_absolute(folder):
        for name, id in (("DOWNTIME_SCHEDULE_FILE", "E001"), ("DOWNTIME_FLAG_FILE", "E002")):
            if getattr(settings, name, None) is None:
                found = f"{name} is not set, and BASE_DIR is {folder!r}."
                yield Error(found, hint="Set one of them to an absolute path.", id=f"downtime.{id}")


def _unknown_settings() -> Iterator[CheckMessage]:
    for name in dir(settings):
        if name in _REMOVED:
            yield Warning(f"{name} is a setting of django-downtime 1.x.", hint=_REMOVED[name], id="downtime.W001")
        elif name.startswith("DOWNTIME_") and not hasattr(Settings, name):
            near = get_close_matches(name, _RULES, n=1, cutoff=0.8)
            hint = f"Did you mean {near[0]}?" if near else "Remove it."
            yield Warning(f"{name} is no setting of django-downtime.", hint=hint, id="downtime.W002")


def _is_absolute(value: Any) -> bool:
    return is_path(value) and os.path.isabs(value)


def _is_path_or_paths(value: Any) -> bool:
    """A set would have no first one, which the commands raise and lower."""
    paths = value if isinstance(value, (list, tuple)) else [value]
    return bool(paths) and all(map(_is_absolute, paths))


def _are_prefixes(value: Any) -> bool:
    return is_list(value) and all(isinstance(text, str) and _is_right(values.prefix, text) for text in value)


def _are_paths(value: Any) -> bool:
    return is_list(value) and all(isinstance(text, str) and text.startswith("/") for text in value)


def _is_right(convert: Callable[[str], object], text: str) -> bool:
    try:
        return bool(convert(text))
    except ValueError:
        return False


def _is_template(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(get_template(value))
    except Exception:  # a loader and a library of tags can raise anything
        return False


_Rule = tuple[str, Callable[[Any], bool], str]
_RULES: dict[str, _Rule] = {
    "DOWNTIME_SCHEDULE_FILE": ("E001", _is_absolute, "Allowed is the absolute path of a file, as a str or a Path"),
    "DOWNTIME_FLAG_FILE": (
        "E002",
        _is_path_or_paths,
        "Allowed are the absolute path of a file, as a str or a Path, and a list of such",
    ),
    "DOWNTIME_FLAG_MAX_AGE": (
        "E003",
        lambda v: is_number(v) and v > 0,
        "Allowed are a number of seconds above 0, and None",
    ),
    "DOWNTIME_EXEMPT_EXACT_URLS": ("E004", _are_paths, "Allowed is a list of paths that begin with /"),
    "DOWNTIME_EXEMPT_PATHS": (
        "E005",
        _are_prefixes,
        "Allowed is a list of path prefixes such as /admin, without wildcards; / alone would exempt the whole site",
    ),
    "DOWNTIME_URL_REDIRECT": (
        "E006",
        lambda v: isinstance(v, str) and _is_right(values.url, v),
        "Allowed are an http or https URL, a path of this site such as /upgrade/, and None",
    ),
    "DOWNTIME_TEMPLATE": ("E007", _is_template, "Allowed is the name of a template that can be loaded"),
    "DOWNTIME_RETRY_AFTER": (
        "E008",
        lambda v: is_number(v) and v >= 1 and v == int(v),
        "Allowed are a whole number of seconds from 1 on, and None",
    ),
    "DOWNTIME_WATCH": ("E009", lambda v: v in WATCHERS, f"Allowed are {', '.join(map(repr, WATCHERS))}"),
    "DOWNTIME_RECHECK": (
        "E010",
        lambda v: is_number(v) and v >= 0,
        "Allowed is a number of seconds from 0 on",
    ),
}

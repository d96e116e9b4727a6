"""Are the settings, the files and the middleware's place right? The ids, which are never used again for another check:

E001 to E014: a setting has a wrong value. W001: a setting of 1.x is left. W002: a setting is not known.
W003: the middleware is missing. W004: it is there twice. W005: it stands too low.
W006: a problem in the schedule. W007: a problem in a flag, or a flag that has let go. W008: a flag can't be looked at.
W009: the redirect leads to no page of this site. W010: a callable needs users, whose middleware is not above ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote, urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.urls import Resolver404, get_script_prefix
from django.utils.timezone import get_default_timezone

from downtime.conf import Settings, conf
from downtime.files.flag_file import load_flags, uninspectable
from downtime.files.schedule_file import load_schedule
from downtime.http.site_code import view_of
from downtime.setting_rules import RULES, is_absolute

_MIDDLEWARE = "downtime.middleware.DowntimeMiddleware"
_NEEDED_FOR_USERS = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)
_NEEDS_DATABASE = (
    *_NEEDED_FOR_USERS,
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
)
_READY_MADE = ("downtime.exemptions.is_staff", "downtime.exemptions.is_superuser")
_REMOVED = {
    "DOWNTIME_MIXIN": "Write a template and name it in DOWNTIME_TEMPLATE, and remove this setting.",
    "DOWNTIME_NODATABASE_MODE": "Remove it: no mode asks the database any more.",
}
_MOST_PROBLEMS = 20


def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every setting of ours has a value that it can have, and is one that there is."""
    return [*_wrong_settings(), *_missing_folder(), *_unresolved_redirect(), *_unknown_settings()]


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
    above = middleware[: middleware.index(_MIDDLEWARE)]
    asked = [name for name in _READY_MADE if name in conf.DOWNTIME_EXEMPT_IF]
    missing = [name for name in _NEEDED_FOR_USERS if name not in above]
    if asked and missing:
        messages.append(
            Warning(
                f"DOWNTIME_EXEMPT_IF names {', '.join(asked)}, but '{_MIDDLEWARE}' has no {', '.join(missing)} "
                "above it, so nobody is ever let through by that.",
                hint="Move these above it, or let people through by manage.py downtime_link, which needs no database.",
                id="downtime.W010",
            )
        )
    above = [name for name in _NEEDS_DATABASE if name in above]
    # Who lets people through by a callable may need sessions and users for it.
    if above and not conf.DOWNTIME_EXEMPT_IF:
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
        Warning(problem.located(loaded.path), hint=hint, id="downtime.W006")
        for problem in loaded.parsed.problems[:_MOST_PROBLEMS]
    ]
    for raised in load_flags(conf.DOWNTIME_FLAG_FILE, zone=zone, max_age=max_age):
        hint = "The flag counts all the same; correct it or write it anew."
        messages += [
            Warning(problem.located(raised.path), hint=hint, id="downtime.W007") for problem in raised.problems
        ]
        if raised.period.end <= datetime.now(timezone.utc):
            left = f"{raised.path} is still there, but it let go at {raised.period.end:%Y-%m-%d %H:%M} UTC."
            messages.append(Warning(left, hint="Remove it.", id="downtime.W007"))
    hint = "Let the site's user enter its folder."
    return messages + [
        Warning(f"{reason}.", hint=hint, id="downtime.W008") for reason in uninspectable(conf.DOWNTIME_FLAG_FILE)
    ]


def _wrong_settings() -> Iterator[CheckMessage]:
    for name, rule in RULES.items():
        value = getattr(settings, name, None)
        try:
            is_right, reason = value is None or rule.is_right(value), ""
        except ValueError as error:
            is_right, reason = False, f" {error}."
        if not is_right:
            yield Error(f"{name} is {value!r}.", hint=f"{rule.allowed}.{reason}", id=f"downtime.{rule.id}")


def _unresolved_redirect() -> Iterator[CheckMessage]:
    """A page of this site that the redirect leads to has to be there, or another server has to answer for it."""
    redirect = conf.DOWNTIME_URL_REDIRECT or ""
    if not redirect.startswith("/") or redirect.startswith("//"):
        return
    path = unquote(urlsplit(redirect).path).removeprefix(get_script_prefix().rstrip("/"))
    try:
        view_of(path)
    except Resolver404:
        yield Warning(
            f"DOWNTIME_URL_REDIRECT is {redirect!r}, and no URL pattern of this site matches it.",
            hint="Correct it, unless a server in front of Django answers there.",
            id="downtime.W009",
        )
    except Exception:  # a URLconf that can't be imported is reported by Django's own check
        return


def _missing_folder() -> Iterator[CheckMessage]:
    """A default lies in BASE_DIR; without that, in whatever folder a process happens to run."""
    folder = getattr(settings, "BASE_DIR", None)
    if not is_absolute(folder):
        for name, id in (("DOWNTIME_SCHEDULE_FILE", "E001"), ("DOWNTIME_FLAG_FILE", "E002")):
            if getattr(settings, name, None) is None:
                found = f"{name} is not set, and BASE_DIR is {folder!r}."
                yield Error(found, hint="Set one of them to an absolute path.", id=f"downtime.{id}")


def _unknown_settings() -> Iterator[CheckMessage]:
    for name in dir(settings):
        if name in _REMOVED:
            yield Warning(f"{name} is a setting of django-downtime 1.x.", hint=_REMOVED[name], id="downtime.W001")
        elif name.startswith("DOWNTIME_") and not hasattr(Settings, name):
            near = get_close_matches(name, RULES, n=1, cutoff=0.8)
            hint = f"Did you mean {near[0]}?" if near else "Remove it."
            yield Warning(f"{name} is no setting of django-downtime.", hint=hint, id="downtime.W002")

"""The system checks of the settings, the files and the place of the middleware.

Their ids, none of which is ever used for another check:
E001 to E014: a setting has a wrong value. W001: a setting of 1.x is left. W002: a setting is not known.
W003: the middleware is missing. W004: it is there twice. W005: it is too low.
W006: a problem in the schedule. W007: a problem in a flag, or a flag that has let go. W008: a flag can't be looked at.
W009: no URL pattern matches the redirect. W010: a callable needs users, whose middleware is not above ours.
W011: a file is in the folder of one release.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.urls import Resolver404, get_script_prefix
from django.utils.timezone import get_default_timezone

from downtime.conf import Settings, conf
from downtime.files.fields import first_problems
from downtime.files.flag_file import load_flags
from downtime.files.schedule_file import load_schedule
from downtime.http.site_code import view_of
from downtime.setting_rules import RULES, is_absolute_path

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
# Folders of Capistrano, Deployer and the like that hold a folder for each release.
_HOLD_RELEASES = {"releases", "deployments", "deploys", "versions"}
_REMOVED = {
    "DOWNTIME_MIXIN": "Write a template, set DOWNTIME_TEMPLATE to its name, and remove this setting.",
    "DOWNTIME_NODATABASE_MODE": "Remove it: nothing queries the database any more.",
}


def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Reports each setting that has a wrong value, does not exist, or redirects to a path that does not."""
    return [*_invalid_settings(), *_missing_base_dir(), *_unresolved_redirect(), *_unknown_settings()]


def check_middleware(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warns unless the middleware is there once, above every other middleware that may query the database."""
    middleware = list(settings.MIDDLEWARE)
    if _MIDDLEWARE not in middleware:
        return [
            Warning(
                f"MIDDLEWARE does not contain '{_MIDDLEWARE}', so the site never goes down.",
                hint="Put it first, or right below SecurityMiddleware.",
                id="downtime.W003",
            )
        ]
    above = middleware[: middleware.index(_MIDDLEWARE)]
    return [*_repeated_middleware(middleware), *_missing_user_middleware(above), *_database_middleware_above(above)]


def check_files(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warns of problems in the schedule and the flags, and of their place; never an Error, which would stop migrate."""
    zone, max_age = get_default_timezone(), conf.DOWNTIME_FLAG_MAX_AGE
    loaded = load_schedule(conf.DOWNTIME_SCHEDULE_FILE, zone)
    hint = "The file is not taken over until every problem is corrected."
    messages: list[CheckMessage] = [
        Warning(problem.located(loaded.path), hint=hint, id="downtime.W006")
        for problem in first_problems(loaded.parsed.problems)[0]
    ]
    flags = load_flags(conf.DOWNTIME_FLAG_FILE, zone=zone, max_age=max_age)
    for flag in flags.raised:
        hint = "The flag counts nevertheless; correct it or write a new one."
        messages += [Warning(problem.located(flag.path), hint=hint, id="downtime.W007") for problem in flag.problems]
        if flag.period.end <= datetime.now(timezone.utc):
            left = f"{flag.path} is still there, but it let go at {flag.period.end:%Y-%m-%d %H:%M} UTC."
            messages.append(Warning(left, hint="Remove it.", id="downtime.W007"))
    hint = "Let the site's user enter its folder."
    messages += [Warning(f"{reason}.", hint=hint, id="downtime.W008") for reason in flags.uninspectable]
    return [*messages, *_files_of_one_release()]


def _files_of_one_release() -> Iterator[CheckMessage]:
    """A file in the folder of one release is left behind, or an old one found again, when a link is switched."""
    paths = [("DOWNTIME_SCHEDULE_FILE", os.path.realpath(conf.DOWNTIME_SCHEDULE_FILE))]
    for flag in conf.DOWNTIME_FLAG_FILE:  # which is raised even if it is a link, so that only its folder is resolved
        paths.append(("DOWNTIME_FLAG_FILE", os.path.join(os.path.realpath(os.path.dirname(flag)), Path(flag).name)))
    for name, path in paths:
        release = next(filter(_is_release, Path(path).parents), None)
        if release is not None:
            yield Warning(
                f"{name} is {path}, which belongs to the release in {release}: the next one does not find it.",
                hint="Name a file in a folder that all releases share, such as /srv/example/downtime/.",
                id="downtime.W011",
            )


def _is_release(folder: Path) -> bool:
    """Whether the folder, resolved, is that of one release: releases/NAME, or what a link called `current` leads to."""
    links = (folder.parent / "current", folder.parent.parent / "current")
    is_current = any(os.path.islink(link) and os.path.realpath(link) == str(folder) for link in links)
    return is_current or folder.parent.name in _HOLD_RELEASES


def _repeated_middleware(middleware: list[str]) -> Iterator[CheckMessage]:
    if middleware.count(_MIDDLEWARE) > 1:
        yield Warning(
            f"MIDDLEWARE contains '{_MIDDLEWARE}' more than once.", hint="Keep the first one.", id="downtime.W004"
        )


def _missing_user_middleware(above: list[str]) -> Iterator[CheckMessage]:
    callables = [name for name in _READY_MADE if name in conf.DOWNTIME_EXEMPT_IF]
    missing = [name for name in _NEEDED_FOR_USERS if name not in above]
    if callables and missing:
        yield Warning(
            f"DOWNTIME_EXEMPT_IF contains {', '.join(callables)}, but this lets nobody through "
            f"unless MIDDLEWARE has {', '.join(missing)} above '{_MIDDLEWARE}'.",
            hint="Put them above it, or let people through with manage.py downtime_link, which needs no database.",
            id="downtime.W010",
        )


def _database_middleware_above(above: list[str]) -> Iterator[CheckMessage]:
    database = [name for name in _NEEDS_DATABASE if name in above]
    # A callable in DOWNTIME_EXEMPT_IF may need the session and the user.
    if database and not conf.DOWNTIME_EXEMPT_IF:
        yield Warning(
            f"'{_MIDDLEWARE}' is below {', '.join(database)}, which may query a database that is down.",
            hint="Put it first, or right below SecurityMiddleware.",
            id="downtime.W005",
        )


def _invalid_settings() -> Iterator[CheckMessage]:
    for name, rule in RULES.items():
        value = getattr(settings, name, None)
        try:
            is_valid, reason = value is None or rule.is_valid(value), ""
        except ValueError as error:
            is_valid, reason = False, f" {error}."
        if not is_valid:
            yield Error(f"{name} is {value!r}.", hint=f"{rule.requirement}.{reason}", id=f"downtime.{rule.id}")


def _unresolved_redirect() -> Iterator[CheckMessage]:
    """A redirect to this site has to match a URL pattern, unless another server answers there."""
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


def _missing_base_dir() -> Iterator[CheckMessage]:
    """The default of a path is in BASE_DIR; without that, in the working directory, which differs by process."""
    base_dir = getattr(settings, "BASE_DIR", None)
    if is_absolute_path(base_dir):
        return
    for name, id in (("DOWNTIME_SCHEDULE_FILE", "E001"), ("DOWNTIME_FLAG_FILE", "E002")):
        if getattr(settings, name, None) is None:
            message = f"{name} is not set, and BASE_DIR is {base_dir!r}."
            yield Error(message, hint="Set one of them to an absolute path.", id=f"downtime.{id}")


def _unknown_settings() -> Iterator[CheckMessage]:
    for name in dir(settings):
        if name in _REMOVED:
            yield Warning(f"{name} is a setting of django-downtime 1.x.", hint=_REMOVED[name], id="downtime.W001")
        elif name.startswith("DOWNTIME_") and not hasattr(Settings, name):
            near = get_close_matches(name, RULES, n=1, cutoff=0.8)
            hint = f"Did you mean {near[0]}?" if near else "Remove it."
            yield Warning(f"{name} is not a setting of django-downtime.", hint=hint, id="downtime.W002")

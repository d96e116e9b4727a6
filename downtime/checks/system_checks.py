"""The system checks: those of the settings, and those of the modules beside this one, which are reported from here.

Their ids, which are never reused for another check:
E001 to E017: a setting has a wrong value. W001: a setting of 1.x is left over. W002: a setting is not known.
W003: the middleware is missing. W004: it is there twice. W005: it is too low. W012: it is too high.
W006: a problem in the schedule. W007: a problem in a flag, or an expired flag. W008: a flag can't be looked at.
W009: no URL pattern matches the redirect. W010: a callable needs users, whose middleware is not above ours.
W011: a file is in the folder of one release. W013: the page's template can't be loaded. W014: static files of an open
admin are refused. W015: an admin with the page of periods is refused. W016: /admin is exempt, but is not Django's.
W017: the folder of a file is missing. W018: the fleet's cache is in a database or in a folder. W019: it is shared
with the site. W020: it has a prefix or a version. W021: pages from the site's cache are shown while it is down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import chain
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from downtime.checks.files import file_troubles
from downtime.checks.fleet import doubtful_cache
from downtime.checks.middleware import misplaced_middleware
from downtime.checks.setting_rules import RULES, is_absolute_path
from downtime.checks.urlconf import misfits
from downtime.conf import Settings, conf
from downtime.files.harmless import one_line

_REMOVED = {
    "DOWNTIME_MIXIN": "Write a template, set DOWNTIME_TEMPLATE to its name, and remove this setting.",
    "DOWNTIME_NODATABASE_MODE": "Remove it: nothing queries the database any more.",
}


def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Reports each setting that has a wrong value, does not exist or does not fit the site's other settings."""
    of_values = chain(_invalid_settings(), _missing_base_dir(), _unknown_settings())
    return _harmless(chain(of_values, _missing_template(), misfits(), doubtful_cache()))


def check_middleware(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warns unless the middleware is there once, and in its place among the others."""
    return _harmless(misplaced_middleware(list(settings.MIDDLEWARE)))


def check_files(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warns of problems in the schedule and the flags, and of misplaced files; an Error would stop migrate."""
    return _harmless(file_troubles())


def _harmless(found: Iterable[CheckMessage]) -> list[CheckMessage]:
    """The messages as lines that no terminal or CI obeys, whatever the files and the settings hold."""
    messages = list(found)
    for message in messages:
        message.msg, message.hint = one_line(message.msg), one_line(message.hint or "")
    return messages


def _invalid_settings() -> Iterator[CheckMessage]:
    for name, rule in RULES.items():
        value = getattr(settings, name, None)
        try:
            is_valid, reason = value is None or rule.is_valid(value), ""
        except ValueError as error:
            is_valid, reason = False, f" {error}."
        if not is_valid:
            yield Error(f"{name} is {value!r}.", hint=f"{rule.requirement}.{reason}", id=f"downtime.{rule.id}")


def _missing_template() -> Iterator[CheckMessage]:
    """The app's own template needs a Django engine that looks into apps; the site's own template has a rule."""
    if getattr(settings, "DOWNTIME_TEMPLATE", None) is None and conf.DOWNTIME_VIEW is None:
        try:
            get_template(conf.DOWNTIME_TEMPLATE)
        except Exception as error:  # a loader or a library of tags can raise anything
            is_missing = isinstance(error, TemplateDoesNotExist)
            yield Warning(
                f"The template {conf.DOWNTIME_TEMPLATE} can't be loaded, so visitors get a built-in page in "
                f"English: {type(error).__name__}: {error}",
                hint="Set APP_DIRS for an engine in TEMPLATES, or name a template of your own in DOWNTIME_TEMPLATE."
                if is_missing
                else "Correct the template of that name that the project has put in place of the app's.",
                id="downtime.W013",
            )


def _missing_base_dir() -> Iterator[CheckMessage]:
    """A path defaults to a file in BASE_DIR; without that, in the working directory, which differs by process."""
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

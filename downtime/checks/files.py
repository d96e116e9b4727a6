"""Finds what is wrong in the files, or with their location: W006 to W008, W011 and W017 of system_checks."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.utils.timezone import get_default_timezone

from downtime.checks.setting_rules import is_absolute_path
from downtime.conf import conf
from downtime.files.fields import first_problems
from downtime.files.flag_file import load_flags
from downtime.files.schedule_file import load_schedule

# Folders of Capistrano, Deployer and the like that hold a folder for each release.
_HOLD_RELEASES = {"releases", "deployments", "deploys", "versions"}


def file_troubles() -> Iterator[CheckMessage]:
    """Warnings about problems in the schedule and the flags, and about folders in which a file is not found."""
    yield from _problems_of_schedule()
    yield from _problems_of_flags()
    yield from _misplaced_files()


def _problems_of_schedule() -> Iterator[CheckMessage]:
    loaded = load_schedule(conf.DOWNTIME_SCHEDULE_FILE, get_default_timezone())
    hint = "Correct every problem; until then, a running process keeps the last good schedule that it has read."
    for problem in first_problems(loaded.parsed.problems)[0]:
        yield Warning(problem.located(loaded.path), hint=hint, id="downtime.W006")


def _problems_of_flags() -> Iterator[CheckMessage]:
    flags = load_flags(conf.flag_files, zone=get_default_timezone(), max_age=conf.DOWNTIME_FLAG_MAX_AGE)
    for flag in flags.raised:
        hint = "Correct it or write a new one; the flag counts all the same."
        for problem in flag.problems:
            yield Warning(problem.located(flag.path), hint=hint, id="downtime.W007")
        if flag.period.end <= datetime.now(timezone.utc):
            left = f"{flag.path} is still there, but it expired at {flag.period.end:%Y-%m-%d %H:%M} UTC."
            yield Warning(left, hint="Remove it.", id="downtime.W007")
    for reason in flags.uninspectable:
        yield Warning(f"{reason}.", hint="Let the site's user enter its folder.", id="downtime.W008")


def _misplaced_files() -> Iterator[CheckMessage]:
    """When a link is switched, a file in the folder of one release is left behind, or an old one is found again."""
    paths = [("DOWNTIME_SCHEDULE_FILE", os.path.realpath(conf.DOWNTIME_SCHEDULE_FILE))]
    own = conf.DOWNTIME_FLAG_FILE
    for flag in conf.flag_files:  # a link counts as a raised flag too, so only its folder is resolved
        name = "DOWNTIME_FLAG_FILE" if flag in own else "DOWNTIME_FLEET_FLAG_FILE"
        paths.append((name, os.path.join(os.path.realpath(os.path.dirname(flag)), Path(flag).name)))
    if conf.DOWNTIME_PAGE_FILE is not None:
        paths.append(("DOWNTIME_PAGE_FILE", os.path.realpath(conf.DOWNTIME_PAGE_FILE)))
    for name, path in paths:
        release = next(filter(_is_release, Path(path).parents), None)
        if release is not None:
            yield Warning(
                f"{name} is {path}, which belongs to the release in {release}: the next release will not find it.",
                hint="Name a file in a folder that all releases share, such as /srv/example/downtime/.",
                id="downtime.W011",
            )
        elif _is_known(name) and _is_missing(folder := os.path.dirname(path)):
            yield Warning(
                f"{name} is {path}, but there is no folder {folder}.",
                hint="Make the folder, or correct the setting; until then nothing can be read or written there.",
                id="downtime.W017",
            )


def _is_known(name: str) -> bool:
    """Whether the setting or BASE_DIR says where the file is; if not, that is an error already."""
    return getattr(settings, name, None) is not None or is_absolute_path(getattr(settings, "BASE_DIR", None))


def _is_missing(folder: str) -> bool:
    """Whether there is no such folder; one that can't be looked at is reported with its file."""
    try:
        return not stat.S_ISDIR(os.stat(folder).st_mode)
    except OSError as error:
        return isinstance(error, (FileNotFoundError, NotADirectoryError))


def _is_release(folder: Path) -> bool:
    """Whether the folder, resolved, is that of one release: releases/NAME, or what a link called `current` leads to."""
    links = (folder.parent / "current", folder.parent.parent / "current")
    is_current = any(os.path.islink(link) and os.path.realpath(link) == str(folder) for link in links)
    return is_current or folder.parent.name in _HOLD_RELEASES

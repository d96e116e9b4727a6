"""Keeps the page and its problem details in DOWNTIME_PAGE_FILE and beside it, to be served without Django."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils.timezone import get_default_timezone

from downtime.conf import conf, twin_of
from downtime.files import flag_file
from downtime.files.atomic_write import CannotWrite, replace_followed
from downtime.files.dry_run import require_replaceable_followed
from downtime.http.prerendered import Prerendered, prerender
from downtime.management.base import DowntimeCommand, State
from downtime.schedule.periods import ALWAYS, NEVER, Answer, Period, Window

BUILT_IN = "The page is the built-in one, as the template {} can't be rendered; the log says why"


class Subject(NamedTuple):
    """What a page is about: a downtime of the whole site, and the moment until which it lasts, or NEVER."""

    window: Window
    release: datetime


NEUTRAL = Subject(Window(ALWAYS, -1, NEVER, Period()), NEVER)
"""A downtime without a message or an end, which fits every downtime."""


@dataclass(frozen=True, slots=True)
class Report:
    """Which files were written, and what went wrong, in sentences without their full stops."""

    written: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()


def subject_of(answer: Answer) -> Subject:
    """What the first raised flag for the whole site says; NEUTRAL if none refuses all that a visitor may ask for."""
    for window in answer.active:
        if window.is_flag and window.period.is_whole and not window.period.read_only:
            return Subject(window, answer.release("/", safe=True))
    return NEUTRAL


def subject_with(state: State, path: str, text: str) -> Subject:
    """What the page is about once the flag under that path is raised with that text."""
    raised = {flag.path: flag.period for flag in state.flags.raised}
    raised[path] = flag_period(text, state.now)
    periods = [raised[path] for path in conf.flag_files if path in raised]
    return subject_of(state.loaded.parsed.schedule.at(state.now, periods))


def flag_period(text: str, raised_at: datetime) -> Period:
    """The period of a flag with that text that is raised at that moment, by the settings."""
    zone, max_age = get_default_timezone(), conf.DOWNTIME_FLAG_MAX_AGE
    return flag_file.period_of(text, zone=zone, raised_at=raised_at, max_age=max_age)


def keep(subject: Callable[[], Subject]) -> Report:
    """Writes the page to DOWNTIME_PAGE_FILE and its problem details beside it, if that is set; never raises.

    The subject is called only if it is set."""
    path = conf.DOWNTIME_PAGE_FILE
    if path is None:
        return Report()
    try:
        rendered = prerender(*subject())
        report = write(contents(path, rendered))
    except (Exception, SystemExit) as error:  # whatever it is, the site goes down and comes back all the same
        return Report(troubles=(f"The page can't be kept in {path}: {type(error).__name__}: {error}",))
    return Report(report.written, (*render_troubles(rendered), *report.troubles))


def contents(path: str, rendered: Prerendered) -> dict[str, bytes]:
    """What each file holds if the page is kept under that path."""
    return {path: rendered.page, twin_of(path): rendered.problem}


def render_troubles(rendered: Prerendered) -> tuple[str, ...]:
    """Why the page is not what it should be; empty if it is."""
    return (BUILT_IN.format(conf.DOWNTIME_TEMPLATE),) if rendered.is_built_in else ()


def write(contents: Mapping[str, bytes]) -> Report:
    """Writes each file by itself, whole or not at all."""
    return _report(contents, lambda path: replace_followed(path, contents[path]))


def _report(paths: Iterable[str], write: Callable[[str], None]) -> Report:
    written, troubles = [], []
    for path in paths:
        try:
            write(path)
            written.append(path)
        except CannotWrite as error:
            troubles.append(str(error))
    return Report(tuple(written), tuple(troubles))


def tell(command: DowntimeCommand, report: Report, *, of: str = "the page", verb: str = "Wrote") -> None:
    """Says what was written, on one line, and what went wrong."""
    if report.written:
        command.tell(f"{verb} {of} to {' and '.join(report.written)}.")
    for trouble in report.troubles:
        command.warn(f"{trouble}.")


def tell_preview(command: DowntimeCommand, *, of: str = "the page") -> None:
    """Says what would be written, and what is known to go wrong then."""
    if (path := conf.DOWNTIME_PAGE_FILE) is not None:
        report = _report((path, twin_of(path)), require_replaceable_followed)
        tell(command, report, of=of, verb="Would write")

"""How the commands word a period and the state of the site, in English."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from downtime.files.flag_file import Flag, path_of
from downtime.management.times import distance, lasted, local_time
from downtime.schedule.occurrence import rounded_up
from downtime.schedule.periods import ALWAYS, Period, Window, is_known
from downtime.schedule.refusals import Refusal, refusals_of
from downtime.schedule.site_status import FLAGS, SCHEDULE, UNKNOWN, UP, SiteStatus, names_of

if TYPE_CHECKING:  # it imports what requests need, which no other command does
    from downtime.visit import Visit

_DOUBTS = {
    SCHEDULE: "the schedule has problems, so a running process keeps the last good one that it has read",
    FLAGS: "a flag can't be looked at, so for a running process it counts as before",
}
_EXEMPT_BY = {
    "redirect": "the redirect, which leads to that very path,",
    "downtime_exempt": "the mark @downtime_exempt on its view",
}


_Time = Callable[[str, datetime], str]
"""Words a preposition and a moment."""


def _plainly(preposition: str, moment: datetime) -> str:
    return f"{preposition} {local_time(moment)}"


def time_span(window: Window, now: datetime) -> str:
    """The start and the end of the window, worded by whether it has begun."""
    if window.start <= now:
        return _since(window.began, window.end)
    return f"from {local_time(window.start)} {_end('to', window.end)}"


def _since(began: datetime, end: datetime, time: _Time = _plainly) -> str:
    return f"{time('since', began)}, {_end('until', end, time)}"


def _end(preposition: str, end: datetime, time: _Time = _plainly) -> str:
    return time(preposition, rounded_up(end)) if is_known(end) else "without a known end"


def label(window: Window, flags: Iterable[Flag] = ()) -> str:
    """What people call the window: the path of its flag, or the name or the line of its period."""
    path = path_of(window.period, flags)
    return f"flag {path}" if path else window.period.name or f"the period on line {window.period.line}"


def status_line(
    site_status: SiteStatus, flags: Iterable[Flag] = (), *, still: bool = False, now: datetime | None = None
) -> str:
    """The state of the site as one sentence: all that is refused, since when, until when, because of what, and what
    changes before everything passes again. `still` words it for somebody who has tried to bring the site back; with
    `now`, it also says how far off each time is."""

    def time(preposition: str, moment: datetime) -> str:
        if now is None:
            return _plainly(preposition, moment)
        far = lasted if preposition == "since" else distance
        return f"{_plainly(preposition, moment)} ({far(moment, now)})"

    return sentence("; ".join(_facts(site_status, flags, "is still" if still else "is", time)) + ".")


def _facts(status: SiteStatus, flags: Iterable[Flag], verb: str, time: _Time) -> Iterator[str]:
    if status.state == UP:
        yield "the site is up"
    elif status.if_started_now is not None:
        yield f"the state of the site is unknown: {'; '.join(_DOUBTS[doubt] for doubt in status.doubts)}"
        now, *then = _facts(status.if_started_now, flags, "is", time)
        yield from (f"for one that starts now, {now}", *then)
    elif len(status.refusals) == 1 and status.turn is None:
        [refusal] = status.refusals
        because = _because(refusal, flags)
        yield f"{extent(refusal, verb)}, {_since(status.since, status.until, time)}, {because}"
    else:
        for refusal in status.refusals:
            what = extent(refusal, verb, is_first=refusal is status.refusals[0])
            yield f"{what}, {time('since', refusal.since)}, {_because(refusal, flags)}"
        if status.turn is not None:
            yield f"{time('from', status.turn.at)} on, {_turn(status.turn.status, flags)}"
        if is_known(status.until):
            yield f"everything passes again {time('at', rounded_up(status.until))}"
        else:
            yield "it is not known when everything passes again"


def _turn(status: SiteStatus, flags: Iterable[Flag]) -> str:
    if status.state == UNKNOWN:
        return "its state is unknown"
    extents = [(extent(r, is_first=r is status.refusals[0]), _because(r, flags)) for r in status.refusals]
    return ", and ".join(f"{what}, {because}" for what, because in extents)


def extent(refusal: Refusal, verb: str = "is", *, is_first: bool = True) -> str:
    """What is refused; `is_first` unless another refusal was named before."""
    what = f"{verb} {'read-only' if refusal.read_only else 'down'}"
    if refusal.is_whole:
        return f"the {'' if is_first else 'rest of the '}site {what}"
    return f"{'a' if is_first else 'another'} part of the site {what} ({names_of(refusal.prefixes)})"


def effect(period: Period) -> str:
    """What a flag with that meaning refuses, and until when if that is known."""
    [refusal] = refusals_of([Window(ALWAYS, -1, period.end, period)])
    return f"{extent(refusal)} {_end('until', period.end)}" if is_known(period.end) else extent(refusal)


def sentence(text: str) -> str:
    """The text with a capital letter at the beginning."""
    return f"{text[0].upper()}{text[1:]}"


def _because(refusal: Refusal, flags: Iterable[Flag]) -> str:
    return f"because of {names_of(label(window, flags) for window in refusal.windows)}"


def refused(period: Period) -> str:
    """What the period refuses, in few words: everything, writing, /shop, writing to /shop."""
    prefixes = "" if period.is_whole else ", ".join(period.prefixes)
    if period.read_only:
        return f"writing to {prefixes}" if prefixes else "writing"
    return prefixes or "everything"


def visit_lines(visit: Visit, status: SiteStatus, flags: Iterable[Flag] = ()) -> Iterator[str]:
    """What the visitor would get, from which period, until when, and what lets the request through or might."""
    request = f"{visit.method} {visit.path}"
    if visit.window is None:
        yield f"{request} passes: no period covers it."
        condition, would_let = "In a downtime of the whole site, ", "would let"
    else:
        verb = "is refused" if visit.is_refused else "would be refused"
        yield f"{request} {verb} because of {label(visit.window, flags)}, {_end('until', visit.until)}."
        condition, would_let = "", "lets"
    if visit.exempt_by is not None:
        by = _EXEMPT_BY.get(visit.exempt_by, visit.exempt_by)
        yield sentence(f"{condition}{by} {would_let} it through.")
    else:
        yield sentence(f"{condition}nothing {would_let} it through by path or view: {visit.view}.")
    yield "Exemptions by who asks (address, bypass link, DOWNTIME_EXEMPT_IF) were not asked."
    if status.state == UNKNOWN:
        yield "This is true of a process that starts now; for a running one it is unknown."

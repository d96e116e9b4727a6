"""The cells of the table of periods, as HTML with every text escaped; None for an empty one."""

from __future__ import annotations

from datetime import datetime, tzinfo
from itertools import islice

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

from downtime.admin_page import shell_commands, times, wording
from downtime.admin_page.rows import ACTIVE, COMING, DISABLED, OVER, Row
from downtime.schedule.periods import Schedule, is_known

COLUMNS = ("name", "state", "when", "covers", "command")
_MOST_OCCURRENCES = 3
_NOTHING = SafeString("")


def anchor(rank: int) -> str:
    """The id of the element in the row of a period, by its place in the file."""
    return f"downtime-period-{rank}"


def render_cells(row: Row, now: datetime, zone: tzinfo) -> dict[str, str | None]:
    """The cells of a row, by the name of the column, as of `now`, with times in `zone`."""
    return {
        "name": _name(row),
        "state": format_html(
            '<span class="downtime-pill downtime-{0}">{1}</span>', row.state, wording.PERIOD_STATES[row.state]
        ),
        "when": _when(row, now, zone) or None,
        "covers": _text(wording.coverage(row.period)),
        # One click selects all of it, and downtime/admin.js adds a button to copy it.
        "command": format_html('<code class="downtime-command">{}</code>', shell_commands.for_period(row.period)),
    }


def _text(text: str) -> SafeString:
    """The text in its own direction, left to right or right to left, whatever the page's direction."""
    return format_html("<bdi>{}</bdi>", text)


def _name(row: Row) -> SafeString:
    """The name or the line, the message below it, and a link to the page that visitors get."""
    period = row.period
    line = gettext("line %(line)s") % {"line": period.line}
    title = format_html('<strong id="{}">{}</strong>', anchor(row.rank), period.name or line)
    if period.message:
        title += format_html('<div class="downtime-message">{}</div>', _text(period.message))
    return title + format_html(
        '<div class="small quiet">{}<a href="preview/?period={}">{}</a></div>',
        f"{line} · " if period.name else "",
        row.rank,
        pgettext("downtime", "Preview"),
    )


def _when(row: Row, now: datetime, zone: tzinfo) -> SafeString:
    """When the period runs and how far away that is, then the same in its own time zone, then how it repeats."""
    cell = _NOTHING
    if span := times.short_span(row.start, row.end, zone, now):
        first = row.start if is_known(row.start) else row.end
        away = _away(row, now)
        cell += format_html('<time datetime="{}"><bdi>{}</bdi></time>', first.astimezone(zone).isoformat(), span)
        cell += format_html(", <bdi>{}</bdi>", away) if away else _NOTHING
        if row.period.zone is not None and str(row.period.zone) != str(zone):
            own = times.short_span(row.start, row.end, row.period.zone, now)
            cell += format_html('<div class="small quiet">{} {}</div>', own, row.period.zone)
    return cell + _repeats(row, now, zone)


def _away(row: Row, now: datetime) -> str:
    """How far away the start of a coming period is, or the end of any other; empty if that is not known."""
    if row.state == COMING:
        return times.from_now(row.start, now)
    if not is_known(row.end) or row.state == DISABLED:
        return ""
    if row.state == ACTIVE:
        return gettext("%(time)s left") % {"time": times.distance(row.end - now)}
    return times.from_now(row.end, now)


def _repeats(row: Row, now: datetime, zone: tzinfo) -> SafeString:
    recurrence = row.period.recurrence
    if recurrence is None:
        return _NOTHING
    cron = format_html("<code>{}</code> {}", recurrence.expression, recurrence.zone)
    if row.state not in (OVER, DISABLED):
        coming = (window for window in Schedule((row.period,)).windows(now) if window.start > row.start)
        items = [(times.short_time(window.start, zone, now),) for window in islice(coming, _MOST_OCCURRENCES)]
        cron += format_html("<br>{}", format_html_join(" · ", "{}", items)) if items else _NOTHING
    return format_html('<div class="small quiet downtime-repeats">{}</div>', cron)

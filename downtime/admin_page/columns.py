"""The cells of the table of periods, as HTML with every text escaped; None for an empty one."""

from __future__ import annotations

from datetime import datetime, tzinfo
from itertools import islice

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from downtime.admin_page import shell_commands, wording
from downtime.admin_page.rows import DISABLED, OVER, Row
from downtime.schedule.periods import Schedule, is_known

COLUMNS = ("name", "state", "start", "end", "length", "repeats", "covers", "message", "command")
_MOST_OCCURRENCES = 3


def render_cells(row: Row, now: datetime, zone: tzinfo) -> dict[str, str | None]:
    """The cells of a row, by the name of the column, as of `now`, with times in `zone`."""
    period = row.period
    return {
        "name": _name(row),
        "state": format_html('<span class="downtime-{0}">{1}</span>', row.state, wording.PERIOD_STATES[row.state]),
        "start": _time(row.start, zone, period.zone),
        "end": _time(row.end, zone, period.zone),
        "length": wording.duration(row.seconds) or None,
        "repeats": _repeats(row, now, zone),
        "covers": _text(wording.coverage(period)),
        "message": _text(period.message) if period.message else None,
        # Can be selected as a whole, and gets a button to copy it from downtime/admin.js.
        "command": format_html('<code class="downtime-command">{}</code>', shell_commands.for_period(period)),
    }


def _text(text: str) -> SafeString:
    """The text in its own direction, left to right or right to left, whatever that of the page is."""
    return format_html("<bdi>{}</bdi>", text)


def _name(row: Row) -> SafeString:
    line = gettext("line %(line)s") % {"line": row.period.line}
    if not row.period.name:
        return format_html("{}", line)
    return format_html('<strong>{}</strong><div class="small quiet">{}</div>', row.period.name, line)


def _time(moment: datetime, zone: tzinfo, period_zone: tzinfo | None) -> SafeString | None:
    if not is_known(moment):
        return None
    time = format_html(
        '<time datetime="{}">{}</time>', moment.astimezone(zone).isoformat(), wording.local_time(moment, zone)
    )
    if period_zone is None or str(period_zone) == str(zone):
        return time
    period_time = wording.local_time(moment, period_zone)
    return time + format_html('<div class="small quiet">{} {}</div>', period_time, period_zone)


def _repeats(row: Row, now: datetime, zone: tzinfo) -> SafeString | None:
    recurrence = row.period.recurrence
    if recurrence is None:
        return None
    cron = format_html('<code>{}</code> <span class="small quiet">{}</span>', recurrence.expression, recurrence.zone)
    if row.state in (OVER, DISABLED):
        return cron
    coming = (window for window in Schedule((row.period,)).windows(now) if window.start > now)
    items = ((wording.local_time(window.start, zone),) for window in islice(coming, _MOST_OCCURRENCES))
    return cron + format_html('<ul class="small">{}</ul>', format_html_join("", "<li>{}</li>", items))

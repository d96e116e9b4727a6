"""What stands in each cell of the table of periods? HTML, with every text escaped; None where there is nothing."""

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
_MOST_NEXT = 3


def cells(row: Row, now: datetime, zone: tzinfo) -> dict[str, str | None]:
    """The cells of a row by column, as of `now`, with its times in `zone`."""
    period = row.period
    return {
        "name": _name(row),
        "state": format_html('<span class="downtime-{0}">{1}</span>', row.state, wording.PERIOD_STATES[row.state]),
        "start": _time(row.start, zone, period.zone),
        "end": _time(row.end, zone, period.zone),
        "length": wording.length(row.seconds) or None,
        "repeats": _repeats(row, now, zone),
        "covers": _text(wording.covers(period)),
        "message": _text(period.message) if period.message else None,
        "command": command(shell_commands.for_period(period)),
    }


def command(line: str) -> SafeString:
    """A command line that can be selected as a whole, and that a script gives a button to copy it."""
    return format_html('<code class="downtime-command">{}</code>', line)


def _text(text: str) -> SafeString:
    """In its own direction, whatever that of the page is."""
    return format_html("<bdi>{}</bdi>", text)


def _name(row: Row) -> SafeString:
    line = gettext("line %(line)s") % {"line": row.period.line}
    if not row.period.name:
        return format_html("{}", line)
    return format_html('<strong>{}</strong><div class="small quiet">{}</div>', row.period.name, line)


def _time(moment: datetime, zone: tzinfo, own: tzinfo | None) -> SafeString | None:
    if not is_known(moment):
        return None
    here = format_html(
        '<time datetime="{}">{}</time>', moment.astimezone(zone).isoformat(), wording.moment(moment, zone)
    )
    if own is None or str(own) == str(zone):
        return here
    return here + format_html('<div class="small quiet">{} {}</div>', wording.moment(moment, own), own)


def _repeats(row: Row, now: datetime, zone: tzinfo) -> SafeString | None:
    recurrence = row.period.recurrence
    if recurrence is None:
        return None
    shown = format_html('<code>{}</code> <span class="small quiet">{}</span>', recurrence.expression, recurrence.zone)
    if row.state in (OVER, DISABLED):
        return shown
    ahead = (window for window in Schedule((row.period,)).windows(now) if window.start > now)
    items = ((wording.moment(window.start, zone),) for window in islice(ahead, _MOST_NEXT))
    return shown + format_html('<ul class="small">{}</ul>', format_html_join("", "<li>{}</li>", items))

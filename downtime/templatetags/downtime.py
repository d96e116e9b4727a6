"""The template tag {% downtime_banner %}, which announces the next period."""

from __future__ import annotations

from datetime import datetime
from datetime import timezone as datetime_timezone
from typing import Any

from django import template
from django.utils import timezone

from downtime import live
from downtime.schedule import converters

register = template.Library()


@register.inclusion_tag("downtime/banner.html")
def downtime_banner(within: str = "24h") -> dict[str, Any]:
    """Announces the next period if it begins within that duration from now; else shows nothing."""
    try:
        ahead = converters.duration(str(within))
    except ValueError as error:
        raise template.TemplateSyntaxError(f"within of downtime_banner is {within!r}; {error}") from error
    period = live.next_period()
    if period is None or period.start is None or period.start - datetime.now(datetime_timezone.utc) > ahead:
        return {}
    return {
        "period": period,
        "start": timezone.localtime(period.start),
        "end": period.end and timezone.localtime(period.end),
    }

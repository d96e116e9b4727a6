"""What templates know of downtimes: `downtime.active` and `downtime.upcoming`, each a list of occurrences."""

from __future__ import annotations

from django.http import HttpRequest

from downtime import live
from downtime.schedule.occurrence import Occurrence


class Downtime:
    """Computes nothing before it is asked, and then from memory."""

    @property
    def active(self) -> list[Occurrence]:
        """What is active now, in order of precedence."""
        return live.active()

    @property
    def upcoming(self) -> list[Occurrence]:
        """The next occurrence of each period that is to come, by start."""
        return live.upcoming()


def downtime(request: HttpRequest) -> dict[str, Downtime]:
    """Adds `downtime` to the context of every template that is rendered with the request."""
    return {"downtime": Downtime()}

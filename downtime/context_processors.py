"""The context processor: `downtime.active` and `downtime.upcoming` for templates, each a list of occurrences."""

from __future__ import annotations

from django.http import HttpRequest

from downtime import live
from downtime.schedule.occurrence import Occurrence


class Downtime:
    """The variable `downtime` of a template; computed from memory, and only if the template uses it."""

    @property
    def active(self) -> list[Occurrence]:
        """The active occurrences, in order of precedence."""
        return live.active()

    @property
    def upcoming(self) -> list[Occurrence]:
        """The next occurrence of each period that is yet to come, ordered by start."""
        return live.upcoming()


def downtime(request: HttpRequest) -> dict[str, Downtime]:
    """Adds `downtime` to the context of every template that is rendered with a request."""
    return {"downtime": Downtime()}

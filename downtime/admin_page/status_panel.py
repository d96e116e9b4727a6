"""What does the admin page show besides the table: the state, the files, their problems, the picture?"""

from __future__ import annotations

from datetime import datetime, timezone
from functools import cached_property
from typing import NamedTuple

from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext

from downtime import live
from downtime.admin_page import shell_commands, wording
from downtime.admin_page.file_status import FileStatus, sources
from downtime.admin_page.timeline import VIEWS, timeline
from downtime.admin_page.timeline_svg import Drawing, drawing
from downtime.schedule.site_status import UP, site_status

_MOST_PROBLEMS = 20


class Advice(NamedTuple):
    """A command line, and what it does."""

    what: str
    command: str


class Panel:
    """What this process knows now, for a viewer in the current time zone."""

    def __init__(self) -> None:
        self.overview = live.overview()
        self.now = datetime.now(timezone.utc)
        self.zone = get_current_timezone()
        self.site_status = site_status(self.overview.answer)

    @property
    def status(self) -> str:
        """The state of the site in one line."""
        return wording.status(self.overview, self.site_status, self.zone)

    @cached_property
    def sources(self) -> list[FileStatus]:
        """The schedule, then each flag."""
        return sources(self.overview, self.now, self.zone)

    @property
    def problems(self) -> list[str]:
        """The first problems of the files, as file:line: message, and how many there are more."""
        found = [problem for source in self.sources for problem in source.problems]
        left = len(found) - _MOST_PROBLEMS
        return found if left <= 0 else [*found[:_MOST_PROBLEMS], gettext("%(count)s more not shown") % {"count": left}]

    @property
    def advice(self) -> list[Advice]:
        """The command lines that change the state of the whole site, or its schedule."""
        if self.site_status.state == UP:
            switch = Advice(gettext("Take the site down"), shell_commands.START)
        else:
            _schedule, _first, *others = self.sources
            raised = [flag.command for flag in others if flag.is_raised]
            switch = Advice(gettext("Bring the site back"), shell_commands.to_end(*raised))
        edit = Advice(gettext("Edit the schedule"), shell_commands.EDIT)
        if self.overview.known_schedule.problems:  # no command but these changes it before they are corrected
            return [Advice(gettext("List every problem of the schedule"), shell_commands.CHECK), edit, switch]
        names = {period.name for period in self.overview.schedule.periods}
        return [switch, Advice(gettext("Plan a period"), shell_commands.to_schedule(names)), edit]

    def drawing(self, key: str) -> Drawing:
        """The picture of the coming days, in one of VIEWS."""
        windows = [*self.overview.answer.active, *self.overview.upcoming]
        view = VIEWS[key]
        return drawing(timeline(windows, view, now=self.now, zone=self.zone), view, self.overview.flags, self.zone)

"""The part of the admin page above the table: the state, command lines, problems, the timeline and the files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from hashlib import sha256
from typing import NamedTuple

from django.utils.functional import cached_property
from django.utils.timezone import get_current_timezone, get_default_timezone
from django.utils.translation import gettext

from downtime import live
from downtime.admin_page import shell_commands, wording
from downtime.admin_page.file_status import FileStatus, file_statuses
from downtime.admin_page.timeline import VIEWS, timeline
from downtime.admin_page.timeline_svg import TimelineSvg, timeline_svg
from downtime.files.fields import first_problems
from downtime.files.schedule_file import load_schedule
from downtime.schedule.periods import Window
from downtime.schedule.site_status import FLAGS, SCHEDULE, SiteStatus, site_status


class Advice(NamedTuple):
    """A command line to copy, and what it does."""

    what: str
    command: str


class Panel:
    """The state of the site as this process knows it now, for a viewer in the current time zone."""

    def __init__(self) -> None:
        self.overview = live.overview()
        self.now = datetime.now(timezone.utc)
        self.zone = get_current_timezone()

    @property
    def _windows(self) -> list[Window]:
        """The active windows, and the next one of each period."""
        return [*self.overview.answer.active, *self.overview.upcoming]

    @cached_property
    def _unseen(self) -> set[str]:
        """The paths of the flags that can't be looked at."""
        return {flag.path for flag in self.files[1:] if flag.trouble}

    @cached_property
    def doubts(self) -> list[str]:
        """The kinds of files that leave it unclear what other processes apply."""
        is_doubtful = self.overview.known_schedule.problems or self.files[0].trouble
        return [*([SCHEDULE] if is_doubtful else []), *([FLAGS] if self._unseen else [])]

    @cached_property
    def site_status(self) -> SiteStatus:
        """The state of the site, for this process and all others."""
        if not self.doubts:
            return site_status(self.overview.answer)
        sound = load_schedule(self.overview.known_schedule.path, get_default_timezone()).parsed.schedule
        raised = [flag.period for flag in self.overview.flags if flag.path not in self._unseen]
        return site_status(sound.at(self.overview.answer.moment, raised), self.doubts)

    @property
    def status(self) -> str:
        """The state of the site in one line."""
        coming = next(iter(self.overview.upcoming), None)
        own = site_status(self.overview.answer)
        return wording.status_line(self.site_status, self.zone, self.overview.flags, coming=coming, of_process=own)

    @property
    def word(self) -> str:
        """The state of the site in one word."""
        return str(wording.STATES[self.site_status.state])

    @property
    def outlook(self) -> str:
        """What comes next: when everything is back, or the next period."""
        coming = next(iter(self.overview.upcoming), None)
        return wording.outlook(self.site_status, self.zone, self.now, coming)

    @property
    def version(self) -> str:
        """A text that changes as soon as the page would look different, whichever process shows it."""
        files = [(file.path, file.changed_at, file.is_raised, file.problems) for file in self.files]
        minute = int(self.now.timestamp() // 60)  # because the page says how far away things are
        looks = repr((self.status, minute, files, self.overview.known_schedule.modified_at))
        return sha256(looks.encode()).hexdigest()[:16]

    @cached_property
    def files(self) -> list[FileStatus]:
        """The state of the schedule, then of each flag."""
        return file_statuses(self.overview, self.now, self.zone)

    @cached_property
    def problems(self) -> list[str]:
        """The first problems of the files, as file:line: message, and how many more there are."""
        first, more = first_problems([problem for file in self.files for problem in file.problems])
        return [*first, gettext("%(count)s more not shown") % {"count": more}] if more else [*first]

    @property
    def advice(self) -> list[Advice]:
        """The command lines that change the state of the whole site, or its schedule."""
        edit = Advice(gettext("Edit the schedule"), shell_commands.EDIT)
        if self.overview.known_schedule.problems:  # until they are corrected, only these commands change it
            return [Advice(gettext("List every problem of the schedule"), shell_commands.CHECK), edit, *self._switch()]
        names = {period.name for period in self.overview.schedule.periods}
        return [*self._switch(), Advice(gettext("Plan a period"), shell_commands.to_schedule(names)), edit]

    def _switch(self) -> list[Advice]:
        """The command line that takes the site down or brings it back; none if it is up and no flag is set up."""
        flags = self.files[1:]
        if not self.overview.answer.active:
            return [Advice(gettext("Take the site down"), shell_commands.START)] if flags else []
        lowering = [flag.command for flag in flags[1:] if flag.is_raised]  # downtime_end lowers the first one itself
        return [Advice(gettext("Bring the site back"), shell_commands.to_end(*lowering))]

    def timeline_svg(self, key: str, row_of: Callable[[int], str]) -> TimelineSvg:
        """The picture of the coming days, in the view of VIEWS with that key; `row_of` as in timeline_svg."""
        view = VIEWS[key]
        coming_days = timeline(self._windows, view, now=self.now, zone=self.zone)
        return timeline_svg(coming_days, view, self.overview.flags, self.zone, row_of)

"""What applies in a process, until when, and what it was made from: values that are replaced as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import is_

from downtime.files.flag_file import Flag
from downtime.reload.schedule_tracker import ReadState
from downtime.schedule.periods import ALWAYS, Answer, Schedule, Window

_PAST = float("-inf")
_NO_PERIODS = Schedule()
_NOTHING_KNOWN = ReadState("")
_NOTHING_YET = Answer(ALWAYS, ALWAYS)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last looks found in the files, and what this process knows of each file."""

    schedule: Schedule = _NO_PERIODS
    flags: tuple[Flag, ...] = ()
    known_schedule: ReadState = _NOTHING_KNOWN
    known_flags: tuple[ReadState, ...] = ()

    def means_as(self, other: Seen) -> bool:
        """Whether schedule and flags are the very objects of the other, whatever else is known of the files."""
        return (
            self.schedule is other.schedule
            and len(self.flags) == len(other.flags)
            and all(map(is_, self.flags, other.flags))
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What applies, how long that holds, and how long every request passes; monotonic seconds."""

    answer: Answer = _NOTHING_YET
    fresh_until: float = _PAST
    up_until: float = _PAST
    seen: Seen = field(default_factory=Seen)
    is_whole: bool = False
    """Whether the answer takes everything into account that was seen."""

    @classmethod
    def until(cls, until: float, answer: Answer, seen: Seen, *, is_whole: bool) -> Snapshot:
        """The snapshot that holds until that moment, monotonic seconds."""
        return cls(answer, until, _PAST if answer.active else until, seen, is_whole)

    def answer_for(self, seen: Seen, now: datetime) -> tuple[Answer, Exception | None]:
        """What applies at `now`: this answer while it holds, or a new one, and the error that kept it from being whole.

        Whatever the schedule raises, flags have to count, and so does what the schedule last said."""
        if self.is_whole and seen.means_as(self.seen) and self.answer.moment <= now < self.answer.until:
            return self.answer, None
        raised = [flag.period for flag in seen.flags]
        try:
            return seen.schedule.at(now, raised), None
        except Exception as error:
            windows = [window for window in self.answer.active if not window.is_flag]
            periods = (replace(w.period, start=w.start, end=w.end, recurrence=None) for w in windows)
            return Schedule(tuple(periods)).at(now, raised), error


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that a process decides by, as of one look, and what it knows of the files."""

    answer: Answer
    upcoming: list[Window]
    schedule: Schedule
    flags: tuple[Flag, ...]
    known_schedule: ReadState
    known_flags: tuple[ReadState, ...]

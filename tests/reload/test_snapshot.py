from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from downtime.files.disk import Fingerprint
from downtime.files.flag_file import Flag
from downtime.reload.schedule_tracker import ReadState
from downtime.reload.snapshot import Seen, Snapshot
from downtime.schedule.periods import Period, Schedule

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
DISKS = Period(NOW - HOUR, NOW + HOUR, name="disks")
FLAG = Flag("downtime.flag", Fingerprint(1, 1, 1, 1, 1), Period(NOW, message="Back at four."))
SEEN = Seen(Schedule((DISKS,)), (FLAG,))


class Broken(Schedule):
    """Raises whenever it is asked."""

    def at(self, *args: object) -> object:
        raise OverflowError("date value out of range")


def snapshot(seen: Seen, now: datetime = NOW) -> Snapshot:
    answer, error = Snapshot().answer_for(seen, now)
    return Snapshot.until(10.0, answer, seen, is_whole=error is None)


@pytest.mark.parametrize(
    ("seen", "is_the_same"),
    [
        (replace(SEEN, known_schedule=ReadState("downtime.yml", 1.0)), True),
        (replace(SEEN, schedule=Schedule((DISKS,))), False),
        (replace(SEEN, flags=()), False),
        (replace(SEEN, flags=(replace(FLAG),)), False),
    ],
    ids=["read again", "another schedule", "no flag", "another flag"],
)
def test_an_answer_stays_while_what_it_was_made_of_stays(seen: Seen, is_the_same: bool) -> None:
    last = snapshot(SEEN)
    answer, error = last.answer_for(seen, NOW)
    assert error is None
    assert (answer is last.answer) is is_the_same


@pytest.mark.parametrize(
    ("passed", "is_the_same"),
    [(timedelta(minutes=59), True), (HOUR, False), (timedelta(seconds=-1), False)],
    ids=["before its end", "at its end", "after a jump of the clock"],
)
def test_an_answer_stays_until_its_end(passed: timedelta, is_the_same: bool) -> None:
    last = snapshot(SEEN)
    assert (last.answer_for(SEEN, NOW + passed)[0] is last.answer) is is_the_same


def test_a_flag_and_what_the_schedule_said_last_count_if_it_can_not_be_asked() -> None:
    last = snapshot(replace(SEEN, flags=()))
    answer, error = last.answer_for(Seen(Broken(), (FLAG,)), NOW)
    assert isinstance(error, OverflowError)
    assert [window.period.message or window.period.name for window in answer.active] == ["Back at four.", "disks"]
    assert last.answer_for(Seen(Broken()), NOW + HOUR)[0].active == ()


def test_every_request_passes_only_while_nothing_is_active() -> None:
    assert snapshot(Seen()).up_until == 10.0
    assert snapshot(SEEN).up_until == float("-inf")

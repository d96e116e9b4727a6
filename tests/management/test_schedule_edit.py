"""Editing the schedule for a command, looking at what an edit would change, and periods that overlap."""

import gc
import os
import re
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timezone
from io import StringIO
from pathlib import Path
from types import CodeType, FrameType

import pytest
import yaml

from downtime.edits.add import add
from downtime.edits.cancel import cancel
from downtime.edits.end import end_active
from downtime.edits.schedule_text import ScheduleText
from downtime.files import parser
from downtime.files.disk import fingerprint
from downtime.files.schedule_file import Edit
from downtime.management.base import DowntimeCommand
from downtime.management.output import CommandError
from downtime.management.schedule_edit import edit_schedule, preview_schedule, warn_of_overlaps
from downtime.schedule.periods import Period, Schedule
from tests.files.test_lock import held
from tests.support.commands import Terminal

OLD = "# top\nperiods:\n  # of one\n  - name: one\n    start: 2020-01-01  # long ago\n\n# end\n"
EDITS: dict[str, Callable[[ScheduleText], Edit]] = {
    "add": lambda source: add(source, {"name": "new", "start": "2027-05-01 02:00", "duration": "2h"}),
    "cancel": lambda source: cancel(source, "one"),
    "end": lambda source: end_active(source, datetime.now(timezone.utc)),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_parses_the_schedule_once_to_edit_it_and_once_to_prove_it(
    schedule: Path, edit: Callable[[ScheduleText], Edit]
) -> None:
    schedule.write_text(OLD)
    calls: Counter[CodeType] = Counter()

    def count(frame: FrameType, event: str, argument: object) -> None:
        calls[frame.f_code] += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        edited = edit_schedule(DowntimeCommand(), edit)
    finally:
        sys.setprofile(before)
    assert schedule.read_text() == edited.text
    assert (calls[yaml.compose.__code__], calls[parser.parse_with_nodes.__code__]) == (2, 2)


@pytest.mark.parametrize("is_enabled", [True, False])
def test_an_edit_leaves_the_garbage_collector_as_it_was(schedule: Path, is_enabled: bool) -> None:
    schedule.write_text(OLD)
    (gc.enable if is_enabled else gc.disable)()
    try:
        edit_schedule(DowntimeCommand(), EDITS["cancel"])
        assert gc.isenabled() is is_enabled
    finally:
        gc.enable()


def outcome(action: Callable[[], object]) -> str:
    """What the action ends a command with."""
    try:
        action()
    except CommandError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_preview_returns_the_edit_shows_its_lines_and_touches_nothing(
    schedule: Path, edit: Callable[[ScheduleText], Edit]
) -> None:
    schedule.write_text(OLD)
    before = fingerprint(str(schedule))
    output = StringIO()
    previewed = preview_schedule(DowntimeCommand(stdout=output), edit)
    assert os.listdir(schedule.parent) == [schedule.name]
    assert fingerprint(str(schedule)) == before
    first, *lines = output.getvalue().splitlines()
    assert first == f"Would change {schedule}:"
    old, new = Counter(OLD.splitlines()), Counter(previewed.text.splitlines())
    assert Counter(line[3:] for line in lines if line.startswith("  -")) == old - new
    assert Counter(line[3:] for line in lines if line.startswith("  +")) == new - old
    edit_schedule(DowntimeCommand(), edit)
    moment = re.compile("end: .*")  # the second may be another one
    assert moment.sub("", schedule.read_text()) == moment.sub("", previewed.text)


FAILING: dict[str, Callable[[Path], object]] = {
    "problems": lambda path: path.write_text("periods: [{start: soon}]"),
    "no UTF-8": lambda path: path.write_bytes(b"caf\xe9"),
    "a folder": lambda path: path.mkdir(),
    "a missing file": lambda path: None,
    "a link to a missing folder": lambda path: path.symlink_to("none/downtime.yml"),
    "no such period": lambda path: path.write_text("periods: []"),
}


@pytest.mark.parametrize("make", FAILING.values(), ids=FAILING)
def test_a_preview_fails_as_the_edit_does(schedule: Path, make: Callable[[Path], object]) -> None:
    make(schedule)
    previewed = outcome(lambda: preview_schedule(DowntimeCommand(stdout=StringIO()), EDITS["cancel"]))
    assert previewed
    assert previewed == outcome(lambda: edit_schedule(DowntimeCommand(stdout=StringIO()), EDITS["cancel"]))


def test_a_preview_waits_for_nobody(schedule: Path) -> None:
    schedule.write_text(OLD)
    with held(schedule) as process:
        preview_schedule(DowntimeCommand(stdout=StringIO()), EDITS["cancel"])
        process.kill()


@pytest.mark.parametrize("kind", [StringIO, Terminal], ids=["a file", "a terminal"])
def test_who_waits_for_the_lock_is_told_who_holds_it(schedule: Path, kind: type[StringIO]) -> None:
    """The holder lets go as soon as the waiting was told."""
    schedule.write_text(OLD)
    output = kind()
    with held(schedule) as process:
        assert process.stdin is not None
        stdin = process.stdin

        class Command(DowntimeCommand):
            def write(self, text: str, *, ending: str = "\n") -> None:
                super().write(text, ending=ending)
                if not stdin.closed:
                    stdin.close()

        edit_schedule(Command(stdout=output), EDITS["cancel"])
        assert output.getvalue().lstrip("\r").startswith(f"Waiting for process {process.pid} (")
    assert output.getvalue().endswith(
        "\r" if output.isatty() else f"which holds {schedule.with_name('.downtime.yml.lock')}.\n"
    )
    assert "one" not in schedule.read_text()


def test_of_many_periods_that_overlap_the_first_are_told() -> None:
    now = datetime.now(timezone.utc)
    others = Schedule(tuple(Period(now, name=f"p{number}") for number in range(8)))
    errors = StringIO()
    warn_of_overlaps(DowntimeCommand(stderr=errors), Period(now), others, "overlaps with it")
    first, *_, last = errors.getvalue().splitlines()
    assert first.startswith("p0 (since ")
    assert first.endswith(", without a known end) overlaps with it.")
    assert len(errors.getvalue().splitlines()) == 6
    assert last == "So do 3 more periods."

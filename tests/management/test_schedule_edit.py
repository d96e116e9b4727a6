"""Editing the schedule for a command, looking at what an edit would change, and periods that overlap."""

import os
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from io import StringIO
from pathlib import Path
from types import CodeType, FrameType

import pytest
import pytest_django

from downtime.edits.add import add
from downtime.edits.cancel import cancel
from downtime.edits.end import end_active
from downtime.edits.schedule_text import ScheduleText
from downtime.files import parser, yaml_nodes
from downtime.files.disk import fingerprint
from downtime.files.schedule_file import Edit
from downtime.management.base import DowntimeCommand
from downtime.management.output import CommandError
from downtime.management.schedule_edit import edit_schedule, preview_schedule, warn_of_overlaps
from downtime.schedule.periods import Period, Schedule
from tests.files.test_lock import held
from tests.support.commands import Terminal
from tests.support.users import being_nobody

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
    called = parser.parse_with_nodes, parser.parse, yaml_nodes.compose
    assert [calls[function.__code__] for function in called] == [1, 1, 2]


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


MANY = "".join(f"- start: 2020-01-{day % 28 + 1:02}\n  duration: 1h\n" for day in range(200))
ONE = "- name: one\n  start: 2020-01-01\n  duration: 1000h\n"
LONG = f"periods:\n{MANY}{ONE}{MANY}"


def shown(schedule: Path, edit: Callable[[ScheduleText], Edit]) -> tuple[list[str], str]:
    """What a preview of the edit tells below its first line, and the text that the edit would leave."""
    output = StringIO()
    edited = preview_schedule(DowntimeCommand(stdout=output), edit)
    return [line[2:] for line in output.getvalue().splitlines()[1:]], edited.text


def test_of_a_long_schedule_no_more_is_shown_than_changes(schedule: Path) -> None:
    schedule.write_text(LONG)
    assert shown(schedule, EDITS["cancel"])[0] == [
        "@@ -401,5 +401,2 @@",
        "   duration: 1h",
        "-- name: one",
        "-  start: 2020-01-01",
        "-  duration: 1000h",
        " - start: 2020-01-01",
    ]
    lines, _ = shown(schedule, EDITS["add"])
    assert lines[:3] == ["@@ -804 +804,4 @@", "   duration: 1h", "+- name: new"]
    assert len(lines) == 5


ACTIVE = "- {start: 2020-01-01}\n"
PLACED: dict[str, tuple[str, str]] = {
    "only": (f"periods:\n{ONE}", "cancel"),
    "first": (f"periods:\n{ONE}{MANY}", "cancel"),
    "last": (f"periods:\n{MANY}{ONE}", "cancel"),
    "among others that are the same": (f"periods:\n{ACTIVE * 3}", "end"),
    "in two places": (f"# top\n\nperiods:\n{ACTIVE}{MANY[:350]}{ACTIVE}# end\n", "end"),
    "in two places of a long one": (f"# top\n\nperiods:\n{ACTIVE}{MANY}{ACTIVE}# end\n", "end"),
    "in an empty file": ("", "add"),
}


@pytest.mark.parametrize(("text", "edit"), PLACED.values(), ids=PLACED)
def test_the_lines_that_are_shown_are_those_of_the_numbers_above_them(schedule: Path, text: str, edit: str) -> None:
    schedule.write_text(text)
    lines, new = shown(schedule, EDITS[edit])
    headings = [number for number, line in enumerate(lines) if line.startswith("@@")]
    assert headings[0] == 0
    for place, end in zip(headings, [*headings[1:], len(lines)], strict=True):
        ranges = re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", lines[place])
        assert ranges is not None
        first, count, new_first, new_count = (int(number or 1) for number in ranges.groups())
        for sign, whole, start, length in (("-", text, first, count), ("+", new, new_first, new_count)):
            its = [line[1:] for line in lines[place + 1 : end] if line[0] in (sign, " ")]
            begin = max(start - 1, 0)
            assert its == whole.splitlines()[begin : begin + length]


@pytest.mark.usefixtures("as_root")
def test_a_preview_is_refused_if_the_schedule_belongs_to_another(
    public_folder: Path, settings: pytest_django.Settings
) -> None:
    settings.DOWNTIME_SCHEDULE_FILE = schedule = public_folder / "downtime.yml"
    schedule.write_text(OLD)
    schedule.chmod(0o644)
    public_folder.chmod(0o777)
    with being_nobody():
        refused = outcome(lambda: preview_schedule(DowntimeCommand(stdout=StringIO()), EDITS["cancel"]))
        assert refused == outcome(lambda: edit_schedule(DowntimeCommand(stdout=StringIO()), EDITS["cancel"]))
        assert "run the command as the file's owner" in refused
        preview_schedule(DowntimeCommand(stdout=StringIO()), lambda source: Unchanged(source.text))


@dataclass(frozen=True, slots=True)
class Unchanged:
    """An edit that finds nothing to change."""

    text: str


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

"""Editing the schedule for a command."""

import gc
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
from downtime.files.schedule_file import Edit
from downtime.management.base import DowntimeCommand
from downtime.management.schedule_edit import edit_schedule
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

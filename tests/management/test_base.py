import gc
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from types import CodeType, FrameType

import pytest
import pytest_django
import yaml

from downtime.edits.add import add
from downtime.edits.cancel import cancel
from downtime.edits.end import end_active
from downtime.edits.splices import ScheduleText
from downtime.files import parser
from downtime.files.schedule_file import Edit
from downtime.management.base import DowntimeCommand, edit_schedule

EDITS: dict[str, Callable[[ScheduleText], Edit]] = {
    "add": lambda source: add(source, {"name": "new", "start": "2027-05-01 02:00", "duration": "2h"}),
    "cancel": lambda source: cancel(source, "one"),
    "end": lambda source: end_active(source, datetime.now(timezone.utc)),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_parses_the_schedule_once_to_edit_it_and_once_to_prove_it(
    schedule: Path, edit: Callable[[ScheduleText], Edit]
) -> None:
    schedule.write_text("periods:\n  - name: one\n    start: 2020-01-01\n")
    calls: Counter[CodeType] = Counter()

    def count(frame: FrameType, event: str, argument: object) -> None:
        calls[frame.f_code] += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        edited = edit_schedule(edit)
    finally:
        sys.setprofile(before)
    assert schedule.read_text() == edited.text
    assert (calls[yaml.compose.__code__], calls[parser.parse_with_nodes.__code__]) == (2, 2)


@pytest.mark.parametrize("is_enabled", [True, False])
def test_an_edit_leaves_the_garbage_collector_as_it_was(schedule: Path, is_enabled: bool) -> None:
    schedule.write_text("periods:\n  - name: one\n    start: 2020-01-01\n")
    (gc.enable if is_enabled else gc.disable)()
    try:
        edit_schedule(EDITS["cancel"])
        assert gc.isenabled() is is_enabled
    finally:
        gc.enable()


def test_a_state_never_looks_at_the_files_again(
    settings: pytest_django.Settings, tmp_path: Path, file_accesses: list[str]
) -> None:
    settings.DOWNTIME_FLAG_FILE = [str(tmp_path / ("x" * 300))]
    state = DowntimeCommand().state()
    file_accesses.clear()
    assert ["can't be looked at: File name too long" in problem for problem in state.problems()] == [True]
    assert state.why_down().startswith("The site may still be down:\n")
    assert file_accesses == []

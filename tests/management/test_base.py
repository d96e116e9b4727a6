import gc
import os
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
from tests.support.commands import refusal, run
from tests.support.texts import BERLIN

OLD = "# top\nperiods:\n  # of one\n  - name: one\n    start: 2020-01-01  # long ago\n\n# end\n"
NEW = ("downtime_schedule", "new", "--start", "2099-01-01", "--for", "2h")
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
        edited = edit_schedule(edit)
    finally:
        sys.setprofile(before)
    assert schedule.read_text() == edited.text
    assert (calls[yaml.compose.__code__], calls[parser.parse_with_nodes.__code__]) == (2, 2)


@pytest.mark.parametrize("is_enabled", [True, False])
def test_an_edit_leaves_the_garbage_collector_as_it_was(schedule: Path, is_enabled: bool) -> None:
    schedule.write_text(OLD)
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


@pytest.mark.parametrize("kind", ["one", "chained", "dangling"])
def test_a_link_stays_and_its_target_is_edited(schedule: Path, tmp_path: Path, kind: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    target = elsewhere / "target.yml"
    match kind:
        case "one":
            target.write_text(OLD)
            schedule.symlink_to(target)
        case "chained":
            target.write_text(OLD)
            (elsewhere / "between").symlink_to("target.yml")
            schedule.symlink_to("elsewhere/between")
        case "dangling":
            schedule.symlink_to("elsewhere/target.yml")
    links = [path for path in (schedule, elsewhere / "between") if path.is_symlink()]
    before = [os.readlink(link) for link in links]
    run(*NEW)
    assert [os.readlink(link) for link in links] == before
    assert not target.is_symlink()
    assert "new" in [period.name for period in parser.parse(target.read_text(), BERLIN).schedule.periods]
    run("downtime_cancel", "new")
    assert target.read_text() == (OLD if kind != "dangling" else "")


def test_a_link_to_a_missing_folder_is_an_error_that_says_what_to_make(schedule: Path) -> None:
    schedule.symlink_to("none/downtime.yml")
    target = schedule.parent / "none" / "downtime.yml"
    assert refusal(*NEW) == f"{target} can't be written: No such file or directory; make its folder first"
    assert schedule.is_symlink()

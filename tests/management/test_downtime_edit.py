"""downtime_edit, with editors that are real programs, and on a real terminal."""

import os
import re
import stat
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from unittest.mock import ANY

import pytest

from tests.support.commands import refusal, run
from tests.support.editing import OLD, SOUND, UNSOUND, Terminal, copies, writes
from tests.support.schedules import FIRST_LINE


def test_what_is_sound_is_taken_over_and_what_applies_is_told(
    schedule: Path, editor: Callable[..., Path], temporary: Path
) -> None:
    schedule.write_text(OLD)
    schedule.chmod(0o640)
    editor(writes(SOUND))
    *lines, row = run("downtime_edit").splitlines()
    assert lines == [f"Saved {schedule}.", "By this schedule alone, the site is up.", "", ANY]
    assert row.endswith("  2099-01-01 00:00 CET, no known end  new     everything")
    assert schedule.read_text() == SOUND
    assert stat.S_IMODE(schedule.stat().st_mode) == 0o640
    assert os.listdir(temporary) == []


def test_a_missing_schedule_begins_with_a_comment_and_is_made(schedule: Path, editor: Callable[..., Path]) -> None:
    editor("true")
    assert run("downtime_edit") == f"{schedule} was not changed.\n"
    assert not schedule.exists()
    editor("echo 'periods: [{start: 2099-01-01}]' >> \"$1\"")
    run("downtime_edit")
    assert re.fullmatch(rf"{re.escape(FIRST_LINE)}\n# .*\nperiods: .*\n", schedule.read_text())


def test_a_file_with_problems_can_be_mended(schedule: Path, editor: Callable[..., Path]) -> None:
    schedule.write_text(UNSOUND)
    editor('sed -i s/soon/2099-01-01/ "$1"')
    run("downtime_edit")
    assert schedule.read_text() == SOUND


def test_without_a_terminal_what_is_unsound_is_refused_and_kept(
    schedule: Path, editor: Callable[..., Path], temporary: Path
) -> None:
    schedule.write_text(OLD)
    editor(writes(UNSOUND))
    told = refusal("downtime_edit")
    [copy] = copies(temporary)
    first, problem, last = told.splitlines()
    assert first == "The text has problems:"
    assert problem.startswith(f"{copy}:3: start is 'soon'; it must be an ISO 8601 date")
    assert last == f"{schedule} was left alone; what you wrote is kept in {copy}"
    assert copy.read_text() == UNSOUND
    assert schedule.read_text() == OLD.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("meanwhile", "left"),
    [
        ("echo '# theirs' >> '{}'", OLD + "# theirs\n"),
        ("rm '{}'", None),
        ("printf 'periods:' > '{}.x'; mv '{}.x' '{}'", "periods:"),
    ],
    ids=["changed", "removed", "replaced"],
)
def test_a_file_that_somebody_else_changed_meanwhile_is_left_to_them(
    schedule: Path, editor: Callable[..., Path], temporary: Path, meanwhile: str, left: str | None
) -> None:
    schedule.write_bytes(OLD.encode())
    editor(meanwhile.replace("{}", str(schedule)), writes(SOUND))
    told = refusal("downtime_edit")
    [copy] = copies(temporary)
    assert told == (
        f"{schedule} was changed by somebody else meanwhile, and is left as they made it; "
        f"what you wrote is kept in {copy}"
    )
    assert copy.read_text() == SOUND
    assert (schedule.read_bytes().decode() if schedule.exists() else None) == left


def test_a_file_that_somebody_else_made_meanwhile_is_left_to_them(schedule: Path, editor: Callable[..., Path]) -> None:
    editor(f"printf 'periods:' > '{schedule}'", writes(SOUND))
    assert "was changed by somebody else meanwhile" in refusal("downtime_edit")
    assert schedule.read_text() == "periods:"


def test_a_schedule_that_cannot_be_read_is_not_edited(schedule: Path, editor: Callable[..., Path]) -> None:
    schedule.mkdir()
    editor("false")
    assert refusal("downtime_edit") == f"{schedule} can't be read: Is a directory"


def test_what_cannot_be_written_is_kept(schedule: Path, editor: Callable[..., Path], temporary: Path) -> None:
    schedule.symlink_to("none/downtime.yml")
    editor(writes(SOUND))
    told = refusal("downtime_edit")
    target = schedule.parent / "none" / "downtime.yml"
    assert told == (
        f"{target} can't be written: No such file or directory; make its folder first; "
        f"what you wrote is kept in {copies(temporary)[0]}"
    )


# On a terminal


def test_the_text_is_edited_until_it_is_sound(
    schedule: Path, editor: Callable[..., Path], types: Callable[[str], int]
) -> None:
    editor(f'if grep -q soon "$1"; then {writes(SOUND)}; else {writes(UNSOUND)}; fi')
    types("no\nE\n")
    assert re.search(r"(Edit again, or give up\? \[e/g\] ){2}Saved ", run("downtime_edit"))
    assert schedule.read_text() == SOUND


@pytest.mark.parametrize("typed", ["g\n", "Give up\n", "\x04"])
def test_giving_up_leaves_the_schedule_alone(
    schedule: Path, editor: Callable[..., Path], temporary: Path, types: Callable[[str], int], typed: str
) -> None:
    editor(writes(UNSOUND))
    types(typed)
    assert refusal("downtime_edit") == (
        f"gave up; {schedule} was left alone; what you wrote is kept in {copies(temporary)[0]}"
    )
    assert not schedule.exists()


class Interrupted(StringIO):
    """A terminal on which Ctrl-C is typed."""

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1) -> str:
        raise KeyboardInterrupt


def test_an_interrupt_at_the_question_is_giving_up(
    schedule: Path, editor: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Interrupted())
    editor(writes(UNSOUND))
    assert refusal("downtime_edit").startswith("gave up; ")


def test_on_a_terminal_the_problems_are_shown_and_the_text_can_be_edited_again(
    schedule: Path, editor: Callable[..., Path], tmp_path: Path, terminal: Callable[[], Terminal]
) -> None:
    schedule.write_text(OLD)
    editor(
        f"if [ -e '{tmp_path}/again' ]; then sed -i s/soon/2099-01-01/ \"$1\"; else {writes(UNSOUND)}; fi",
        f"touch '{tmp_path}/again'",
    )
    shown = terminal()
    shown.says("/downtime.yml:3: start is 'soon'; it must be")
    shown.says("Edit again, or give up? [e/g] ")
    shown.type("what?\n")
    shown.says("Edit again, or give up? [e/g] ")
    assert schedule.read_bytes() == OLD.encode()
    shown.type("e\n")
    shown.says(f"Saved {schedule}.")
    assert shown.ends() == 0
    assert schedule.read_text() == SOUND


@pytest.mark.parametrize("typed", ["g\n", "\x04", "\x03"], ids=["g", "end of input", "Ctrl-C"])
def test_on_a_terminal_one_can_give_up_and_what_was_written_is_kept(
    schedule: Path, editor: Callable[..., Path], temporary: Path, terminal: Callable[[], Terminal], typed: str
) -> None:
    schedule.write_text(OLD)
    editor(writes(UNSOUND))
    shown = terminal()
    shown.says("[e/g] ")
    shown.waits()
    shown.type(typed)
    shown.says(f"gave up; {schedule} was left alone; what you wrote is kept in ")
    assert shown.ends() == 1
    assert schedule.read_bytes() == OLD.encode()
    assert [copy.read_text() for copy in copies(temporary)] == [UNSOUND]

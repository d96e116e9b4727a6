"""The copy of the schedule and its editor, with editors that are real programs, and on a real terminal."""

import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import FrameType

import pytest
from django.core.management import CommandError

from tests.support.commands import refusal, run
from tests.support.editing import OLD, SOUND, UNSOUND, Terminal, copies, writes


def test_the_editor_gets_a_copy_of_every_byte_that_nobody_else_can_read(
    schedule: Path, editor: Callable[..., Path], tmp_path: Path
) -> None:
    schedule.write_bytes(b"\xef\xbb\xbf" + OLD.encode() + b"# caf\xe9")
    editor(f'cp "$1" \'{tmp_path}/seen\'; stat -c \'%n %a\' "$1" "$(dirname "$1")" > \'{tmp_path}/modes\'')
    assert run("downtime_edit") == f"{schedule} was not changed.\n"
    assert (tmp_path / "seen").read_bytes() == schedule.read_bytes()
    copy, folder = (tmp_path / "modes").read_text().splitlines()
    assert re.search(r"/downtime\.yml \d+$", copy)
    assert folder.endswith(" 700")


def test_the_editor_of_the_screen_comes_first(schedule: Path, editor: Callable[..., Path]) -> None:
    editor("exit 3")
    editor(writes(SOUND), variable="VISUAL")
    run("downtime_edit")
    assert schedule.read_text() == SOUND


def test_without_a_name_the_editor_is_vi(
    schedule: Path, editor: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(writes(SOUND)).rename(tmp_path / "vi")
    monkeypatch.delenv("EDITOR")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    run("downtime_edit")
    assert schedule.read_text() == SOUND


def test_what_the_editor_leaves_beside_the_copy_goes_with_it(
    schedule: Path, editor: Callable[..., Path], temporary: Path
) -> None:
    editor('touch "$1~"', f"printf '{SOUND}' > \"$1.new\"".replace("\n", "\\n"), 'mv "$1.new" "$1"')
    run("downtime_edit")
    assert schedule.read_text() == SOUND
    assert os.listdir(temporary) == []


FAILING = {
    "ends with an error": ("exit 3", "the editor {!r} ended with 3, so nothing was saved"),
    "removes the copy": ('rm "$1"', "No such file or directory: '{1}'; what the editor left is in"),
    "makes a folder of it": ('rm "$1"; mkdir "$1"', "Is a directory: '{1}'; what the editor left is in"),
}


@pytest.mark.parametrize(("line", "reason"), FAILING.values(), ids=FAILING)
def test_an_editor_that_fails_changes_nothing(
    schedule: Path, editor: Callable[..., Path], temporary: Path, line: str, reason: str
) -> None:
    schedule.write_bytes(OLD.encode())
    program = editor(line)
    told = refusal("downtime_edit")
    copy = next((folder / "downtime.yml" for folder in temporary.iterdir()), None)
    assert reason.format(f"'{program}'", copy) in told
    assert schedule.read_bytes() == OLD.encode()


def test_what_an_editor_wrote_before_it_failed_is_kept(
    schedule: Path, editor: Callable[..., Path], temporary: Path
) -> None:
    editor(writes(SOUND), "exit 1")
    assert refusal("downtime_edit").endswith(f"; what you wrote is kept in {copies(temporary)[0]}")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("no-such-editor", "No such file or directory"), ("vi '", "No closing quotation"), ("/", "Permission denied")],
)
def test_an_editor_that_cannot_be_run_is_an_error_that_says_what_to_set(
    schedule: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.setenv("VISUAL", name)
    assert refusal("downtime_edit") == f"the editor {name!r} can't be run: {reason}; name another one in VISUAL"
    assert not schedule.exists()
    assert os.listdir(temporary) == []


def test_an_interrupt_in_the_editor_is_the_editor_s_alone(
    schedule: Path, editor: Callable[..., Path], terminal: Callable[[], Terminal]
) -> None:
    """In an editor, Ctrl-C is a key like any other."""
    editor("trap 'echo interrupted; trap - INT' INT", "echo ready", "while ! read line; do true; done", writes(SOUND))
    shown = terminal()
    shown.says("ready")
    shown.type("\x03")
    shown.says("interrupted")
    shown.type("go on\n")
    shown.says(f"Saved {schedule}.")
    assert shown.ends() == 0


# Ctrl-C, while there is a copy

# An interrupt between the opening of a file and its `with` leaves the closing to the reference count.
UNCLOSED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
MODULES = ("downtime.management.editor", "downtime.management.commands.downtime_edit")


@pytest.fixture
def handlers() -> Iterator[None]:
    """Nothing comes of a Ctrl-C after the command, and an alarm is a Ctrl-C."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM)}
    signal.signal(signal.SIGINT, lambda *args: None)
    signal.signal(signal.SIGALRM, lambda *args: signal.raise_signal(signal.SIGINT))
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def interrupted(nth: int, temporary: Path, *, again_and_again: bool) -> str:
    """What the command says if Ctrl-C comes at its nth call or return from the making of the copy on.

    Nothing, if there are not so many."""
    events = 0

    def notice(frame: FrameType, event: str, argument: object) -> None:
        nonlocal events
        if frame.f_globals["__name__"] in MODULES and (events or os.listdir(temporary)):
            events += 1
            if events == nth:
                signal.setitimer(signal.ITIMER_REAL, *((1e-4, 1e-4) if again_and_again else (0, 0)))
                signal.raise_signal(signal.SIGINT)

    sys.setprofile(notice)
    try:
        said = run("downtime_edit")
    except CommandError as error:
        said = str(error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.setprofile(None)
    return said if events >= nth else ""


@pytest.mark.usefixtures("handlers")
@UNCLOSED
@pytest.mark.parametrize("again_and_again", [False, True], ids=["once", "again and again"])
def test_an_interrupt_at_any_moment_is_giving_up_and_what_was_written_is_kept(
    schedule: Path,
    editor: Callable[..., Path],
    temporary: Path,
    types: Callable[[str], int],
    tmp_path: Path,
    again_and_again: bool,
) -> None:
    schedule.write_text(OLD)
    has_run = tmp_path / "has run"
    editor(writes(UNSOUND), f"touch '{has_run}'")
    for nth in count(1):
        types("g\n")
        said = interrupted(nth, temporary, again_and_again=again_and_again)
        if not said:
            break
        kept = copies(temporary)
        assert said == f"gave up; {schedule} was left alone" + "".join(
            f"; what you wrote is kept in {copy}" for copy in kept
        )
        assert [copy.read_text() for copy in kept] == [UNSOUND] * has_run.exists()
        assert len(os.listdir(temporary)) == len(kept)
        for path in (*temporary.iterdir(), has_run):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    assert nth > 40
    assert schedule.read_bytes() == OLD.encode()


@pytest.mark.usefixtures("handlers")
@UNCLOSED
@pytest.mark.parametrize("again_and_again", [False, True], ids=["once", "again and again"])
def test_an_interrupt_either_gives_up_or_comes_too_late_and_the_command_says_which(
    schedule: Path, editor: Callable[..., Path], temporary: Path, again_and_again: bool
) -> None:
    editor(writes(SOUND))
    has_saved = []
    for nth in count(1):
        schedule.write_bytes(OLD.encode())
        said = interrupted(nth, temporary, again_and_again=again_and_again)
        if not said:
            break
        has_saved.append(said.startswith(f"Saved {schedule}.\n"))
        assert has_saved[-1] or said.startswith(f"gave up; {schedule} was left alone")
        assert schedule.read_bytes() == (SOUND if has_saved[-1] else OLD).encode()
        assert not (has_saved[-1] and os.listdir(temporary))
        for path in temporary.iterdir():
            shutil.rmtree(path)
    assert {*has_saved} == {False, True}


PAUSE = """
import os, sys
def pause(frame, event, argument):
    if event == "call" and (frame.f_globals.get("__name__"), frame.f_code.co_name) == {moment!r}:
        os.write(1, b"<now>")
        os.read(0, 1)
sys.setprofile(pause)
"""
MOMENTS = {
    "before the editor": ("downtime.management.editor", "edit"),
    "after the editor": ("downtime.files.parser", "parse_bytes"),
    "when the problems are put into words": ("downtime.management.schedule_edit", "problem_lines"),
    "when the question is printed": ("django.core.management.base", "flush"),
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_on_a_terminal_an_interrupt_at_any_moment_is_giving_up(
    schedule: Path,
    editor: Callable[..., Path],
    temporary: Path,
    terminal: Callable[..., Terminal],
    moment: tuple[str, str],
) -> None:
    """The command stops at that moment, until somebody has typed Ctrl-C and a line break."""
    schedule.write_bytes(OLD.encode())
    editor(writes(UNSOUND))
    shown = terminal(PAUSE.format(moment=moment))
    shown.says("<now>")
    shown.type("\x03\n")
    shown.says(f"CommandError: gave up; {schedule} was left alone")
    assert shown.ends() == 1
    assert schedule.read_bytes() == OLD.encode()
    assert [copy.read_text() for copy in copies(temporary)] == [UNSOUND] * (moment != MOMENTS["before the editor"])


def test_on_a_terminal_an_interrupt_while_the_schedule_is_saved_comes_too_late(
    schedule: Path, editor: Callable[..., Path], temporary: Path, terminal: Callable[..., Terminal]
) -> None:
    editor(writes(SOUND))
    shown = terminal(PAUSE.format(moment=("downtime.files.schedule_file", "take_over")))
    shown.says("<now>")
    shown.type("\x03\n")
    shown.says(f"Saved {schedule}.")
    assert shown.ends() == 0
    assert schedule.read_text() == SOUND
    assert os.listdir(temporary) == []

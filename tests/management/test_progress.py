"""What is waited for, on terminals and elsewhere."""

from io import StringIO

import pytest

from downtime.management.output import Printer
from downtime.management.progress import LONGEST_SLEEP, Progress, pause
from tests.support.commands import Terminal


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")


def shown(output: StringIO, *texts: str, lasts: float = 10, verbosity: int = 1) -> str:
    """What the output holds after these texts were shown, and in the end."""
    printer = Printer(stdout=output)
    printer.verbosity = verbosity
    with Progress(printer, lasts=lasts) as progress:
        for text in texts:
            progress.show(text)
    return output.getvalue()


def test_on_a_terminal_each_text_takes_the_place_of_the_last_and_none_is_left() -> None:
    assert shown(Terminal(), "waiting, 10 s", "waiting, 9 s") == f"\rwaiting, 10 s\rwaiting, 9 s \r{' ' * 12}\r"
    assert shown(Terminal()) == ""


def test_on_a_terminal_a_text_stays_on_its_line_and_can_not_steer_it() -> None:
    assert shown(Terminal(), "x" * 30).startswith(f"\r{'x' * 18}…\r")
    assert shown(Terminal(), "ディスク" * 3) == f"\rディスクディスクデ…\r{' ' * 19}\r"
    assert shown(Terminal(), "a\x1b[2Jb").startswith("\ra\\x1b[2Jb\r")


def test_elsewhere_the_first_text_is_told_if_the_waiting_may_be_long() -> None:
    assert shown(StringIO(), "waiting, 10 s", "waiting, 9 s") == "waiting, 10 s.\n"
    assert shown(StringIO(), "waiting, 2 s", lasts=2.05) == ""


@pytest.mark.parametrize("kind", [StringIO, Terminal], ids=["a file", "a terminal"])
def test_a_silent_command_shows_nothing(kind: type[StringIO]) -> None:
    assert shown(kind(), "waiting", verbosity=0) == ""


def test_a_pause_is_taken_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = list[float]()
    monkeypatch.setattr("time.sleep", slept.append)
    pause(1.25)
    pause(0)
    assert slept == [LONGEST_SLEEP, LONGEST_SLEEP, 0.25]

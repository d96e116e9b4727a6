"""Calls management commands in this process, and returns what they write."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from downtime import live
from downtime.files.parser import parse
from downtime.schedule.periods import Period
from tests.support.texts import BERLIN

UPGRADE = "periods:\n  - start: 2020-01-01 # at night\n    name: upgrade\n"
CRON = "periods:\n- cron: '* * * * *'\n  duration: 1m\n  name: often\n"
NAMED = "periods:\n  - name: one\n    start: 2020-01-01\n    end: 2020-01-02\n"
NEW = ("new", "--start", "2027-05-01 02:00", "--for", "2h")
"""What downtime_schedule is asked to add."""


class Terminal(StringIO):
    """An output that is a terminal."""

    def isatty(self) -> bool:
        """Always true."""
        return True


def on_terminal(command: str, *arguments: str, columns: int = 80) -> str:
    """What the command writes to a terminal of that width."""
    output = Terminal()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        patch.setattr("sys.stdout", output)  # from which Django finds out if it can show colours
        call_command(command, *arguments, stdout=output, stderr=output)
    return output.getvalue()


def run(command: str, *arguments: str) -> str:
    """What the command writes."""
    output = StringIO()
    call_command(command, *arguments, stdout=output, stderr=output)
    return output.getvalue()


def refusal(command: str, *arguments: str, code: int = 1) -> str:
    """The error with which the command ends, with that exit code."""
    with pytest.raises(CommandError) as error:
        run(command, *arguments)
    assert error.value.returncode == code
    return str(error.value)


def told(command: str, *arguments: str) -> str:
    """What the command writes, whether it succeeds or fails."""
    output = StringIO()
    try:
        call_command(command, *arguments, stdout=output, stderr=output)
    except (CommandError, SystemExit) as end:
        output.write(f"{end}\n")
    return output.getvalue()


def without_distances(text: str) -> str:
    """The text without the distance of its times, which depends on the day."""
    return re.sub(r" \((?:for|in) [^()]*\)", "", text)


def status(*arguments: str) -> dict[str, Any]:
    """What downtime_status reports to programs."""
    found: dict[str, Any] = json.loads(run("downtime_status", "--json", *arguments))
    return found


def is_down() -> bool:
    """Whether a request finds the site down."""
    return bool(live.answer().active)


def periods(schedule: Path) -> tuple[Period, ...]:
    """The periods of a schedule without a problem."""
    parsed = parse(schedule.read_text(), BERLIN)
    assert not parsed.problems
    return parsed.schedule.periods

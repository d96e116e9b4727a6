"""Shows what a command waits for, while it waits."""

from __future__ import annotations

import time

from downtime.files.harmless import one_line
from downtime.management.output import Printer
from downtime.management.table import cut, display_width

LONGEST_SLEEP = 0.5
"""Seconds."""
_WORTH_A_LINE = 3.0


def pause(seconds: float) -> None:
    """Sleeps that long; a signal that is handled ends it within LONGEST_SLEEP.

    If a signal comes just as a sleep begins, Python notices it only when that sleep has ended."""
    while seconds > 0:
        time.sleep(min(seconds, LONGEST_SLEEP))
        seconds -= LONGEST_SLEEP


class Progress:
    """What a command waits for: on a terminal a line that is rewritten, and removed in the end.

    Elsewhere only the first text is printed, if the wait may last for three seconds."""

    def __init__(self, printer: Printer, *, lasts: float) -> None:
        """The wait lasts for that many seconds at most."""
        self._printer = printer
        self._is_terminal = printer.stdout.isatty()
        self._is_due = lasts >= _WORTH_A_LINE
        self._width = 0

    def __enter__(self) -> Progress:
        return self

    def show(self, text: str) -> None:
        """Shows the text in place of the last one, unless the command has to be silent."""
        if self._is_terminal and self._printer.verbosity:
            # Not the last column: some terminals begin a new line after it.
            text = cut(one_line(text), (self._printer.width or 1) - 1)
            width = display_width(text)
            self._printer.write(f"\r{text}{' ' * (self._width - width)}", ending="")
            self._width = width
        elif self._is_due and not self._is_terminal:
            self._printer.tell(f"{text}.")
            self._is_due = False

    def __exit__(self, *error: object) -> None:
        if self._width:
            self._printer.write(f"\r{' ' * self._width}\r", ending="")

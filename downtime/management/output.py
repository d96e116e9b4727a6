"""Prints what the commands say, made harmless: each of their lines stays one line, whatever the files hold."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.management import base

from downtime.files import disk
from downtime.files.harmless import escaped, one_line
from downtime.management.table import cut
from downtime.schedule import converters


def as_json(value: object) -> str:
    """The value as JSON of several lines that no terminal or CI obeys."""
    lines = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
    return "\n".join(escaped(line, _escape_as_json) for line in lines)


def encodable(text: str, encoding: str | None) -> str:
    """The text, with characters that the encoding of an output lacks escaped as in JSON, so that JSON stays JSON."""
    known = encoding or "utf-8"
    try:
        text.encode(known)
    except UnicodeEncodeError:
        return "".join(one.encode(known, "ignore").decode(known) or _escape_as_json(one) for one in text)
    return text


class CommandError(base.CommandError):
    """Ends a command with these lines, each of which is printed as one line."""

    def __init__(self, *lines: str, returncode: int = 1) -> None:
        self.lines = [one_line(line) for line in lines]
        super().__init__("\n".join(self.lines), returncode=returncode)


def _escape_as_json(character: str) -> str:
    return re.sub("(....)", r"\\u\1", character.encode("utf-16-be", "surrogatepass").hex())


class _Nowhere(io.StringIO):
    """Stands in for an output that is closed from the start, as by `2>&-`: nobody reads it."""

    def write(self, text: str, /) -> int:
        return len(text)


class Printer(base.BaseCommand):
    """A command that prints harmless text, in colours if its output shows them."""

    verbosity = 1
    is_color_forced = False

    def __init__(self, stdout: Any = None, stderr: Any = None, **options: Any) -> None:
        """An output that is closed from the start counts as one that nobody reads."""
        super().__init__(stdout or sys.stdout or _Nowhere(), stderr or sys.stderr or _Nowhere(), **options)

    def tell(self, text: str, *, painted: str = "", paint: Callable[[str], str] = str) -> None:
        """Prints the text as one line, at once, unless the command has to be silent.

        The first occurrence of `painted` gets that paint, if the output shows colours."""
        if self.verbosity:
            line = one_line(text)
            if painted and self._shows_colors(self.stdout):
                line = line.replace(painted, paint(painted), 1)
            self.write(line)

    def tell_row(self, text: str) -> None:
        """As `tell`, but a terminal gets no more than fits in one of its lines."""
        self.tell(cut(one_line(text), self.width))

    @property
    def width(self) -> int | None:
        """How many columns the terminal has; None if the output is not a terminal."""
        return shutil.get_terminal_size().columns if self.stdout.isatty() else None

    def _shows_colors(self, output: base.OutputWrapper) -> bool:
        return self.is_color_forced or output.isatty()

    def write(self, text: str, *, ending: str = "\n") -> None:
        """Prints harmless text at once, in any encoding; if nobody reads it any more, the command goes on.

        Ends the command if it can't be written."""
        text = encodable(text, getattr(self.stdout, "encoding", None))
        with self._printing(text):
            self.stdout.write(text, ending=ending)
            self.stdout.flush()

    def write_bytes(self, content: bytes) -> None:
        """Prints the bytes as they are; otherwise the same as `write`."""
        text = content.decode(errors="replace")
        with self._printing(text):
            self.stdout.flush()
            output = getattr(self.stdout, "buffer", None)
            if output is None:  # it takes text only, as in tests
                self.stdout.write(text, ending="")
                return
            left = memoryview(content)
            while left:  # an output that Python does not buffer may take only a part
                left = left[output.write(left) :]
            output.flush()

    def warn(self, text: str) -> None:
        """Prints the text as one line on the standard error, at `-v 0` too; goes on if it can't be written."""
        paint = self.style.WARNING if self._shows_colors(self.stderr) else str
        with suppress(OSError):
            self.stderr.write(paint(one_line(text)), str)

    @contextmanager
    def _printing(self, text: str) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:  # as by `| head -1`; the rest goes nowhere, as Python's documentation advises
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stdout.fileno())
        except OSError as error:  # such as a log on a full disk
            begins = converters.shown(text)
            raise CommandError(f"the output can't be written: {disk.reason(error)}; it begins with {begins}") from error

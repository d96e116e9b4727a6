"""python -m downtime check: checks schedules without a project and its settings, for CI and git hooks."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import timezone
from typing import NamedTuple

from downtime import __version__
from downtime.files import disk
from downtime.files.check import CannotCheck, check_file, check_input
from downtime.files.fields import Problem
from downtime.files.github import annotation
from downtime.files.harmless import one_line

_PROGRAM = "python -m downtime"
_USAGE = f"{_PROGRAM} check [-q] [--format {{text,github}}] FILE [FILE ...]"
_HELP = """\
Prints each problem of these schedules as file:line: message, and how many periods
a schedule without a problem has. It needs no settings, and does not import Django.
As it knows no project, times without a time zone count as UTC.

Exit code: 0 if no schedule has a problem, 1 if one has or can't be read, and 2 for
a command line that makes no sense."""
_EXAMPLES = f"""\
examples:
  {_PROGRAM} check downtime.yml
  {_PROGRAM} check -q staging/downtime.yml production/downtime.yml
  {_PROGRAM} check --format github downtime.yml
  git show :downtime.yml | {_PROGRAM} check -

What needs a project is a command of manage.py, such as manage.py downtime_status."""
_INTERRUPTED = 130


class _Result(NamedTuple):
    """What was found in one schedule, in lines: its problems, and what is said of it if it has none."""

    problems: list[str]
    verdict: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks the schedules that the arguments name, by default those of the process; returns the exit code."""
    options = _options(arguments)
    write = _FORMATS[options.format]
    results = [_result(name, write) for name in options.files]
    lines: list[str] = []
    for problems, verdict in results:
        lines += problems or ([] if options.quiet else [verdict])
    is_printed = _print(lines)
    return 0 if is_printed and not any(result.problems for result in results) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        usage=_USAGE,
        description=_HELP,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", metavar="check", nargs="?", help="the only command there is")
    parser.add_argument("files", metavar="FILE", nargs="*", help="a schedule; - for the standard input")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing of a schedule without a problem")
    formats = "text for people and editors, which is the default; github for annotations in GitHub Actions"
    parser.add_argument("--format", choices=_FORMATS, default="text", help=formats)
    parser.add_argument("--version", action="version", version=__version__)
    options = parser.parse_intermixed_args(arguments)
    if options.command is None:
        parser.error(f"say what to do: {_PROGRAM} check FILE")
    if options.command != "check":
        found = one_line(repr(options.command))
        parser.error(f"{found} is no command of {_PROGRAM}; write {_PROGRAM} check FILE, or look at manage.py help")
    if not options.files:
        parser.error(f"name a file, or - for the standard input: {_PROGRAM} check downtime.yml")
    return options


def _result(name: str, write: Callable[[str, str, int], str]) -> _Result:
    zone = timezone.utc
    try:
        checked = check_input(sys.stdin, zone) if name == "-" else check_file(name, zone)
    except CannotCheck as error:
        return _Result([write(str(error), "", 0)], "")
    problems = [write(problem.message, checked.name, problem.line) for problem in checked.parsed.problems]
    return _Result(problems, one_line(checked.verdict))


def _as_text(message: str, path: str, line: int) -> str:
    return Problem(line, message).located(path) if path else one_line(message)


def _as_annotation(message: str, path: str, line: int) -> str:
    return annotation(message, path=path, line=line)


_FORMATS = {"text": _as_text, "github": _as_annotation}


def _print(lines: list[str]) -> bool:
    """Prints the lines; False if that fails. If nobody reads them any more, as of `| head -1`, that is no failure."""
    try:
        if lines and sys.stdout is not None:  # it is None if it is closed from the start
            encoding = sys.stdout.encoding
            text = "".join(f"{line}\n" for line in lines)
            sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
            sys.stdout.flush()
    except OSError as error:
        # What is still to come at the end of the process goes nowhere, as Python's documentation says.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"the output can't be written: {disk.reason(error)}", file=sys.stderr)
            return False
    return True


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
